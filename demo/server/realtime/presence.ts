/** One tracked state of a presence key, as clients see it. */
type Meta = Record<string, unknown> & { phx_ref: string }

/** Presence entries by key, as `presence_state` carries them. */
export type PresenceState = Record<string, { metas: Meta[] }>

/** A `presence_diff`. */
export interface PresenceDiff {
  joins: PresenceState
  leaves: PresenceState
}

/** Who is present on one topic. */
export class Presence {
  readonly #tracked = new Map<object, { key: string; meta: Meta }>()
  #lastRef = 0

  get state(): PresenceState {
    const state: PresenceState = {}
    for (const { key, meta } of this.#tracked.values()) (state[key] ??= { metas: [] }).metas.push(meta)
    return state
  }

  /** Sets what `owner` shows under `key`; replaces what it showed before. */
  track(owner: object, key: string, payload: Record<string, unknown>): PresenceDiff {
    const previous = this.#tracked.get(owner)?.meta.phx_ref
    const { leaves } = this.untrack(owner)
    const phx_ref = String(++this.#lastRef)
    const meta = { phx_ref, ...(previous === undefined ? {} : { phx_ref_prev: previous }), ...payload }
    this.#tracked.set(owner, { key, meta })
    return { joins: { [key]: { metas: [meta] } }, leaves }
  }

  untrack(owner: object): PresenceDiff {
    const entry = this.#tracked.get(owner)
    this.#tracked.delete(owner)
    return { joins: {}, leaves: entry === undefined ? {} : { [entry.key]: { metas: [entry.meta] } } }
  }
}
