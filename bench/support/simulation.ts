import { Heap } from '../../src/actions/heap.ts'
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
  readonly #timers = new Heap<Timer>(isBefore)
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
    this.#timers.push(timer)
    return timer
  }

  /** Runs what is due until then, timer by timer, with all promises settled in between. */
  async runUntil(endMs: number): Promise<void> {
    await nextTask()
    for (let timer = this.#timers.first; timer && timer.atMs <= endMs; timer = this.#timers.first) {
      this.#timers.pop()
      if (timer.isCleared) continue
      this.nowMs = timer.atMs
      timer.run()
      await nextTask()
    }
    this.nowMs = endMs
  }
}
