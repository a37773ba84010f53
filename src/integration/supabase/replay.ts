/** How long a loss may go unnoticed: the client misses two heartbeats. A transaction is dated by its beginning, too. */
const MARGIN_MS = 60_000
/** The most messages the server replays. */
const MOST = 25

/** Asks for the messages that a topic was sent in a gap. Some may have come before; none of those is a new one. */
export class Replay {
  readonly #startedAtMs: number
  readonly #now: () => number
  #lostAtMs: number | undefined

  constructor(now: () => number) {
    this.#now = now
    this.#startedAtMs = now()
  }

  /** The `config` of a channel whose joins ask for what was missed. */
  configOf(config: Readonly<Record<string, unknown>>): object {
    const since = (): number => Math.max(this.#startedAtMs, (this.#lostAtMs ?? this.#now()) - MARGIN_MS)
    const replay = {
      limit: MOST,
      // The client repeats the config of the first join at each rejoin: read anew, it asks for no more than was missed.
      get since() {
        return since()
      },
    }
    return { ...config, broadcast: { ...(config['broadcast'] as object | undefined), replay } }
  }

  lost(): void {
    this.#lostAtMs = this.#now()
  }
}
