import fc from 'fast-check'
import type { StrategyName } from 'realtime-coalescer'
import {
  type TestApp,
  type TestAppOptions,
  type TestClock,
  type TestTrace,
  arbitraryFaults,
  arbitraryStorm,
  createTestApp,
  createTestClock,
  playStorm,
  printStorm,
} from 'realtime-coalescer/testing'
import { describe, expect, it } from 'vitest'
import { strategyNames } from '../../src/machines/strategies.ts'

const numRuns = Number(process.env.STORMS ?? 12)
const keys = () => [['goals'], ['analytics']]
const tables: TestAppOptions['tables'] = {
  goals: { keys, filter: 'user_id=eq.7' },
  check_ins: {
    handle: () => ({ invalidate: [['check_ins'], ['analytics']] }),
    catchUp: [['check_ins'], ['analytics']],
  },
}
const rows = { goals: fc.record({ user_id: fc.constantFrom(7) }) }

async function start(options: Partial<TestAppOptions> = {}): Promise<{ app: TestApp; clock: TestClock }> {
  const clock = createTestClock()
  const app = createTestApp({
    clock,
    tables,
    onError: () => undefined,
    server: { rows: { goals: [], check_ins: [] }, latencyMs: 80 },
    ...options,
  })
  await app.start()
  app.show(['goals'], app.server.query('goals'))
  app.show(['check_ins'], app.server.query('check_ins'))
  app.show(
    ['analytics'],
    app.server.query(['goals', 'check_ins'], (all) => Object.values(all).flat()),
  )
  await clock.advance(2000)
  return { app, clock }
}

async function play(options: Partial<TestAppOptions>, ...traces: TestTrace[]): Promise<void> {
  const { app, clock } = await start(options)
  try {
    await playStorm(app, clock, ...traces)
  } finally {
    app.stop()
  }
}

/** What a property says when it fails. */
const failureOf = (property: fc.IAsyncProperty<unknown>): Promise<string> =>
  Promise.resolve(fc.assert(property, { seed: 1, numRuns: 50 })).then(
    () => 'it passed',
    (error: Error) => `${error.message}\n${(error.cause as Error).message}`,
  )

describe.each<StrategyName>(strategyNames)('%s', (strategy) => {
  it.each<[string, Partial<TestAppOptions>, readonly string[]]>([
    ['postgres_changes', {}, ['goals', 'check_ins']],
    [
      'broadcast',
      { tables: { ...tables, goals: { keys } }, service: { broadcast: { topic: 'db' } }, send: 'statements' },
      ['db'],
    ],
  ])('shows what the server has after any storm and fault over %s', async (_feed, options, refusable) => {
    const storm = arbitraryStorm(fc, { tables: Object.keys(tables), rows })
    const property = fc.asyncProperty(storm, arbitraryFaults(fc, { refusable }), (...traces) =>
      play({ strategy, ...options }, ...traces),
    )
    await expect(Promise.resolve(fc.assert(property, { numRuns }))).resolves.toBeUndefined()
  })
})

it('shrinks a missing key to one plain write, and prints it as a test to paste', async () => {
  const forgetful = { ...tables, goals: { keys: () => [['goals']] } }
  const message = await failureOf(
    fc.asyncProperty(arbitraryStorm(fc, { tables: Object.keys(tables) }), arbitraryFaults(fc), (...traces) =>
      play({ tables: forgetful }, ...traces),
    ),
  )
  expect(message).toContain("`['analytics']` reads `goals`, whose keys do not match it")
  expect(message).toContain(`As a test:

it('stays fresh', async () => {
  const { app, clock } = await start()
  await playStorm(app, clock, [
    { afterMs: 0, do: 'commit', table: 'goals', row: { id: 1 } },
  ], [])
})`)
})

it('prints traces as code that means the same', () => {
  const traces = fc.sample(
    arbitraryStorm(fc, { tables: ["a 'table'"], rows: { "a 'table'": fc.object() as never } }),
    20,
  )
  for (const trace of traces) {
    const [, code = ''] = /playStorm\(app, clock, (\[[^]*\])\)\n\}\)$/.exec(printStorm(trace)) ?? []
    // The code is what this test is about.
    // oxlint-disable-next-line no-implied-eval
    expect(new Function(`return ${code}`)()).toEqual([...trace])
  }
})

it('refuses what is not fast-check, and storms over no table', () => {
  expect(() => arbitraryStorm({} as typeof fc, { tables: ['goals'] })).toThrow('the module `fast-check`')
  expect(() => arbitraryFaults({} as typeof fc)).toThrow('the module `fast-check`')
  expect(() => arbitraryStorm(fc, { tables: [] })).toThrow('names of tables')
})
