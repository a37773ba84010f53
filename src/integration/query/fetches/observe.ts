import type { Query } from '@tanstack/react-query'

type QueryFn = Extract<NonNullable<Query['options']['queryFn']>, (...args: never[]) => unknown>

/** A `queryFn` in the place of the one it stands for. */
interface ObservedFn extends QueryFn {
  original?: QueryFn
  /** What to call when it runs, by who asked for that: each coalescer on the client does. */
  ran?: Map<object, () => void>
}

export const isInfinite = (query: Query): boolean =>
  query.queryType === 'infinite' || query.options.behavior !== undefined

/** Whether the fetch that runs loads one more page; without any page, it loads the first like any fetch. */
export const isFetchMore = ({ state }: Query): boolean =>
  state.fetchMeta?.fetchMore !== undefined && state.data !== undefined

/** Whether a paused fetch asks for everything anew when it resumes: a retry of an infinite query keeps its pages. */
export const isRenewedByResuming = (query: Query): boolean =>
  !isFetchMore(query) && (query.state.fetchFailureCount === 0 || !isInfinite(query))

/**
 * Whether a request that starts now runs `queryFn` in the same turn, unless it is handed a promise: no persister answers
 * in its place, and no behavior asks for one page after another.
 */
export const asksAtOnce = (query: Query): boolean =>
  typeof query.options.queryFn === 'function' && query.options.persister === undefined && !isInfinite(query)

/**
 * Calls back when the query's next request runs `queryFn`, of which the cache tells nothing; for an infinite query, at
 * each page. A hydrated promise or a persister's data comes without. The query's own copy of its options is changed
 * until then; if a render replaces it first, the request passes for one that has not asked, which is safe.
 *
 * @param observer of whom a query has one observation at most
 */
export function observeRun(query: Query, observer: object, ran: () => void): void {
  const { options } = query
  const current = options.queryFn as ObservedFn | symbol | undefined
  if (typeof current !== 'function') return
  const queryFn = current.original ?? current
  const all = new Map(current.ran).set(observer, ran)
  const observed: ObservedFn = (context) => {
    if (options.queryFn === observed) options.queryFn = queryFn
    all.forEach((told) => told())
    return queryFn(context)
  }
  observed.original = queryFn
  observed.ran = all
  options.queryFn = observed
}

/** Waits no longer; a query that nobody waits for has its own `queryFn` back. */
export function unobserve({ options }: Query, observer: object): void {
  const { original, ran } = (options.queryFn ?? {}) as ObservedFn
  ran?.delete(observer)
  if (original && !ran?.size) options.queryFn = original
}

/** What TanStack waits at most before it tries again, unless told otherwise. */
const LONGEST_DELAY_MS = 30_000

/** How long a query waits at most, going by its options, from the failure of an attempt to the next one. */
export function longestDelayMs({ options: { retryDelay }, state }: Query): number {
  if (typeof retryDelay === 'number') return retryDelay
  return retryDelay === undefined ? Math.min(1000 * 2 ** state.fetchFailureCount, LONGEST_DELAY_MS) : LONGEST_DELAY_MS
}
