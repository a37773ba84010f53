import type { FrameLog, Taken } from './frames.ts'
import type { ChannelView, FromLeader } from './messages.ts'

/** More than come in the time that a leader and its heir are both heard. */
const MAX_HEARD = 10_000

/**
 * Hears the heir of a leader beside the leader itself, so that a tab can follow the one after the other without having
 * missed anything.
 */
export class Succession {
  readonly stream: string
  readonly term: number
  readonly #frames: FrameLog
  #seq = 0
  #isWhole = true
  #channels: readonly ChannelView[] = []
  /** Since when the heir delivers, what it has told. */
  #told: Taken[] | undefined
  /** What the leader has told since before the heir could deliver anything, each with how often. */
  readonly #heard = new Map<string, number>()

  constructor({ stream, term }: FromLeader, frames: FrameLog) {
    this.stream = stream
    this.term = term
    this.#frames = frames
  }

  /** Takes what the heir tells. */
  hear({ seq, told }: FromLeader): void {
    if (seq <= this.#seq) return
    if (seq !== this.#seq + 1) this.#isWhole = false
    this.#seq = seq
    if (told.kind === 'bye') this.#isWhole = false
    if (told.kind === 'view') {
      this.#channels = told.channels
      if (told.isReady) this.#told ??= []
    }
    const taken = this.#frames.taken(told)
    if (taken) this.#told?.push(taken)
    this.#bound(this.#told?.length ?? 0)
  }

  /** Notes what the leader has told this tab. */
  note(taken: Taken): void {
    // Of the channels of each, others know nothing.
    if (taken.kind === 'news') return
    const name = nameOf(taken)
    this.#heard.set(name, (this.#heard.get(name) ?? 0) + 1)
    this.#bound(this.#heard.size)
  }

  #bound(size: number): void {
    if (size <= MAX_HEARD) return
    this.#isWhole = false
    this.#heard.clear()
    this.#told = []
  }

  /** What the heir has told and the leader has not; `undefined` if there may be more than that. */
  end():
    | { readonly seq: number; readonly channels: readonly ChannelView[]; readonly rest: readonly Taken[] }
    | undefined {
    if (!this.#isWhole || !this.#told) return undefined
    const rest = this.#told.filter((taken) => {
      if (taken.kind === 'news') return true
      const name = nameOf(taken)
      const times = this.#heard.get(name) ?? 0
      if (times > 0) this.#heard.set(name, times - 1)
      return times === 0
    })
    return { seq: this.#seq, channels: this.#channels, rest }
  }
}

/** Two sockets of one user are told the same of the same. */
const nameOf = (taken: Exclude<Taken, { readonly kind: 'news' }>): string =>
  JSON.stringify(taken.kind === 'change' ? [taken.payload] : [taken.topic, taken.message])
