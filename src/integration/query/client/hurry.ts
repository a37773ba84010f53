/** How many microtasks a promise chain may take from the end of one call to the next. */
const LONGEST_CHAIN = 32

/**
 * Flushes early what has waited long enough in sum: calls that follow in the turn in which the call before them was
 * answered. Whoever awaits three calls in a row waits for one window, not for three.
 */
export class Hurry {
  readonly #flush: (keyIds: readonly string[]) => void
  readonly #keyIds = new Set<string>()
  #ticksLeft = 0

  /** @param flush flushes pending keys now */
  constructor(flush: (keyIds: readonly string[]) => void) {
    this.#flush = flush
  }

  /** Whether a call that is made now is to be hurried. */
  get isOn(): boolean {
    return this.#ticksLeft > 0
  }

  /** Hurries the calls of this turn. */
  start(): void {
    const isRunning = this.#ticksLeft > 0
    this.#ticksLeft = LONGEST_CHAIN
    if (!isRunning) queueMicrotask(this.#tick)
  }

  /** Has keys flushed at the end of this turn, so that calls side by side share a flush. */
  add(keyIds: readonly string[]): void {
    for (const id of keyIds) this.#keyIds.add(id)
  }

  readonly #tick = (): void => {
    this.#ticksLeft -= 1
    if (this.#ticksLeft > 0) return queueMicrotask(this.#tick)
    const keyIds = [...this.#keyIds]
    this.#keyIds.clear()
    if (keyIds.length > 0) this.#flush(keyIds)
  }
}
