import type { CoalescerClock } from 'realtime-coalescer'

/** The global timers, which are simulated, with a list of those that are set. */
export class CountingClock implements CoalescerClock {
  readonly live = new Set<unknown>()

  setTimeout(fn: () => void, timeoutMs: number): unknown {
    const id = setTimeout(() => {
      this.live.delete(id)
      fn()
    }, timeoutMs)
    this.live.add(id)
    return id
  }

  clearTimeout(id: unknown): void {
    this.live.delete(id)
    clearTimeout(id as ReturnType<typeof setTimeout>)
  }

  now(): number {
    return Date.now()
  }
}
