/**
 * Tells which changes the answer to a request covers: those that had arrived when the request started. Order is counted
 * in events, since several happen in one millisecond.
 */
export class Coverage {
  #events = 0
  readonly #waiting = new Map<string, { readonly committedAtMs: number; readonly arrivedAt: number }[]>()
  readonly #latestRequest = new Map<string, number>()

  /** A change arrives that is committed at `committedAtMs` and touches the query. */
  arrive(query: string, committedAtMs: number): void {
    const waiting = this.#waiting.get(query) ?? []
    this.#waiting.set(query, waiting)
    waiting.push({ committedAtMs, arrivedAt: (this.#events += 1) })
  }

  /** A request of the query starts, in the place of one that is still under way. Returns what tells it from others. */
  start(query: string): number {
    const request = (this.#events += 1)
    this.#latestRequest.set(query, request)
    return request
  }

  /** The commit times of the changes that the answer is the first to cover. A request that was replaced covers none. */
  answer(query: string, request = this.#latestRequest.get(query)): number[] {
    if (request === undefined || request !== this.#latestRequest.get(query)) return []
    const waiting = this.#waiting.get(query) ?? []
    const covered = waiting.filter(({ arrivedAt }) => arrivedAt < request)
    this.#waiting.set(query, waiting.slice(covered.length))
    return covered.map(({ committedAtMs }) => committedAtMs)
  }
}
