import { focusManager } from '@tanstack/react-query'

export interface PagePort {
  /** Whether nobody looks at the page, if the app tells. It may throw. */
  readonly isHidden: (() => boolean) | undefined
  /** Whether work waits while the page is hidden. */
  readonly defers: boolean
  failed(error: unknown): void
  /** The page went out of sight, or came back. */
  turned(isVisible: boolean): void
}

/**
 * Whether somebody looks at the page. It is asked anew whenever that matters, since whoever knows of the return may tell
 * nobody.
 */
export class Page {
  /** Whether it is known to be hidden. */
  isAway = false
  readonly #port: PagePort
  #isLooking = false
  #isOver = false
  #hasFailed = false

  constructor(port: PagePort) {
    this.#port = port
  }

  /** Whether nothing may be fetched now. */
  isHeld(): boolean {
    if (!this.#port.defers) return false
    const isHidden = this.#isHidden()
    if (isHidden !== this.isAway) this.#lookSoon()
    return isHidden
  }

  /** Tells of the page if it is not as it was known to be. */
  look(): void {
    const isHidden = this.#isHidden()
    if (isHidden === this.isAway || this.#isOver) return
    this.isAway = isHidden
    this.#port.turned(!isHidden)
  }

  /** Tells nothing any more. */
  stop(): void {
    this.#isOver = true
  }

  /** Not at once: a statechart may be asking, which is not to be told of it in the middle. */
  #lookSoon(): void {
    if (this.#isLooking || this.#isOver) return
    this.#isLooking = true
    queueMicrotask(() => {
      this.#isLooking = false
      this.look()
    })
  }

  #isHidden(): boolean {
    const { isHidden } = this.#port
    if (!isHidden) return !focusManager.isFocused()
    try {
      const answer = isHidden()
      this.#hasFailed = false
      return answer
    } catch (error) {
      // It is asked often, and would fail often.
      if (!this.#hasFailed) this.#port.failed(error)
      this.#hasFailed = true
      return false
    }
  }
}
