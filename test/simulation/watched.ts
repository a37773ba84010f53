import type { Query } from '@tanstack/react-query'
import type { ObservedFetch } from './observedFetch.ts'

/** What has been seen of a query. */
export interface Watched {
  readonly fetches: ObservedFetch[]
  endedAtMs: number
  /** Fetches whose requests have been answered, in that order, until the answer lands. */
  readonly answered: Set<ObservedFetch>
  /** Whether another tab's state has hidden a request of it. */
  wasHidden: boolean
  /** Whether an attempt of a request has failed. */
  hasFailed: boolean
}

export const createWatched = (nowMs: number): Watched => ({
  fetches: [],
  endedAtMs: nowMs,
  answered: new Set(),
  wasHidden: false,
  hasFailed: false,
})

/** The latest fetch but one that renews the query and was not cancelled. */
export function latestOf(query: Query, { fetches }: Watched, except?: ObservedFetch): ObservedFetch | undefined {
  const hasOtherFailure = query.state.status === 'error' && fetches.at(-1)?.outcome !== 'error'
  return fetches.findLast(
    (fetch) =>
      fetch !== except &&
      !fetch.isFetchMore &&
      !fetch.isForeign &&
      !fetch.isOverwritten &&
      !(fetch.outcome === 'success' && hasOtherFailure) &&
      fetch.outcome !== 'cancelled',
  )
}
