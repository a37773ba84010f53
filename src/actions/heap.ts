/** A binary heap: what comes first is found at once, and adding or taking costs the logarithm of its size. */
export class Heap<T> {
  #items: T[] = []
  readonly #isBefore: (a: T, b: T) => boolean

  /** @param isBefore whether `a` comes out before `b`; of equal items any may come first */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#items.length
  }

  /** What comes out next. */
  get first(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let index = items.length
    items.push(item)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = items[parentIndex] as T
      if (!this.#isBefore(item, parent)) break
      items[index] = parent
      index = parentIndex
    }
    items[index] = item
  }

  /** Takes out what comes first. */
  pop(): void {
    const items = this.#items
    if (items.length < 2) {
      items.length = 0
      return
    }
    const last = items.pop() as T
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      if (childIndex >= items.length) break
      const rightIndex = childIndex + 1
      if (rightIndex < items.length && this.#isBefore(items[rightIndex] as T, items[childIndex] as T)) {
        childIndex = rightIndex
      }
      const child = items[childIndex] as T
      if (!this.#isBefore(child, last)) break
      items[index] = child
      index = childIndex
    }
    items[index] = last
  }

  /** All that come out before the first that is not wanted, in no order, without taking them out. */
  *upTo(isWanted: (item: T) => boolean): Generator<T> {
    const indices = [0]
    for (let index = indices.pop(); index !== undefined; index = indices.pop()) {
      const item = this.#items[index]
      // What comes after an item that is not wanted is not wanted either.
      if (item === undefined || !isWanted(item)) continue
      yield item
      indices.push(2 * index + 2, 2 * index + 1)
    }
  }

  /** Drops what is not to be kept. */
  keep(isKept: (item: T) => boolean): void {
    const kept = this.#items.filter(isKept)
    this.#items = []
    for (const item of kept) this.push(item)
  }

  clear(): void {
    this.#items = []
  }
}
