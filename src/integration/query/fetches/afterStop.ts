import type { Query } from '@tanstack/react-query'
import { isRenewedByResuming } from './observe.ts'
import { byUrgency } from './urgency.ts'
import { takeBackClaim } from './startFetch.ts'
import { isStillWanted } from './owed.ts'
import { type Entry, hasPausedRun, isRunning, wantedAt } from './way.ts'
import type { Ways } from './ways.ts'

/**
 * Finishes what is owed when the coalescer stops, without timer or subscription: by the promises of the fetches that
 * are running. `mark` leaves queries stale, `fetch` fetches them, at most `maxConcurrent` at once.
 */
export function finishAfterStop(ways: Ways, how: 'mark' | 'fetch', maxConcurrent: number): void {
  const queued = byUrgency(ways.queued).map(toQueued)
  let busy = ways.running.size
  const startQueued = (): void => {
    if (how === 'mark') return
    while (busy < maxConcurrent && queued.length > 0) {
      const next = queued.shift()
      if (!next || !isStillOwed(next)) continue
      const { entry } = next
      busy += 1
      const freed = (): void => {
        busy -= 1
        startQueued()
      }
      entry.query.fetch().then(freed, freed)
    }
  }
  for (const entry of [...ways.marked, ...ways.held, ...ways.queued, ...ways.unseen]) {
    if (!isRunning(entry)) takeBackClaim(entry.query)
    entry.query.invalidate()
  }
  for (const entry of new Set([...ways.running, ...ways.fetching, ...ways.noted])) {
    const isOwn = ways.running.has(entry)
    const { query } = entry
    const answersLater = hasPausedRun(entry) && isRenewedByResuming(query)
    const fetchSeq = Math.max(wantedAt(entry), entry.notes?.ifShown?.seq ?? 0)
    const markSeq = entry.notes?.markSeq ?? 0
    const resultsBefore = countResults(query)
    afterRunningFetch(entry, (isFollowed) => {
      if (isOwn) busy -= 1
      // Judged now: a request that has just been let go on may not have asked by the time of the stop.
      const owesFetch = entry.startedAt < fetchSeq && !answersLater
      const owesMark = entry.startedAt < markSeq && !answersLater
      const isIdle = query.state.fetchStatus === 'idle'
      // Also with a later one under way that another tab's state hides: this one has cleared the mark.
      if (isIdle && (owesFetch || owesMark || countResults(query) === resultsBefore)) query.invalidate()
      if (isIdle && owesFetch && !isFollowed) queued.push(toQueued(entry))
      startQueued()
    })
  }
  startQueued()
}

interface Queued {
  readonly entry: Entry
  readonly errorsBefore: number
}

const toQueued = (entry: Entry): Queued => ({ entry, errorsBefore: entry.query.state.errorUpdateCount })

/** Whether no other fetch has started or ended while this one waited for its slot. */
function isStillOwed({ entry, errorsBefore }: Queued): boolean {
  const { fetchStatus, isInvalidated, errorUpdateCount } = entry.query.state
  return fetchStatus === 'idle' && isInvalidated && errorUpdateCount === errorsBefore && isStillWanted(entry)
}

/** Tells a fetch that was cancelled from one that has brought something. */
const countResults = ({ state }: Query): number => state.dataUpdateCount + state.errorUpdateCount

/** Calls back once the fetch that is running now has ended; `isFollowed` if a later one has started by then. */
function afterRunningFetch({ query }: Entry, ended: (isFollowed: boolean) => void): void {
  const { promise } = query
  const end = (): void => ended(query.promise !== undefined && query.promise !== promise)
  // The promise of the fetch settles before the query has taken its result.
  if (promise) promise.then(end, end)
  else end()
}
