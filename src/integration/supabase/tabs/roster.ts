import type { Wants } from './wants.ts'

const MAX_TABS = 200

interface Entry {
  readonly isVisible: boolean
  readonly isShown: boolean
  readonly wants: Wants
  readonly seenAtMs: number
}

/** The other tabs of a group, as far as they have said something. */
export class Roster {
  readonly #entries = new Map<string, Entry>()

  note(tab: string, entry: Entry): void {
    this.#entries.delete(tab)
    this.#entries.set(tab, entry)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_TABS) break
      this.#entries.delete(oldest)
    }
  }

  forget(tab: string): void {
    this.#entries.delete(tab)
  }

  /** The tabs whose end can be waited for. */
  shown(): string[] {
    return [...this.#entries].filter(([, { isShown }]) => isShown).map(([tab]) => tab)
  }

  wants(): Wants[] {
    return [...this.#entries.values()].map(({ wants }) => wants)
  }

  /** How many visible tabs that were heard of since a time are before another, by their names. */
  countBefore(tab: string, sinceMs: number): number {
    return [...this.#entries].filter(
      ([other, { isVisible, seenAtMs }]) => isVisible && other < tab && seenAtMs >= sinceMs,
    ).length
  }

  hasVisible(): boolean {
    return [...this.#entries.values()].some(({ isVisible }) => isVisible)
  }
}
