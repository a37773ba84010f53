import type { Query, QueryCache } from '@tanstack/react-query'
import type { Containment } from '../../../actions/containment.ts'

const ignore = (): void => undefined
const restart = { cancelRefetch: true }

/** What is there of a request when a fetch is to start. */
export type Before =
  /** One that is running, to be cancelled. */
  | 'running'
  /** None, or one that is stuck; the state may say that one is fetching all the same. */
  | 'none'

/**
 * Marks a query stale and fetches it. Marked first, because an abort by unmount restores the state from before the
 * fetch, and that must not pass for fresh. A listener of the cache that throws at the mark is reported.
 *
 * @returns the promise of the request
 */
export function fetchStale(
  query: Query,
  cache: QueryCache,
  before: Before,
  containment: Containment,
): Promise<unknown> {
  const isIdle = before === 'none'
  if (isIdle) takeBackClaim(query)
  try {
    if (isIdle) markQuietly(query, cache)
    else query.invalidate()
  } catch (error) {
    containment.failed(error, query)
  }
  const promise = query.fetch(undefined, restart)
  // The start that was to tell them of the mark has not come.
  if (isIdle && query.state.fetchStatus === 'idle') {
    for (const observer of query.observers) containment.run(() => observer.onQueryUpdate(), query)
  }
  return promise
}

/** TanStack would wait for the end of what its state calls a fetch. The start that comes next tells everyone. */
export function takeBackClaim(query: Query): void {
  if (query.state.fetchStatus === 'idle') return
  query.cancel({ silent: true }).catch(ignore)
  query.state = { ...query.state, fetchStatus: 'idle' }
}

/**
 * What `query.invalidate()` does, but for the observers: the start of the fetch, which comes next, tells them of both.
 * Told twice, each would compute its result twice: what that costs is between the two floors of the bench `flush`.
 */
export function markQuietly(query: Query, cache: QueryCache): void {
  if (query.state.isInvalidated) return
  query.state = { ...query.state, isInvalidated: true }
  cache.notify({ type: 'updated', query, action: { type: 'invalidate' } })
}

/** Tells the components of a query that was marked quietly, if no fetch has told them. */
export function tellOfMark(query: Query): void {
  for (const observer of query.observers) observer.onQueryUpdate()
}
