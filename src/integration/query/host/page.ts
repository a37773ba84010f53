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
  /** Whether somebody has been told that it is hidden, and waits for its return, before all were told. */
  #hasHeld = false
  #isOver = false
  #hasFailed = false

  constructor(port: PagePort) {
    this.#port = port
  }

  /** Whether nothing may be fetched now. */
  isHeld(): boolean {
    if (!this.#port.defers) return false
    const isHidden = this.#isHidden()
    if (isHidden === this.isAway) return isHidden
    if (isHidden) this.#hasHeld = true
    this.#lookSoon()
    return isHidden
  }

  /** Tells of the page if it is not as it was known to be. */
  look(): void {
    const isHidden = this.#isHidden()
    if (isHidden !== this.isAway && !this.#isOver) this.#turn(isHidden)
  }

  #turn(isAway: boolean): void {
    this.#hasHeld = false
    this.isAway = isAway
    this.#port.turned(!isAway)
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
      // It may be back already.
      if (this.#hasHeld && !this.#isOver) this.#turn(true)
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
