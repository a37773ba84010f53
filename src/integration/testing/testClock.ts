import type { CoalescerClock } from '../../actions/clock.ts'
import { expectDelay, failType } from '../../actions/validate.ts'

/** More turns of the microtask queue than the way of a fetch through the cache takes. */
const TURNS = 60

/** More timers of one moment than any test needs, so that one that is set again and again without delay breaks it. */
const MAX_TIMERS = 20_000

/** Lets every promise settle that needs no timer. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve()
}

/** Fires timers until `fireNext` has none left, promises in between. */
async function fireAll(now: () => number, fireNext: () => boolean): Promise<void> {
  let atMs = now()
  await settle()
  for (let fired = 0; fireNext(); fired += 1) {
    if (now() !== atMs) fired = 0
    atMs = now()
    if (fired > MAX_TIMERS) {
      throw new Error(
        `Expected at most ${MAX_TIMERS} timers at one moment, got more. Look for one that is set again each time it fires, without a delay.`,
      )
    }
    await settle()
  }
}

/** Time that stands still until the test lets it pass. Serves as `clock` of a coalescer, and of any actor of XState. */
export interface TestClock extends CoalescerClock {
  /** The time in milliseconds. */
  now(): number
  /**
   * Lets time pass: runs the timers that fall into it in their order, those set meanwhile included, and lets promises
   * settle in between. `advance(0)` only does the latter.
   */
  advance(ms: number): Promise<void>
}

/** A clock of its own, whose timers are no one else's. */
export interface StepClock extends TestClock {
  /** How many timers are set. */
  readonly timers: number
  /** In how many milliseconds each timer fires, in order. */
  due(): readonly number[]
  /** Lets time pass without running a timer, as in a background tab. */
  skip(ms: number): void
}

/** What is used of the fake timers of a test runner. */
export interface FakeTimers {
  /** Jumps to the next timer and runs it, as `vi` and `jest` have it. Without it time passes millisecond by millisecond. */
  advanceTimersToNextTimer?(): unknown
  /** Runs the timers of the next milliseconds, as `vi` and `jest` have it. */
  advanceTimersByTime?(ms: number): unknown
  /** Runs the timers of the next milliseconds, as `mock.timers` of `node:test` has it. */
  tick?(ms: number): void
}

export function createStepClock(): StepClock {
  let nowMs = 0
  let lastId = 0
  const timers = new Map<number, { readonly atMs: number; readonly fire: () => void }>()
  return {
    get timers() {
      return timers.size
    },
    due: () => [...timers.values()].map(({ atMs }) => atMs - nowMs).sort((a, b) => a - b),
    now: () => nowMs,
    setTimeout(fire, timeout) {
      lastId += 1
      timers.set(lastId, { atMs: nowMs + timeout, fire })
      return lastId
    },
    clearTimeout: (id: number) => void timers.delete(id),
    skip(ms) {
      nowMs += ms
    },
    async advance(ms) {
      const endMs = nowMs + expectDelay('ms', ms)
      await fireAll(
        () => nowMs,
        () => {
          const [next] = [...timers].sort(([, a], [, b]) => a.atMs - b.atMs)
          if (!next || next[1].atMs > endMs) return false
          timers.delete(next[0])
          nowMs = Math.max(nowMs, next[1].atMs)
          next[1].fire()
          return true
        },
      )
      nowMs = endMs
    },
  }
}

/**
 * Creates simulated time. Without an argument it is a clock by itself, and concerns only what is given it as `clock`.
 * With the fake timers of a test runner it drives those, and with them everything that uses `setTimeout` and `Date`, such
 * as TanStack Query's retries; switch them on first.
 *
 * @throws TypeError for an argument that is no fake timers.
 */
export function createTestClock(fakeTimers?: FakeTimers): TestClock {
  if (fakeTimers === undefined) return createStepClock()
  const advance = advanceOf(fakeTimers)
  return {
    now: () => Date.now(),
    setTimeout: (fire, timeout) => setTimeout(fire, timeout),
    clearTimeout: (id: ReturnType<typeof setTimeout>) => clearTimeout(id),
    advance: (ms) => advance(expectDelay('ms', ms)),
  }
}

function advanceOf(timers: FakeTimers): (ms: number) => Promise<void> {
  const tick = tickOf(timers)
  const walkOn = (ms: number): Promise<void> => walk(ms, tick)
  if (typeof timers?.advanceTimersToNextTimer !== 'function') return walkOn
  return async (ms) => {
    await jump(Math.floor(ms), () => timers.advanceTimersToNextTimer?.())
    // No timer ends within a millisecond.
    if (ms % 1 > 0) await walkOn(ms % 1)
  }
}

function tickOf(timers: FakeTimers): (ms: number) => void {
  if (typeof timers?.advanceTimersByTime === 'function') return (ms) => void timers.advanceTimersByTime?.(ms)
  if (typeof timers?.tick === 'function') return (ms) => timers.tick?.(ms)
  return failType('fakeTimers', '`vi`, `jest` or `mock.timers`', timers, 'Leave it out for a clock of its own.')
}

/** Jumps from timer to timer. */
async function jump(ms: number, toNext: () => void): Promise<void> {
  // The end is a timer as well. What is set after it may be due at the same moment, and fires with it or later, so that
  // it is set again until nothing else has been set since: timers are numbered one by one.
  let isAtEnd = false
  const markEnd = (inMs: number): ReturnType<typeof setTimeout> => setTimeout(() => (isAtEnd = true), inMs)
  let end = markEnd(ms)
  try {
    await fireAll(Date.now, () => {
      if (isAtEnd) {
        const before = Number(end)
        isAtEnd = false
        end = markEnd(0)
        if (!(Number(end) > before + 1)) return false
      }
      toNext()
      return true
    })
  } finally {
    clearTimeout(end)
  }
}

/** Passes millisecond by millisecond: timers that are set when another one fires are due from that moment on. */
async function walk(ms: number, tick: (ms: number) => void): Promise<void> {
  await settle()
  for (let passed = 0; passed < ms; passed += 1) {
    tick(Math.min(1, ms - passed))
    await settle()
  }
  if (ms === 0) tick(0)
  await settle()
}
