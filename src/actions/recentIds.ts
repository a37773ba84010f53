const MAX_IDS = 5_000

/** Remembers the ids seen most recently. */
export class RecentIds {
  readonly #ids = new Set<string>()

  /** Notes an id; returns whether it has been seen before. */
  isRepeated(id: string): boolean {
    if (this.#ids.has(id)) return true
    this.#ids.add(id)
    if (this.#ids.size > MAX_IDS) {
      for (const oldest of this.#ids) {
        this.#ids.delete(oldest)
        break
      }
    }
    return false
  }
}
