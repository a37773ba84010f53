import type { WaitCause } from './windows.ts'

/** How many known gaps make a rhythm known. */
const KNOWN_GAPS = 4
/** How many gaps count: each new one weighs 32/31 of the one before. */
const FADING = 32 / 31
/** Before the weight of a new gap leaves the range in which sums are exact, all are scaled back. */
const MAX_UNIT = 2 ** 40
/** A request may cost as much as this share of `maxWaitMs` in waiting. */
const PRICE = 1 / 2
/** Upper edges of the buckets of gaps, as shares of `maxWaitMs`: a factor of √2 apart. Longer gaps have a bucket of their own. */
const edges: readonly number[] = Array.from({ length: 11 }, (_, index) => 2 ** ((index - 10) / 2))

/** What is known of the gaps between the changes of one root: a histogram that fades. */
export interface Rhythm {
  readonly counts: Float64Array
  /** The weight of the next gap. */
  unit: number
  /** When its last change came. */
  seenAtMs: number
  /** How many gaps are known, up to those that make it known. */
  gaps: number
  /** How the last window that was flushed by time came to its end. */
  lastWait: { readonly waitedMs: number; readonly waitMs: number; readonly because: WaitCause } | undefined
}

export const createRhythm = (): Rhythm => ({
  counts: new Float64Array(edges.length + 1),
  unit: 1,
  seenAtMs: -Infinity,
  gaps: 0,
  lastWait: undefined,
})

export const isKnown = (rhythm: Rhythm): boolean => rhythm.gaps >= KNOWN_GAPS

/** Notes that a change came at `atMs`. Changes of one instant are one. */
export function noteChange(rhythm: Rhythm, atMs: number, maxWaitMs: number): void {
  const gapMs = atMs - rhythm.seenAtMs
  if (gapMs <= 0) return
  rhythm.seenAtMs = atMs
  if (gapMs === Infinity) return
  let bucket = 0
  while (gapMs > (edges[bucket] ?? Infinity) * maxWaitMs) bucket += 1
  rhythm.counts[bucket] = (rhythm.counts[bucket] ?? 0) + rhythm.unit
  rhythm.unit *= FADING
  if (rhythm.gaps < KNOWN_GAPS) rhythm.gaps += 1
  if (rhythm.unit > MAX_UNIT) {
    for (const [index, count] of rhythm.counts.entries()) rhythm.counts[index] = count / rhythm.unit
    rhythm.unit = 1
  }
}

/**
 * How long it pays to wait for the next change, in milliseconds, at most `withinMs`; 0 if waiting does not pay. Ski
 * rental over the learned gaps (Krishnan, Long, Vitter: Adaptive disk spin-down via optimal rent-to-buy in probabilistic
 * environments, Algorithmica 1999): a gap that ends within the wait costs its length, a longer one the wait and a
 * request.
 */
export function worthWaitingMs({ counts }: Rhythm, withinMs: number, maxWaitMs: number): number {
  const priceMs = PRICE * maxWaitMs
  let later = 0
  for (const count of counts) later += count
  let waited = 0
  let best = 0
  let least = priceMs * later
  let from = 0
  // Asked at each event that reaches the chart: an iterator would take as long as all the rest.
  for (let index = 0; index < edges.length; index += 1) {
    const to = (edges[index] ?? Infinity) * maxWaitMs
    if (to > withinMs) break
    const count = counts[index] ?? 0
    waited += (count * (from + to)) / 2
    later -= count
    const cost = waited + later * (to + priceMs)
    if (cost < least) {
      least = cost
      best = to
    }
    from = to
  }
  return best
}

/** The gaps as people read them: which share of those known is at most so long, and longer than the one before. */
export function describeGaps({ counts }: Rhythm, maxWaitMs: number): { uptoMs: number; share: number }[] {
  const sum = counts.reduce((total, count) => total + count, 0)
  return Array.from(counts, (count, index) => ({
    uptoMs: (edges[index] ?? Infinity) * maxWaitMs,
    share: sum === 0 ? 0 : count / sum,
  }))
}
