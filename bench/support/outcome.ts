import { hashKey, partialMatchKey } from '@tanstack/react-query'
import { percentile } from './measure.ts'
import type { Trace } from './traces.ts'

/** When each mounted query is touched, in the order of the queries. */
export const changesByQuery = ({ mounted, events }: Trace): number[][] =>
  mounted.map((queryKey) => {
    const touches = new Map<string, boolean>()
    const touchesQuery = (key: readonly unknown[]): boolean => {
      const hash = hashKey(key)
      const known = touches.get(hash) ?? partialMatchKey(queryKey, key)
      touches.set(hash, known)
      return known
    }
    return events.filter((event) => event.queryKeys.some(touchesQuery)).map(({ atMs }) => atMs)
  })

/** What a rule makes of a feed. */
export interface Judged {
  readonly requests: number
  /** From a change to the screen that shows it, over all changes and the queries they touch. */
  readonly meanMs: number
  readonly p95Ms: number
  /** How long, summed over the queries, a screen lacked some change. */
  readonly staleMs: number
}

/** Judges when fetches started that each answer with the data of that moment, in ascending order for each query. */
export function judge(
  changes: readonly (readonly number[])[],
  starts: readonly (readonly number[])[],
  latencyMs: number,
): Judged {
  const delays: number[] = []
  let staleMs = 0
  let requests = 0
  for (const [index, times] of changes.entries()) {
    const startsOf = starts[index] ?? []
    requests += startsOf.length
    let fresh = -Infinity
    let next = 0
    for (const atMs of times) {
      while ((startsOf[next] ?? Infinity) < atMs) next += 1
      const shownAtMs = (startsOf[next] ?? Infinity) + latencyMs
      delays.push(shownAtMs - atMs)
      staleMs += Math.max(0, shownAtMs - Math.max(atMs, fresh))
      fresh = shownAtMs
    }
  }
  return {
    requests,
    meanMs: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
    p95Ms: percentile(delays, 0.95),
    staleMs,
  }
}
