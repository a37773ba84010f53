const MAX_RETIRED = 50

/**
 * What a message of a leader is to a tab: the next one of the leader it follows; one after others that never came; one
 * that came before or is of a leader of the past; the first of another leader.
 */
export type StreamStep = 'next' | 'afterGap' | 'stale' | 'switched'

/**
 * Follows the messages of one leader at a time. Each has a number, one more than that of the one before: what is missing
 * shows. A leader that another has taken the place of is not listened to again.
 */
export class StreamLog {
  #current: { readonly stream: string; seq: number } | undefined
  readonly #retired = new Set<string>()

  /** The leader that is followed. */
  get stream(): string | undefined {
    return this.#current?.stream
  }

  /** Notes a message; `isView`: it says all that has to be known of its leader. */
  take(stream: string, seq: number, isView: boolean): StreamStep {
    if (this.#retired.has(stream)) return 'stale'
    const current = this.#current
    if (current?.stream === stream) {
      if (seq <= current.seq) return 'stale'
      const isNext = seq === current.seq + 1
      current.seq = seq
      return isNext ? 'next' : 'afterGap'
    }
    // What comes before the first word of how far it is counts too, and shows nothing of what was missed.
    if (!isView) return current === undefined ? 'next' : 'stale'
    if (current) this.retire(current.stream)
    this.#current = { stream, seq }
    return 'switched'
  }

  /** Listens to a leader no more. */
  retire(stream: string): void {
    this.#retired.add(stream)
    if (this.#current?.stream === stream) this.#current = undefined
    if (this.#retired.size > MAX_RETIRED) {
      for (const oldest of this.#retired) {
        this.#retired.delete(oldest)
        break
      }
    }
  }
}
