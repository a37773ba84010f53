import { type QueryRecord } from './ledger.ts'
import { type Refetches, byUrgency, isStillWanted } from './refetches.ts'

/**
 * Finishes what is owed when the coalescer stops, without timer or subscription: by the promises of the fetches that
 * are running. `mark` leaves queries stale, `fetch` fetches them, at most `maxConcurrent` at once.
 */
export function finishAfterStop(refetches: Refetches, how: 'mark' | 'fetch', maxConcurrent: number): void {
  const queued = byUrgency(refetches.queued)
  let busy = refetches.running.size
  const startQueued = (): void => {
    if (how === 'mark') return
    while (busy < maxConcurrent && queued.length > 0) {
      const record = queued.shift()
      if (!record || !isStillWanted(record)) continue
      busy += 1
      record.query.invalidate()
      const freed = (): void => {
        busy -= 1
        startQueued()
      }
      record.query.fetch().then(freed, freed)
    }
  }
  for (const record of [...refetches.marked, ...refetches.queued]) record.query.invalidate()
  for (const record of new Set([...refetches.running, ...refetches.awaiting, ...refetches.noted])) {
    const isOwn = refetches.running.has(record)
    const owesFetch = record.startedAt < record.wantedAt
    const owesMark = owesFetch || record.markedAt > record.startedAt
    afterRunningFetch(record, (isIdle) => {
      if (isOwn) busy -= 1
      if (isIdle && how === 'fetch' && owesFetch) queued.push(record)
      else if (isIdle && owesMark) record.query.invalidate()
      startQueued()
    })
  }
  startQueued()
}

/** Calls back once the fetch that is running now has ended; `isIdle` unless a later one has started by then. */
function afterRunningFetch({ query }: QueryRecord, ended: (isIdle: boolean) => void): void {
  const end = (): void => ended(query.state.fetchStatus === 'idle')
  // The promise of the fetch settles before the query has taken its result.
  if (query.promise) query.promise.then(end, end)
  else end()
}
