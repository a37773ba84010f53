import { nextTask } from './measure.ts'

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly run: (...args: unknown[]) => void
  isCleared: boolean
}

const isBefore = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** Time that stands still but for `runUntil`: the global timers and `Date.now` of every module read it. */
export class Simulation {
  nowMs = 0
  readonly #heap: Timer[] = []
  #order = 0
  readonly #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, now: Date.now }

  install(): void {
    globalThis.setTimeout = ((run: () => void, delayMs = 0) => this.at(this.nowMs + delayMs, run)) as never
    globalThis.clearTimeout = ((timer: Timer | undefined) => {
      if (timer) timer.isCleared = true
    }) as never
    Date.now = () => this.nowMs
  }

  restore(): void {
    globalThis.setTimeout = this.#real.setTimeout
    globalThis.clearTimeout = this.#real.clearTimeout
    Date.now = this.#real.now
  }

  at(atMs: number, run: () => void): Timer {
    this.#order += 1
    const timer = { atMs: Math.max(atMs, this.nowMs), order: this.#order, run, isCleared: false }
    this.#push(timer)
    return timer
  }

  /** Runs what is due until then, timer by timer, with all promises settled in between. */
  async runUntil(endMs: number): Promise<void> {
    await nextTask()
    for (let timer = this.#heap[0]; timer && timer.atMs <= endMs; timer = this.#heap[0]) {
      this.#pop()
      if (timer.isCleared) continue
      this.nowMs = timer.atMs
      timer.run()
      await nextTask()
    }
    this.nowMs = endMs
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(timer)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (!parent || isBefore(parent, timer)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = heap[2 * index + 1]
      if (!left) break
      const right = heap[2 * index + 2]
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (isBefore(last, child)) break
      heap[index] = child
      index = 2 * index + (isRight ? 2 : 1)
    }
    heap[index] = last
  }
}
