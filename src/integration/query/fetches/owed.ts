import { type Query, focusManager, onlineManager, skipToken } from '@tanstack/react-query'
import { type Entry, hasPausedRun, isAnswered, isRunning } from './way.ts'

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
export const isPaused = (entry: Entry): boolean => isRunning(entry) && hasPausedRun(entry)

/** Whether its fetch is paused and stays so: one that network and page let go on does so in the next microtask. */
export const isHeldUp = (entry: Entry): boolean =>
  isPaused(entry) && !(onlineManager.isOnline() && focusManager.isFocused())

/** Whether any of these is not held up by the network or the page. */
export function isMoving(entries: Iterable<Entry>): boolean {
  for (const entry of entries) if (!isHeldUp(entry)) return true
  return false
}

/** Whether the fetch that is running now is the one the query owes. */
export const isAnswering = (entry: Entry): boolean => isRunning(entry) && isAnswered(entry)
