import type { CoalescerClock } from '../../actions/clock.ts'

/** More turns of the microtask queue than the way of a fetch through the cache takes. */
const TURNS = 40

/** A clock that stands still but for `step`, which runs its timers in order, with promises settled in between. */
export interface StepClock extends CoalescerClock {
  now(): number
  step(ms: number): Promise<void>
}

export function createStepClock(): StepClock {
  let nowMs = 0
  let lastId = 0
  const timers = new Map<number, { readonly atMs: number; readonly fire: () => void }>()
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve()
  }
  return {
    now: () => nowMs,
    setTimeout(fire, timeout) {
      lastId += 1
      timers.set(lastId, { atMs: nowMs + timeout, fire })
      return lastId
    },
    clearTimeout: (id: number) => void timers.delete(id),
    async step(ms) {
      const endMs = nowMs + ms
      await settle()
      for (;;) {
        const [next] = [...timers].sort(([, a], [, b]) => a.atMs - b.atMs)
        if (!next || next[1].atMs > endMs) break
        timers.delete(next[0])
        nowMs = Math.max(nowMs, next[1].atMs)
        next[1].fire()
        await settle()
      }
      nowMs = endMs
    },
  }
}
