import {
  type TestApp,
  type TestTables,
  checkKeys,
  createTestApp,
  createTestServer,
  expectFresh,
} from 'realtime-coalescer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const tables: TestTables = {
  goals: { keys: () => [['goals'], ['analytics']] },
  check_ins: { keys: () => [['check_ins'], ['analytics']] },
}
const incomplete: TestTables = { ...tables, check_ins: { keys: () => [['check_ins']] } }

async function start(of: TestTables = tables): Promise<TestApp> {
  const app = createTestApp({
    tables: of,
    onError: () => undefined,
    server: { rows: { goals: [{ id: 1, done: false }], check_ins: [] } },
  })
  onTestFinished(() => app.stop())
  app.show(['goals'], app.server.query('goals'))
  app.show(
    ['analytics'],
    app.server.query(['goals', 'check_ins'], ({ goals, check_ins }) => ({
      done: goals?.filter(({ done }) => done).length,
      checkIns: check_ins?.length,
    })),
  )
  const started = app.start()
  await advance(2000)
  await started
  return app
}

/** What `expectFresh` says; `''` if all is fresh. */
const complaint = (app: TestApp): string => {
  try {
    expectFresh(app)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('an app under test', () => {
  it('is fresh after a burst of commits, with one request per query', async () => {
    const app = await start()
    const before = app.server.requests.length
    for (let id = 1; id <= 20; id += 1) app.feed.commit({ table: 'check_ins', row: { id } })
    expect(complaint(app)).toContain('is older than the INSERT of `check_ins` with the id 20')
    await advance(2000)
    expectFresh(app)
    expect(app.queryClient.getQueryData(['analytics'])).toEqual({ done: 0, checkIns: 20 })
    expect(app.server.requests.length - before).toBe(1)
  })

  it('is told of the query, the change and the keys that are missing', async () => {
    const app = await start(incomplete)
    app.feed.commit({ table: 'check_ins', row: { id: 7 } })
    await advance(2000)
    expect(complaint(app)).toBe(
      "Expected every screen to be fresh.\n`['analytics']` is older than the INSERT of `check_ins` with the id 7: `['analytics']` reads `check_ins`, whose keys do not match it.",
    )
  })

  it('is told of a table that is not on the feed', async () => {
    const { goals } = tables
    const app = await start({ goals: goals! })
    app.feed.commit({ table: 'check_ins', row: { id: 7 } })
    await advance(2000)
    expect(complaint(app)).toContain("which is none of the feed's tables")
  })

  it.each<[string, (app: TestApp) => Promise<void> | void]>([
    ['an update', ({ feed }) => void feed.commit({ table: 'goals', row: { id: 1, done: true } })],
    ['a delete', ({ feed }) => void feed.commit({ table: 'goals', id: 1 })],
    ['a duplicate', ({ feed }) => (feed.commit({ table: 'goals', row: { id: 2 } }), feed.duplicate())],
    ['a truncated change', ({ feed }) => void feed.commit({ table: 'goals', row: { id: 2 } }, { truncated: true })],
    ['a transaction', ({ feed }) => void feed.transaction([2, 3].map((id) => ({ table: 'goals', row: { id } })))],
    [
      'a gap',
      async ({ feed }) => {
        feed.drop()
        feed.commit({ table: 'goals', row: { id: 2 } })
        await advance(60_000)
        feed.rejoin()
      },
    ],
    [
      'an expired token',
      ({ feed }) => {
        feed.expire()
        feed.commit({ table: 'goals', row: { id: 2 } })
      },
    ],
  ])('is fresh after %s', async (_name, happen) => {
    const app = await start()
    await happen(app)
    expect(complaint(app)).not.toBe('')
    await advance(60_000)
    expectFresh(app)
    expect(app.realtime.getStatus()).toBe('live')
  })

  it('misses what is committed while the feed is down', async () => {
    const app = await start()
    app.feed.drop()
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    await advance(60_000)
    expect(complaint(app)).toContain('its keys match; the feed is ')
  })

  it('shows the old data while the server fails or hangs, and the new after it', async () => {
    const app = await start()
    app.server.hangs = () => true
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    await advance(2000)
    expect(complaint(app)).toContain('the query is fetching')
    app.server.release()
    await advance(0)
    expectFresh(app)
    expect(app.server.versionOf('goals')).toBe(1)
    expect(app.server.versionOf('goals', 1)).toBe(0)
  })

  it('refuses tables it does not have, and rows without their key', async () => {
    const { server } = await start()
    expect(() => server.query('partners')).toThrow('goals, check_ins')
    expect(() => server.put('goals', { done: true })).toThrow('a row of goals with `id`')
    expect(() => createTestServer({ rows: { goals: [{ done: true }] } })).toThrow('a row of goals with `id`')
    expect(() => server.remove('goals', 9)).toThrow('the id of a row of goals')
  })
})

describe('checkKeys', () => {
  const reads = [
    { queryKey: ['goals', 7], reads: ['goals'] },
    { queryKey: ['analytics'], reads: ['goals', 'check_ins'] },
  ]

  it('tells which table reaches which query by which key', () => {
    expect(checkKeys({ tables: incomplete, reads })).toEqual([
      { query: '["goals",7]', table: 'goals', reachedBy: '["goals"]' },
      { query: '["analytics"]', table: 'goals', reachedBy: '["analytics"]' },
      { query: '["analytics"]', table: 'check_ins', reachedBy: undefined },
    ])
  })

  it('has nothing to say of tables whose keys are complete', () => {
    expect(checkKeys({ tables, reads }).filter(({ reachedBy }) => reachedBy === undefined)).toEqual([])
  })
})
