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

/** Jest runs all timers of the moment it jumps to. */
const jestLike = {
  advanceTimersByTime: (ms: number) => void vi.advanceTimersByTime(ms),
  advanceTimersToNextTimer: () => {
    vi.advanceTimersToNextTimer()
    vi.advanceTimersByTime(0)
  },
}

const withoutJumps = { advanceTimersByTime: (ms: number) => void vi.advanceTimersByTime(ms) }

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
  'fake timers that cannot jump': {
    start: () => (vi.useFakeTimers({ now: 0 }), createTestClock(withoutJumps)),
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

  it('runs timers that are due at its end and are set on the way there, and none after it', async () => {
    const seen: string[] = []
    const note = (name: string): void => void seen.push(`${name} at ${clock.now()}`)
    clock.setTimeout(() => clock.setTimeout(() => note('set on the way'), 10), 20)
    clock.setTimeout(() => note('too late'), 31)
    await clock.advance(30)
    expect([clock.now(), seen]).toEqual([30, ['set on the way at 30']])
    await clock.advance(0.5)
    await clock.advance(0.5)
    expect(seen).toEqual(['set on the way at 30', 'too late at 31'])
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
  await expect(clock.advance(1)).rejects.toThrow('Expected at most 20000 timers at one moment, got more.')
})

it.each(['a clock of its own', 'the fake timers of vitest', 'the fake timers of Jest'])(
  'ends with what promises set without delay, on %s',
  async (name) => {
    const { start, end } = kinds[name] as (typeof kinds)[string]
    const clock = start()
    onTestFinished(end)
    const seen: string[] = []
    const later = (text: string): void => void Promise.resolve().then(() => clock.setTimeout(() => seen.push(text), 0))
    clock.setTimeout(() => (later('after a promise'), clock.setTimeout(() => seen.push('never'), 10)), 10)
    await clock.advance(10)
    expect(seen).toEqual(['after a promise'])
    expect('timers' in clock ? clock.timers : vi.getTimerCount()).toBe(1)
  },
)

it.each(['a clock of its own', 'the fake timers of vitest', 'the fake timers of Jest'])(
  'lets promises settle after the last timer of its end as well, on %s',
  async (name) => {
    const { start, end } = kinds[name] as (typeof kinds)[string]
    const clock = start()
    onTestFinished(end)
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimeout(() => resolve(), ms))
    for (const delays of [[10], [10, 0], [10, 0, 0, 0]]) {
      let slept = 0
      const chain = async (): Promise<void> => {
        for (const ms of delays) await sleep(ms)
        for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
        slept += 1
      }
      void chain()
      void chain()
      await clock.advance(10)
      expect(slept).toBe(2)
    }
  },
)

it('jumps over time in which nothing happens', async () => {
  let steps = 0
  vi.useFakeTimers({ now: 0 })
  onTestFinished(() => void vi.useRealTimers())
  const clock = createTestClock({
    advanceTimersByTime: (ms) => vi.advanceTimersByTime(ms),
    advanceTimersToNextTimer: () => ((steps += 1), vi.advanceTimersToNextTimer()),
  })
  const seen: number[] = []
  const hourly = setInterval(() => seen.push(Date.now() / 3_600_000), 3_600_000)
  await clock.advance(100 * 3_600_000)
  clearInterval(hourly)
  expect([seen.length, seen.at(-1), clock.now()]).toEqual([100, 100, 360_000_000])
  expect(steps).toBeLessThan(110)
})

it('leaves no timer behind when one throws', async () => {
  const clock = createTestClock(vi.useFakeTimers())
  onTestFinished(() => void vi.useRealTimers())
  setTimeout(() => {
    throw new Error('of the app')
  }, 10)
  await expect(clock.advance(20)).rejects.toThrow('of the app')
  expect(vi.getTimerCount()).toBe(0)
})

it('refuses what is no time and what are no fake timers', async () => {
  await expect(createTestClock().advance(-1)).rejects.toThrow('ms')
  expect(() => createTestClock({} as FakeTimers)).toThrow('`vi`, `jest` or `mock.timers`')
})
