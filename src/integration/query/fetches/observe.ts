import type { Query } from '@tanstack/react-query'

type QueryFn = Extract<NonNullable<Query['options']['queryFn']>, (...args: never[]) => unknown>

/** A `queryFn` in the place of the one it stands for. */
interface ObservedFn extends QueryFn {
  original?: QueryFn
}

export const isInfinite = (query: Query): boolean =>
  query.queryType === 'infinite' || query.options.behavior !== undefined

/**
 * Calls back when the query's next request runs `queryFn`, of which the cache tells nothing; for an infinite query, at
 * each page. A hydrated promise or a persister's data comes without. The query's own copy of its options is changed
 * until then; if a render replaces it first, the request passes for one that has not asked, which is safe.
 */
export function observeRun(query: Query, ran: () => void): void {
  const { options } = query
  const current = options.queryFn as ObservedFn | symbol | undefined
  if (typeof current !== 'function') return
  const queryFn = current.original ?? current
  const observed: ObservedFn = (context) => {
    if (options.queryFn === observed) options.queryFn = queryFn
    ran()
    return queryFn(context)
  }
  observed.original = queryFn
  options.queryFn = observed
}

/** Gives a query its own `queryFn` back, if none of its requests has run it since `observeRun`. */
export function unobserve({ options }: Query): void {
  const { original } = (options.queryFn ?? {}) as ObservedFn
  if (original) options.queryFn = original
}

/** What TanStack waits at most before it tries again, unless told otherwise. */
const LONGEST_DELAY_MS = 30_000

/** How long a query waits at most, going by its options, from the failure of an attempt to the next one. */
export function longestDelayMs({ options: { retryDelay }, state }: Query): number {
  if (typeof retryDelay === 'number') return retryDelay
  return retryDelay === undefined ? Math.min(1000 * 2 ** state.fetchFailureCount, LONGEST_DELAY_MS) : LONGEST_DELAY_MS
}
