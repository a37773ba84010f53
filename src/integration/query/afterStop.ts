import { type QueryRecord } from './ledger.ts'
import { type Refetches, isStillWanted } from './refetches.ts'

/**
 * Finishes what is owed when the coalescer stops, without timer or subscription: by the promises of the fetches that
 * are running. `mark` leaves queries stale, `fetch` fetches them.
 */
export function finishAfterStop(refetches: Refetches, how: 'mark' | 'fetch', maxConcurrent: number): void {
  for (const record of new Set([...refetches.running, ...refetches.awaiting, ...refetches.noted])) {
    const owesFetch = record.startedAt < record.wantedAt
    if (how === 'fetch' && owesFetch) afterRunningFetch(record, () => void fetchNow(record))
    else if (owesFetch || record.markedAt > record.startedAt) afterRunningFetch(record, () => record.query.invalidate())
  }
  for (const record of [...refetches.marked, ...refetches.queued]) record.query.invalidate()
  if (how === 'fetch') fetchQueued([...refetches.queued], refetches, maxConcurrent)
}

/** Runs once the fetch that is running now has ended, unless a later one has started by then. */
function afterRunningFetch({ query }: QueryRecord, run: () => void): void {
  const { promise } = query
  const ended = (): void => {
    if (query.state.fetchStatus === 'idle') run()
  }
  // The promise of the fetch settles before the query has taken its result.
  void promise?.then(ended, ended)
}

function fetchNow(record: QueryRecord): Promise<unknown> {
  if (!isStillWanted(record)) return Promise.resolve()
  record.query.invalidate()
  return record.query.fetch().catch(() => undefined)
}

function fetchQueued(queued: QueryRecord[], { running }: Refetches, maxConcurrent: number): void {
  const next = (): void => {
    const record = queued.shift()
    if (record) void fetchNow(record).then(next)
  }
  for (const record of running) void record.query.promise?.then(next, next)
  for (let slot = running.size; slot < maxConcurrent && queued.length > 0; slot += 1) next()
}
