import { focusManager } from '@tanstack/react-query'

/** Whether somebody looks at the page of a trace, for how long nobody has, and whether the coalescer can know. */
export class Visibility {
  /** Whether the page is hidden, though its focus manager tells nobody. */
  isPageHidden = false
  readonly #defers: boolean
  #hiddenMs = 0
  #hiddenSinceMs: number | undefined
  #knownSinceMs = -Infinity

  /** @param defers whether nothing is fetched while hidden */
  constructor(defers: boolean) {
    this.#defers = defers
  }

  get isHidden(): boolean {
    return this.isPageHidden || !focusManager.isFocused()
  }

  /** Whether nothing may be fetched now. */
  get isHeld(): boolean {
    return this.#defers && this.isHidden
  }

  /** Simulated time without the time that was spent hidden under `'defer'`. */
  now(): number {
    const hidden = this.#hiddenSinceMs === undefined ? 0 : Date.now() - this.#hiddenSinceMs
    return Date.now() - this.#hiddenMs - hidden
  }

  /**
   * Since when the coalescer has known of every turn of the page, in visible time; `Infinity` while it may not. "Being
   * hidden is asked anew at every event and timer" (G8): how long a silent time was is known to nobody, and its end from
   * the next event or change of focus on.
   */
  get knownSinceMs(): number {
    return this.#knownSinceMs
  }

  setFocused(isFocused: boolean): void {
    if (isFocused && this.#hiddenSinceMs !== undefined) {
      this.#hiddenMs += Date.now() - this.#hiddenSinceMs
      this.#hiddenSinceMs = undefined
    }
    if (!isFocused && this.#defers) this.#hiddenSinceMs ??= Date.now()
    if (isFocused === focusManager.isFocused()) return
    focusManager.setFocused(isFocused)
    this.told()
  }

  /** Hides the page, or shows it again, and tells nobody. */
  turnSilently(isHidden: boolean): void {
    this.isPageHidden = isHidden
    if (isHidden && this.#defers) this.#knownSinceMs = Infinity
  }

  /** The coalescer has been told something, at which it asks for the page. */
  told(): void {
    if (!this.isPageHidden && this.#knownSinceMs === Infinity) this.#knownSinceMs = this.now()
  }
}
