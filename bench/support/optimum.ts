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

/** What a plan costs on either axis: requests, and from each change to the screen that shows it, all in all. */
export interface PlanCost {
  readonly requests: number
  readonly delayMs: number
}

/** How many of the ascending `values` are at most `limit`. */
function countUpTo(values: readonly number[], limit: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] ?? Infinity) <= limit) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * When a fetch of a best plan can start: with a change, or as the one before ends if changes came during it. Starting
 * earlier, with the same changes behind it, only shortens delays.
 */
function possibleStarts(changesAtMs: readonly number[], latencyMs: number): number[] {
  const found = new Set<number>()
  for (const changedAtMs of changesAtMs) {
    let atMs = changedAtMs
    let seen = countUpTo(changesAtMs, atMs)
    while (!found.has(atMs)) {
      found.add(atMs)
      atMs += latencyMs
      const next = countUpTo(changesAtMs, atMs)
      if (next === seen) break
      seen = next
    }
  }
  return [...found].toSorted((a, b) => b - a)
}

/**
 * The plan of fetches of one query that costs least at a price per request, for someone who knows the future and has
 * one fetch in flight at a time; every change has a fetch that starts within `maxWaitMs` after it, or within the time
 * that a fetch takes if that is longer. Exact, by dynamic programming over the times at which a fetch can start.
 */
export function bestPlan(
  changesAtMs: readonly number[],
  { maxWaitMs, latencyMs, priceMs }: { maxWaitMs: number; latencyMs: number; priceMs: number },
): PlanCost {
  const sums = [0]
  for (const atMs of changesAtMs) sums.push((sums.at(-1) ?? 0) + atMs)
  const plans = new Map<number, PlanCost>()
  const planAfter = (startedAtMs: number): PlanCost => {
    const from = countUpTo(changesAtMs, startedAtMs)
    const firstAtMs = changesAtMs[from]
    if (firstAtMs === undefined) return { requests: 0, delayMs: 0 }
    const freeAtMs = startedAtMs + latencyMs
    const lastMs = firstAtMs + Math.max(maxWaitMs, latencyMs)
    let best: PlanCost = { requests: Infinity, delayMs: Infinity }
    const consider = (atMs: number, upTo: number): void => {
      const next = plans.get(atMs)
      if (!next) return
      const delayMs = (upTo - from) * (atMs + latencyMs) - ((sums[upTo] ?? 0) - (sums[from] ?? 0)) + next.delayMs
      const requests = 1 + next.requests
      const more = priceMs * (requests - best.requests) + delayMs - best.delayMs
      if (best.requests === Infinity || more < 0 || (more === 0 && requests < best.requests))
        best = { requests, delayMs }
    }
    if (firstAtMs <= freeAtMs) consider(freeAtMs, countUpTo(changesAtMs, freeAtMs))
    for (let index = Math.max(from, countUpTo(changesAtMs, freeAtMs)); index < changesAtMs.length; index += 1) {
      const atMs = changesAtMs[index] ?? Infinity
      if (atMs > lastMs) break
      if (atMs !== changesAtMs[index + 1]) consider(atMs, index + 1)
    }
    return best
  }
  for (const atMs of possibleStarts(changesAtMs, latencyMs)) plans.set(atMs, planAfter(atMs))
  return planAfter(-Infinity)
}

/** Dear enough that no delay outweighs a request. */
const DEAR_MS = 1e12

export interface PlanTiming {
  readonly maxWaitMs: number
  readonly latencyMs: number
}

/** The best plan over several queries at a price per request. */
export function bestPlanOfAll(
  changesByQuery: readonly (readonly number[])[],
  timing: PlanTiming,
  priceMs: number,
): PlanCost {
  let requests = 0
  let delayMs = 0
  for (const changesAtMs of changesByQuery) {
    const plan = bestPlan(changesAtMs, { ...timing, priceMs })
    requests += plan.requests
    delayMs += plan.delayMs
  }
  return { requests, delayMs }
}

/** The best plans at prices from dear to nothing, fewest requests first: what a rule can at most come to on both axes. */
export function optimumCurve(changesByQuery: readonly (readonly number[])[], timing: PlanTiming): PlanCost[] {
  const prices = [DEAR_MS, ...Array.from({ length: 28 }, (_, index) => 2 ** ((31 - index) / 1.5)), 0]
  const plans = prices.map((priceMs) => bestPlanOfAll(changesByQuery, timing, priceMs))
  return plans.filter(({ requests }, index) => requests !== plans[index - 1]?.requests)
}

/**
 * The fewest requests with which the delays can be `delayMs` in all. Exact where a plan is best at some price; between
 * two such plans it lies on the line that joins them, and so is a lower bound.
 */
export function fewestAt(changesByQuery: readonly (readonly number[])[], timing: PlanTiming, delayMs: number): number {
  let few = bestPlanOfAll(changesByQuery, timing, DEAR_MS)
  let many = bestPlanOfAll(changesByQuery, timing, 0)
  if (few.delayMs <= delayMs) return few.requests
  while (many.requests - few.requests > 1) {
    const priceMs = (few.delayMs - many.delayMs) / (many.requests - few.requests)
    const found = bestPlanOfAll(changesByQuery, timing, priceMs)
    const below = priceMs * (few.requests - found.requests) + few.delayMs - found.delayMs
    if (below < 1e-6) break
    if (found.delayMs <= delayMs) many = found
    else few = found
  }
  const share = (few.delayMs - Math.max(delayMs, many.delayMs)) / (few.delayMs - many.delayMs)
  return few.requests + share * (many.requests - few.requests)
}
