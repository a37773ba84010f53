import type { Query, QueryCache } from '@tanstack/react-query'
import type { Containment } from '../../../actions/containment.ts'

const ignore = (): void => undefined

/**
 * Marks a query stale and fetches it. Marked first, because an abort by unmount restores the state from before the
 * fetch, and that must not pass for fresh. A listener of the cache that throws at the mark is reported.
 *
 * @param cancelRefetch whether a fetch of it that is running is cancelled
 */
export function fetchStale(query: Query, cache: QueryCache, cancelRefetch: boolean, containment: Containment): void {
  const isIdle = query.state.fetchStatus === 'idle'
  try {
    if (isIdle) markBeforeStart(query, cache)
    else query.invalidate()
  } catch (error) {
    containment.failed(error, query)
  }
  query.fetch(undefined, { cancelRefetch }).catch(ignore)
  // The start that was to tell them of the mark has not come.
  if (!isIdle || query.state.fetchStatus !== 'idle') return
  for (const observer of query.observers) containment.run(() => observer.onQueryUpdate(), query)
}

/**
 * What `query.invalidate()` does, but for the observers: the start of the fetch, which comes next, tells them of both.
 * Told twice, each would compute its result twice: what that costs is between the two floors of the bench `flush`.
 */
function markBeforeStart(query: Query, cache: QueryCache): void {
  if (query.state.isInvalidated) return
  query.state = { ...query.state, isInvalidated: true }
  cache.notify({ type: 'updated', query, action: { type: 'invalidate' } })
}
