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
export const platformClock: CoalescerClock = {
  setTimeout: (fn, timeout) => setTimeout(fn, timeout),
  clearTimeout: (id: ReturnType<typeof setTimeout>) => clearTimeout(id),
}

/**
 * Reads milliseconds that never go back, so that a corrected system clock cannot stretch a deadline.
 */
export function createNow(clock: CoalescerClock | undefined): () => number {
  const read = clock?.now ? () => clock.now?.() ?? Date.now() : Date.now
  let last = -Infinity
  let offset = 0
  return () => {
    let time = read() + offset
    if (time < last) {
      offset += last - time
      time = last
    }
    last = time
    return time
  }
}

/** A counter that orders events and fetch starts, which a clock of milliseconds cannot. */
export interface LogicalClock {
  value: number
}
