/** The changes whose handlers and patches are running, which are code of the app and may stop the coalescer. */
export class Changing {
  #depth = 0
  #end: (() => void) | undefined

  get isOn(): boolean {
    return this.#depth > 0
  }

  /** Runs what changes lead to. */
  run<Result>(run: () => Result): Result {
    this.#depth += 1
    try {
      return run()
    } finally {
      this.#depth -= 1
      if (this.#depth === 0) this.#finish()
    }
  }

  /** Calls back now; inside of a change, once all that it asks for is known. */
  whenKnown(end: () => void): void {
    this.#end = end
    if (this.#depth === 0) this.#finish()
  }

  #finish(): void {
    const end = this.#end
    this.#end = undefined
    end?.()
  }
}
