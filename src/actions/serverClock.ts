/** The fastest news of a commit is taken to be at most this old. */
const FASTEST_MS = 1_000
/** Clocks are set, and drift: how long the fastest news counts. */
const VALID_MS = 300_000

/** What is known of how far the clock of a server is ahead, by when news of its commits came. */
export class ServerClock {
  #aheadMs: number | undefined
  #atMs = 0

  /** Notes that a commit of a time was told of at `nowMs`. */
  note(committedMs: number, nowMs: number): void {
    const aheadMs = committedMs - nowMs
    if (this.#aheadMs !== undefined && aheadMs < this.#aheadMs && nowMs - this.#atMs < VALID_MS) return
    this.#aheadMs = aheadMs
    this.#atMs = nowMs
  }

  /** How far it is ahead at the most; `undefined` if nothing is known of it. */
  get mostAheadMs(): number | undefined {
    return this.#aheadMs === undefined ? undefined : this.#aheadMs + FASTEST_MS
  }
}
