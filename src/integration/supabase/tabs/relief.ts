import type { FromLeader } from './messages.ts'

/** How long a leader must have been out of sight before another tab takes its place: users come back. */
const OUT_OF_SIGHT_MS = 5_000
/** How often a tab that somebody looks at asks for the place of a leader out of sight, at most. */
const ASK_MS = 5_000
/** How long after an heir another one may be named: what kept the one may keep the next. */
const HEIR_MS = 60_000
/** How long an heir must have delivered, beside the leader, what the leader delivers too. */
const READY_MS = 1_000
/** How long ago an heir may have said that it delivers, and still be believed. */
const BELIEVED_MS = 10_000

/** Who takes the place of a leader that nobody looks at, and when. */
export class Relief {
  #hidden: { readonly stream: string; readonly sinceMs: number } | undefined
  #askedAtMs = -Infinity
  #heir: { readonly namedAtMs: number; ready?: { readonly stream: string; readonly atMs: number } } | undefined

  /** Notes what a tab hears of its leader; returns whether to ask for its place now. */
  isDue({ stream, told }: FromLeader, nowMs: number): boolean {
    if (this.#hidden?.stream !== stream) this.#hidden = undefined
    if (told.kind === 'view') this.#hidden = told.isVisible ? undefined : (this.#hidden ?? { stream, sinceMs: nowMs })
    if (!this.#hidden || nowMs - this.#hidden.sinceMs < OUT_OF_SIGHT_MS || nowMs - this.#askedAtMs < ASK_MS)
      return false
    this.#askedAtMs = nowMs
    return true
  }

  /** Whether a leader that is asked for its place may name an heir. */
  nameHeir(nowMs: number): boolean {
    if (this.#heir && nowMs - this.#heir.namedAtMs < HEIR_MS) return false
    this.#heir = { namedAtMs: nowMs }
    return true
  }

  /** Notes what a leader hears of its heir. */
  noteHeir({ stream, told }: FromLeader, nowMs: number): void {
    if (!this.#heir) return
    if (told.kind === 'bye') delete this.#heir.ready
    if (told.kind === 'view' && told.isReady) this.#heir.ready = { stream, atMs: nowMs }
  }

  /** The heir that delivers all that a leader does which ends now; there is none afterwards. */
  takeHeir(nowMs: number): string | undefined {
    const ready = this.#heir?.ready
    this.#heir = undefined
    if (!ready) return undefined
    const agoMs = nowMs - ready.atMs
    return agoMs >= READY_MS && agoMs <= BELIEVED_MS ? ready.stream : undefined
  }
}
