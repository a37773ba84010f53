/**
 * The fewest fetch starts of one query such that every change has one within `maxWaitMs` after it, with one fetch in
 * flight at a time, for someone who knows the future: wait for the last moment of the oldest change not yet answered.
 * A change that came while a fetch slower than `maxWaitMs` was running is answered when that has ended.
 */
export function fewestFetches(changesAtMs: readonly number[], maxWaitMs: number, latencyMs: number): number {
  let count = 0
  let startedAtMs = -Infinity
  for (const atMs of changesAtMs) {
    if (atMs <= startedAtMs) continue
    count += 1
    startedAtMs = Math.max(atMs + maxWaitMs, startedAtMs + latencyMs)
  }
  return count
}
