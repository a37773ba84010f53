import { environmentManager, focusManager, onlineManager } from '@tanstack/react-query'
import { createTestClock } from 'realtime-coalescer/testing'
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

/** Runs the timers of the next `ms` milliseconds one by one, promises in between. */
export const { advance } = createTestClock(vi)

/** Runs the timers of one moment after the other until `isOver`. */
export async function advanceUntil(isOver: () => boolean): Promise<void> {
  for (await drain(); !isOver(); await drain()) {
    vi.advanceTimersToNextTimer()
    await advance(0)
  }
}
