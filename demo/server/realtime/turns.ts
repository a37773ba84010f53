/** What there is to do once a turn is over. */
type Ending = () => void

/** Does things one after the other: what comes while one is being done waits for its end. */
export class Turns {
  readonly #waiting: (() => void | Promise<Ending>)[] = []
  #isBusy = false

  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Does `work`, at once if nothing is being done. A promise keeps the turn until it resolves; its ending runs then. */
  take(work: () => void | Promise<Ending>): void {
    this.#waiting.push(work)
    this.#next()
  }

  #next(): void {
    while (!this.#isBusy) {
      const work = this.#waiting.shift()
      if (work === undefined) return
      const lasting = work()
      if (lasting !== undefined) void this.#await(lasting)
    }
  }

  async #await(lasting: Promise<Ending>): Promise<void> {
    this.#isBusy = true
    let ending: Ending | undefined
    try {
      ending = await lasting
    } catch (error) {
      console.error('The realtime server could not answer a message.', error)
    }
    this.#isBusy = false
    ending?.()
    this.#next()
  }
}
