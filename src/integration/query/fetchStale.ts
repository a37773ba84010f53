import type { Query, QueryCache } from '@tanstack/react-query'

const ignore = (): void => undefined

/**
 * Marks a query stale and fetches it. Marked first, because an abort by unmount restores the state from before the
 * fetch, and that must not pass for fresh.
 *
 * @param cancelRefetch whether a fetch of it that is running is cancelled
 */
export function fetchStale(query: Query, cache: QueryCache, cancelRefetch: boolean): void {
  const tellsObservers = query.state.fetchStatus !== 'idle'
  try {
    if (tellsObservers) query.invalidate()
    else markBeforeStart(query, cache)
    query.fetch(undefined, { cancelRefetch }).catch(ignore)
  } finally {
    // The start that was to tell them did not come: code of the app threw before it.
    if (!tellsObservers && query.state.fetchStatus === 'idle') for (const one of query.observers) one.onQueryUpdate()
  }
}

/**
 * What `query.invalidate()` does, but for the observers: the start of the fetch, which comes next, tells them of both.
 * Told twice, each would compute its result twice, which costs a flush as much as a third of its fetches.
 */
function markBeforeStart(query: Query, cache: QueryCache): void {
  if (query.state.isInvalidated) return
  query.state = { ...query.state, isInvalidated: true }
  cache.notify({ type: 'updated', query, action: { type: 'invalidate' } })
}
