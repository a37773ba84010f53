import type { CoalescerClock } from 'realtime-coalescer'
import { createStepClock } from '../../../src/integration/testing/testClock.ts'

/** How much time passes at a look. A join takes fewer looks than the library would call late. */
const stepMs = 4

/**
 * Time for a feed and its coalescer that stands still unless the test waits in it. It passes by turns of the process, which
 * also answers the messages of client and server: how many come within a second is the same on any machine.
 */
export interface HeldTime {
  readonly clock: CoalescerClock
  /** Lets time pass until `condition` holds. */
  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void>
  /** Lets time pass until `promise` is settled. */
  during<Result>(promise: Promise<Result>): Promise<Result>
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
  /** The same without a timer that fires. */
  skip(ms: number): void
}

const giveUpAfterMs = 60_000

export function holdTime(): HeldTime {
  const clock = createStepClock()
  const step = async (ms = stepMs): Promise<false> => {
    await clock.advance(ms)
    await new Promise((resolve) => setTimeout(resolve, 1))
    return false
  }
  return {
    clock,
    async until(condition, what) {
      const giveUpAtMs = performance.now() + giveUpAfterMs
      while (!(await condition())) {
        if (performance.now() > giveUpAtMs) throw new Error(`Waited ${giveUpAfterMs} ms in vain for: ${what}`)
        await step()
      }
    },
    async during(promise) {
      const settled = Promise.allSettled([promise]).then(() => true)
      while (!(await Promise.race([settled, step()])));
      return promise
    },
    async pass(ms) {
      for (let passedMs = 0; passedMs < ms; passedMs += stepMs) await step(Math.min(stepMs, ms - passedMs))
    },
    skip: (ms) => clock.skip(ms),
  }
}
