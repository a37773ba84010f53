import { type Query, focusManager, onlineManager, skipToken } from '@tanstack/react-query'
import type { Entry } from './ledger.ts'

const isRunnable = (queryFn: unknown): boolean => queryFn !== undefined && queryFn !== skipToken

/**
 * Whether a fetch of the query would do anything, by TanStack's own rules for `refetchQueries`.
 *
 * @param isActive what `query.isActive()` says, which the caller needs as well
 */
export const isFetchable = (query: Query, isActive: boolean): boolean =>
  // A query that is on screen is disabled exactly if it is not active.
  (query.observers.length > 0 ? isActive : !query.isDisabled()) &&
  !query.isStatic() &&
  (isRunnable(query.options.queryFn) || query.observers.some((observer) => isRunnable(observer.options.queryFn)))

/** Whether the fetch a query owes is still wanted: its components may be gone by now. */
export const isStillWanted = ({ query, inactiveWantedAt, startedAt }: Entry): boolean => {
  const isActive = query.isActive()
  return (inactiveWantedAt > startedAt || isActive) && isFetchable(query, isActive)
}

/** Whether its fetch waits for the network, or for the page to be shown. */
export const isPaused = (entry: Entry): boolean => entry.running && entry.query.state.fetchStatus === 'paused'

/** Whether its fetch is paused and stays so: one that network and page let go on does so in the next microtask. */
export const isHeldUp = (entry: Entry): boolean =>
  isPaused(entry) && !(onlineManager.isOnline() && focusManager.isFocused())

/** Whether the query's latest fetch started after the newest event that it owes a fetch for. */
export const isAnswered = ({ startedAt, wantedAt }: Entry): boolean => startedAt >= wantedAt

/** Whether the fetch that is running now is the one the query owes. */
export const isAnswering = (entry: Entry): boolean => entry.running && isAnswered(entry)
