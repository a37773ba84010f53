/** What `adaptive` knows and decides, written down as its rule reads: all gaps are kept, and looked at each time. */
export class AdaptiveModel {
  readonly #quietMs: number
  readonly #maxWaitMs: number
  readonly #gapsMs: number[] = []
  #seenAtMs: number | undefined
  /** The open window, if there is one. */
  window: { readonly firstAtMs: number; lastAtMs: number; readonly endsSilence: boolean } | undefined

  constructor(quietMs: number, maxWaitMs: number) {
    this.#quietMs = quietMs
    this.#maxWaitMs = maxWaitMs
  }

  receive(atMs: number): void {
    const gapMs = this.#seenAtMs === undefined ? Infinity : atMs - this.#seenAtMs
    if (this.window) this.window.lastAtMs = atMs
    else this.window = { firstAtMs: atMs, lastAtMs: atMs, endsSilence: gapMs > 2 * this.#maxWaitMs }
    if (gapMs > 0 && gapMs < Infinity) this.#gapsMs.unshift(gapMs)
    this.#seenAtMs = atMs
  }

  /** The earliest moment at which the window may be flushed; `lastOfAllAtMs` is the last event of any root. */
  dueAtMs(lastOfAllAtMs: number): number {
    const window = this.window
    if (!window) return Infinity
    const capMs = window.firstAtMs + this.#maxWaitMs
    const burstMs = Math.max(this.#quietMs, 0.15 * this.#maxWaitMs)
    const learnedMs = this.#worthWaitingMs(capMs - window.lastAtMs)
    const quietMs = this.#gapsMs.length < 4 ? 2 * this.#quietMs : this.#quietMs
    const waitMs = Math.max(quietMs, window.endsSilence ? Math.min(learnedMs, burstMs) : learnedMs)
    const gateMs = Math.min(lastOfAllAtMs + this.#quietMs, window.firstAtMs + burstMs)
    return Math.min(capMs, Math.max(window.lastAtMs + waitMs, gateMs))
  }

  /** The wait that would have cost least over the gaps so far, newer ones weighing more. */
  #worthWaitingMs(withinMs: number): number {
    const edges = Array.from({ length: 11 }, (_, index) => this.#maxWaitMs * 2 ** ((index - 10) / 2))
    const waits = [0, ...edges.filter((edge) => edge <= withinMs)]
    const price = this.#maxWaitMs / 2
    const bucketOf = (gapMs: number): readonly [number, number] => {
      const index = edges.findIndex((edge) => gapMs <= edge)
      return index < 0 ? [this.#maxWaitMs, Infinity] : [edges[index - 1] ?? 0, edges[index] ?? 0]
    }
    const costOf = (waitMs: number): number =>
      this.#gapsMs.reduce((sum, gapMs, age) => {
        const [from, to] = bucketOf(gapMs)
        return sum + (31 / 32) ** age * (to <= waitMs ? (from + to) / 2 : waitMs + price)
      }, 0)
    let best = 0
    for (const waitMs of waits) if (costOf(waitMs) < costOf(best) - 1e-9) best = waitMs
    return best
  }
}
