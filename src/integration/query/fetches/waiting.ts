/** The time of what waits for no event, but for the end of the request that is running, be it a cancellation. */
export const RUNNING = 0

/** What a fetch has failed with, which may be anything. */
interface Failure {
  readonly error: unknown
}

/** Someone who waits for a fetch of a query. */
export interface Waiter {
  /** The event the fetch is to answer, in logical time. */
  readonly seq: number
  /** Whether code of the app awaits the answer to a call of its own, which no limit is to hold up. */
  readonly isAwaited?: boolean
  /** Called once the fetch has ended, maybe in a failure; or when it is paused, deferred, or will not come. */
  done(failure?: Failure): void
}

/** Those who wait for a fetch of a query, by what stands for the query. The fetch may be owed only once what is pending is flushed. */
export class Waiting<Query extends object> {
  readonly #waiters = new Map<Query, Waiter[]>()

  get isAny(): boolean {
    return this.#waiters.size > 0
  }

  has(entry: Query): boolean {
    return this.#waiters.has(entry)
  }

  isAwaited(entry: Query): boolean {
    return this.#waiters.get(entry)?.some(({ isAwaited }) => isAwaited === true) ?? false
  }

  entries(): Query[] {
    return [...this.#waiters.keys()]
  }

  add(entry: Query, waiter: Waiter): void {
    const waiters = this.#waiters.get(entry)
    if (waiters) waiters.push(waiter)
    else this.#waiters.set(entry, [waiter])
  }

  /** Tells those who wait for the answer to an event after one logical time, up to another; all of them by default. */
  release(entry: Query, after = -1, upTo = Infinity, failure?: Failure): void {
    const waiters = this.isAny && this.#waiters.get(entry)
    if (!waiters) return
    const isDue = ({ seq }: Waiter): boolean => seq > after && seq <= upTo
    const left = waiters.filter((waiter) => !isDue(waiter))
    if (left.length > 0) this.#waiters.set(entry, left)
    else this.#waiters.delete(entry)
    for (const waiter of waiters) if (isDue(waiter)) waiter.done(failure)
  }
}
