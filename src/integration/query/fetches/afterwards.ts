/**
 * Looks at things again in the next microtask. What follows an end must not happen inside the cache event that tells of
 * it: other listeners of the cache would see the start of the next fetch before the end of this one.
 */
export class Afterwards<Thing> {
  readonly #look: (things: ReadonlySet<Thing>) => void
  #things = new Set<Thing>()
  #isDue = false

  constructor(look: (things: ReadonlySet<Thing>) => void) {
    this.#look = look
  }

  get isEmpty(): boolean {
    return this.#things.size === 0
  }

  add(thing: Thing): void {
    this.#things.add(thing)
    this.look()
  }

  delete(thing: Thing): void {
    this.#things.delete(thing)
  }

  clear(): void {
    this.#things.clear()
  }

  /** Looks even if there is nothing. */
  look(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      const things = this.#things
      this.#things = new Set()
      this.#look(things)
    })
  }
}
