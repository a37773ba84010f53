import type { Timing } from '../timing.ts'

/** How far `jitterMs` can spread a lone change without passing `maxWaitMs`. */
const jitterRange = (timing: Timing): number =>
  Math.min(timing.jitterMs, Math.max(0, timing.maxWaitMs - timing.quietMs))

/** A random delay for one window. */
export function drawJitter(timing: Timing): number {
  const range = jitterRange(timing)
  return range === 0 ? 0 : Math.random() * range
}

/** Until when something that has waited since `firstAtMs` must be flushed. */
export const capAt = (firstAtMs: number, timing: Timing, jitterMs: number): number =>
  firstAtMs + timing.maxWaitMs - (jitterRange(timing) - jitterMs)

/** When something that came at `firstAtMs` and last at `lastAtMs` is to be flushed. */
export const dueAt = (firstAtMs: number, lastAtMs: number, timing: Timing, jitterMs: number): number =>
  Math.min(lastAtMs + timing.quietMs + jitterMs, capAt(firstAtMs, timing, jitterMs))
