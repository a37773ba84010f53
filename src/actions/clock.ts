import { failType } from './validate.ts'

/** The timers of an actor system: XState's `Clock`, with an optional `now` that deadlines are read from. */
export interface CoalescerClock {
  /** Calls back after a time in milliseconds; returns what `clearTimeout` takes. */
  setTimeout(fn: (...args: unknown[]) => void, timeout: number): unknown
  /** Ends a timer; does nothing if it has fired. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what identifies a timer is the clock's own affair, as in XState's `Clock`
  clearTimeout(id: any): void
  /** The time in milliseconds. @default Date.now */
  now?(): number
}

/** The timers of the platform, whichever are in place when they are called. */
const platformClock: CoalescerClock = {
  setTimeout: (fn, timeout) => setTimeout(fn, timeout),
  clearTimeout: (id: ReturnType<typeof setTimeout>) => clearTimeout(id),
}

const ignoreFailure = (_error: unknown): void => undefined

/** A clock that can be read. */
export interface Timekeeper extends CoalescerClock {
  /** Milliseconds that never go back. */
  now(): number
}

/**
 * Reads milliseconds that never go back, so that a corrected system clock cannot stretch a deadline; and where the
 * time has stood still since a timer was set, as when a test mocks `Date` alone, goes by the timer. A clock that does
 * not tell the time is reported once, and its time stands still meanwhile.
 */
export function createTimekeeper(clock: CoalescerClock = platformClock, failed = ignoreFailure): Timekeeper {
  let last = -Infinity
  let offset = 0
  let lastRead: number | undefined
  let isTold = false
  const read = (): number => {
    try {
      const time = clock.now?.() ?? Date.now()
      if (Number.isFinite(time)) return (lastRead = time)
      failType('clock.now()', 'milliseconds', time, 'Return a finite number.')
    } catch (error) {
      if (!isTold) failed(error)
      isTold = true
    }
    return lastRead ?? Date.now()
  }
  const now = (): number => {
    let time = read() + offset
    if (time < last) {
      offset += last - time
      time = last
    }
    last = time
    return time
  }
  return {
    now,
    setTimeout(fn, timeout) {
      // The platform's timers take it for no time at all.
      if (timeout === Infinity) return undefined
      const setAtMs = now()
      const fired = (...args: unknown[]): void => {
        if (now() === setAtMs) offset += timeout
        fn(...args)
      }
      // Timers count whole milliseconds, and one that fires too soon is set again.
      return clock.setTimeout(fired, Math.ceil(timeout))
    },
    clearTimeout: (id: unknown) => clock.clearTimeout(id),
  }
}

/** A counter that orders events and fetch starts, which a clock of milliseconds cannot. */
export interface LogicalClock {
  value: number
}
