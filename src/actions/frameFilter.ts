/**
 * Recognises the frame that several bindings of one channel match: the client then calls the callback of each, one
 * after the other, with equal payloads.
 */
export class FrameFilter {
  #heard: { readonly payload: unknown; readonly binding: number } | undefined

  /** Notes what a binding's callback got; returns whether an earlier binding got the same frame. */
  isHeardAlready(payload: unknown, binding: number): boolean {
    const before = this.#heard
    this.#heard = { payload, binding }
    return before !== undefined && before.binding < binding && isSame(before.payload, payload)
  }
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  try {
    return JSON.stringify(one) === JSON.stringify(other)
  } catch {
    return false
  }
}
