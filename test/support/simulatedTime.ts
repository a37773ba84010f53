import { environmentManager, focusManager, onlineManager } from '@tanstack/react-query'
import { afterEach, beforeEach, vi } from 'vitest'

// Node's own: a turn of it drains the microtasks, whatever timers are simulated.
const setImmediateOfNode = setImmediate

/** Lets all promises that can settle without a timer settle. */
export const drain = (): Promise<void> => new Promise((resolve) => setImmediateOfNode(resolve))

/** Timers and `Date` of every module stand still at 0 until `advance`; the page is visible and online. */
export function startSimulatedTime(): void {
  environmentManager.setIsServer(() => false)
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
  focusManager.setFocused(true)
  onlineManager.setOnline(true)
}

export function endSimulatedTime(): void {
  focusManager.setFocused(undefined)
  onlineManager.setOnline(true)
  vi.clearAllTimers()
  vi.useRealTimers()
}

/** Simulates time around each test of a file. */
export function useSimulatedTime(): void {
  beforeEach(startSimulatedTime)
  afterEach(endSimulatedTime)
}

/** More timers than any test needs, so that one that is set again and again without delay breaks it. */
const MAX_TIMERS = 20_000

/** Runs the timers of the next `ms` milliseconds one by one, promises in between. */
export async function advance(ms: number): Promise<void> {
  await drain()
  const end = { isReached: false }
  setTimeout(() => (end.isReached = true), ms)
  for (let timers = 0; !end.isReached; timers += 1) {
    if (timers > MAX_TIMERS) throw new Error(`Expected at most ${MAX_TIMERS} timers within ${ms} ms.`)
    vi.advanceTimersToNextTimer()
    await drain()
  }
}
