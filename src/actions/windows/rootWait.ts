import type { Timing } from '../timing.ts'
import { capAt } from './deadlines.ts'
import { type Rhythm, describeGaps, isKnown, worthWaitingMs } from './rhythm.ts'
import type { WaitCause, WaitExplanation } from './windows.ts'

/** After a silence, and for bursts of other roots, a window waits no longer than this share of `maxWaitMs`. */
const BURST = 0.15

/** When a window is due, and why then. All times in milliseconds. */
export interface RootWait {
  readonly dueAtMs: number
  /** How long it waits for its next change. */
  readonly waitMs: number
  readonly because: WaitCause
}

/** What a wait is decided from. */
export interface WaitingRoot {
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly rhythm: Rhythm
  readonly endsSilence: boolean
}

/** Decides when a window is due. */
export function decideWait(
  { firstAtMs, lastAtMs, rhythm, endsSilence }: WaitingRoot,
  timing: Timing,
  jitterMs: number,
  lastOfAllAtMs: number,
): RootWait {
  const { quietMs, maxWaitMs } = timing
  const burstMs = Math.max(quietMs, BURST * maxWaitMs)
  const cap = capAt(firstAtMs, timing, jitterMs)
  const leastMs = isKnown(rhythm) ? quietMs : 2 * quietMs
  const learnedMs = worthWaitingMs(rhythm, cap - lastAtMs, maxWaitMs)
  const isHurried = endsSilence && learnedMs > burstMs
  const waitMs = Math.max(leastMs, isHurried ? burstMs : learnedMs)
  // Not in the middle of a burst of other roots.
  const ofOthersAtMs = Math.min(lastOfAllAtMs + quietMs, firstAtMs + burstMs)
  const dueAtMs = Math.max(lastAtMs + waitMs, ofOthersAtMs) + jitterMs
  if (dueAtMs >= cap) return { dueAtMs: cap, waitMs, because: 'maxWait' }
  if (ofOthersAtMs > lastAtMs + waitMs) return { dueAtMs, waitMs, because: 'burst' }
  if (waitMs === leastMs) return { dueAtMs, waitMs, because: 'quiet' }
  return { dueAtMs, waitMs, because: isHurried ? 'silence' : 'learned' }
}

/** What people are told of a wait. */
export const explainWait = (
  root: string,
  { waitedMs, waitMs, because }: NonNullable<Rhythm['lastWait']>,
  rhythm: Rhythm,
  maxWaitMs: number,
): WaitExplanation => ({
  root,
  waitedMs,
  waitMs,
  because,
  isKnown: isKnown(rhythm),
  gaps: describeGaps(rhythm, maxWaitMs),
})
