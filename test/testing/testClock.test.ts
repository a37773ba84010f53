import { mock } from 'node:test'
import { QueryClient, QueryObserver, environmentManager } from '@tanstack/react-query'
import {
  type FakeTimers,
  type TestClock,
  createTestApp,
  createTestClock,
  expectFresh,
} from 'realtime-coalescer/testing'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createActor, createMachine } from 'xstate'

/** Jest's fake timers have the methods of vitest's; this is all of them that is used. */
const jestLike = { advanceTimersByTime: (ms: number) => void vi.advanceTimersByTime(ms) }

const kinds: Readonly<Record<string, { start(): TestClock; end(): void }>> = {
  'a clock of its own': { start: () => createTestClock(), end: () => undefined },
  'the fake timers of vitest': {
    start: () => createTestClock(vi.useFakeTimers({ now: 0 })),
    end: () => vi.useRealTimers(),
  },
  'the fake timers of Jest': {
    start: () => (vi.useFakeTimers({ now: 0 }), createTestClock(jestLike)),
    end: () => vi.useRealTimers(),
  },
  'the mock timers of node:test': {
    start: () => (mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }), createTestClock(mock.timers)),
    end: () => mock.timers.reset(),
  },
}

describe.each(Object.entries(kinds))('simulated time on %s', (_name, { start, end }) => {
  let clock: TestClock
  beforeEach(() => {
    clock = start()
  })
  afterEach(end)

  it('runs timers in their order, those set meanwhile included, with promises in between', async () => {
    const seen: string[] = []
    const note = (name: string): void => void seen.push(`${name} at ${clock.now()}`)
    clock.setTimeout(() => note('late'), 30)
    clock.setTimeout(() => {
      note('early')
      void Promise.resolve().then(() => clock.setTimeout(() => note('set meanwhile'), 10))
    }, 10)
    clock.clearTimeout(clock.setTimeout(() => note('cleared'), 15))
    await clock.advance(29)
    expect([clock.now(), seen]).toEqual([29, ['early at 10', 'set meanwhile at 20']])
    await clock.advance(1)
    expect(seen.at(-1)).toBe('late at 30')
  })

  it('is a clock for actors of XState', async () => {
    const actor = createActor(
      createMachine({
        initial: 'red',
        states: { red: { after: { 20: 'green' } }, green: { after: { 20: 'off' } }, off: {} },
      }),
      { clock },
    ).start()
    await clock.advance(39)
    expect(actor.getSnapshot().value).toBe('green')
    await clock.advance(1)
    expect(actor.getSnapshot().value).toBe('off')
  })

  it('runs an app: no time passes unless it is let', async () => {
    const app = createTestApp({
      clock,
      tables: { goals: { keys: () => [['goals']] } },
      server: { rows: { goals: [] }, latencyMs: 100 },
      quietMs: 150,
    })
    onTestFinished(() => app.stop())
    const started = app.start()
    await clock.advance(0)
    await started
    app.show(['goals'], app.server.query('goals'))
    await clock.advance(100)
    app.feed.commit({ table: 'goals', row: { id: 1 } })
    await clock.advance(149)
    expect(app.server.requests.length).toBe(1)
    await clock.advance(1)
    expect(app.server.requests.length).toBe(2)
    expect(() => expectFresh(app)).toThrow('the query is fetching')
    await clock.advance(100)
    expectFresh(app)
  })
})

it('drives retries of TanStack Query with the fake timers of the runner', async () => {
  const clock = createTestClock(vi.useFakeTimers())
  onTestFinished(() => void vi.useRealTimers())
  environmentManager.setIsServer(() => false)
  const queryClient = new QueryClient()
  let tries = 0
  const queryFn = (): Promise<never> => Promise.reject(new Error(`${(tries += 1)}`))
  const observer = new QueryObserver(queryClient, { queryKey: ['goals'], queryFn, retry: 2, retryDelay: 1000 })
  onTestFinished(observer.subscribe(() => undefined))
  await clock.advance(2000)
  expect(tries).toBe(3)
})

it('breaks a timer that is set again and again without delay', async () => {
  const clock = createTestClock()
  const again = (): void => void clock.setTimeout(again, 0)
  again()
  await expect(clock.advance(1)).rejects.toThrow('Expected at most 20000 timers within 1 ms, got more.')
})

it('refuses what is no time and what are no fake timers', async () => {
  await expect(createTestClock().advance(-1)).rejects.toThrow('ms')
  expect(() => createTestClock({} as FakeTimers)).toThrow('`vi`, `jest` or `mock.timers`')
})
