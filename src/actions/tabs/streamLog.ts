const MAX_RETIRED = 50

/** Whose message it is: each leadership has a name, and a number that is higher than those before. */
export interface Stream {
  readonly stream: string
  readonly term: number
}

const isNewer = (one: Stream, other: Stream): boolean =>
  one.term > other.term || (one.term === other.term && one.stream > other.stream)

/**
 * What a message of a leader is to a tab: the next one of the leader it follows; one after others that never came; one
 * that came before or is of a leader of the past; the first of another leader.
 */
export type StreamStep = 'next' | 'afterGap' | 'stale' | 'switched'

/**
 * Follows the messages of one leader at a time. Each has a number, one more than that of the one before: what is missing
 * shows. A leader of the past is not listened to, even if it does not know yet that it is one.
 */
export class StreamLog {
  #current: (Stream & { seq: number }) | undefined
  #isDoubted = false
  #newestTerm = 0
  readonly #retired = new Set<string>()

  /** The leader that is followed. */
  get stream(): string | undefined {
    return this.#current?.stream
  }

  /** Whether the leader has given no sign of life when asked. */
  get isDoubted(): boolean {
    return this.#isDoubted
  }

  /** The number of a leadership that begins now. */
  nextTerm(nowMs: number): number {
    return Math.max(nowMs, this.#newestTerm + 1)
  }

  /** Notes a message; `isView`: it says all that has to be known of its leader. */
  take({ stream, term }: Stream, seq: number, isView: boolean): StreamStep {
    if (this.#retired.has(stream)) return 'stale'
    this.#newestTerm = Math.max(this.#newestTerm, term)
    const current = this.#current
    if (current?.stream === stream) {
      if (seq <= current.seq) return 'stale'
      const isNext = seq === current.seq + 1
      current.seq = seq
      this.#isDoubted = false
      return isNext ? 'next' : 'afterGap'
    }
    // What comes before the first word of how far it is counts too, and shows nothing of what was missed.
    if (!isView) return current === undefined ? 'next' : 'stale'
    if (current && !this.#isDoubted && !isNewer({ stream, term }, current)) return 'stale'
    this.#current = { stream, term, seq }
    this.#isDoubted = false
    return 'switched'
  }

  /** Follows another leader, which has been heard up to a message of a number. */
  follow({ stream, term }: Stream, seq: number): void {
    this.#newestTerm = Math.max(this.#newestTerm, term)
    this.#current = { stream, term, seq }
    this.#isDoubted = false
  }

  /** The leader gives no sign of life: any other will do. */
  doubt(): void {
    this.#isDoubted = true
  }

  /** Listens to a leader no more, because it leads no more. */
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
