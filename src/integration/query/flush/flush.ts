import { type Query, type QueryClient, notifyManager } from '@tanstack/react-query'
import { type Demand, type Verdict, addToDemand, clearDemand, createDemand, judge } from '../../../actions/flushPlan.ts'
import { type PendingKey, describeKey } from '../../../actions/pendingQueue.ts'
import type { FlushReason, FlushedRecord } from '../../../actions/types.ts'
import type { Counters } from '../fetches/counters.ts'
import type { Containment } from '../../../actions/containment.ts'
import type { Ledger } from '../fetches/ledger.ts'
import { type Entry, isRunning, noteCause, noteInactive } from '../fetches/way.ts'
import { createMatcher } from './match.ts'
import type { Waiters } from '../fetches/waiters.ts'
import type { Fetches } from '../fetches/fetches.ts'
import { isFetchable } from '../fetches/owed.ts'

/** What a flush works on. */
export interface FlushScope {
  readonly queryClient: QueryClient
  readonly ledger: Ledger
  readonly fetches: Fetches
  readonly containment: Containment
  readonly waiters: Waiters
  readonly counters: Counters
  /** Reports the failure of a fetch that nobody has reported yet. */
}

export interface FlushOptions {
  readonly reason: FlushReason
  readonly waitedMs: number
  /** `'later'` marks and holds the fetches back, `'never'` only marks. */
  readonly fetch: 'now' | 'later' | 'never'
  /** Whether the strategy is `direct`, which by definition saves nothing. */
  readonly isDirect: boolean
}

/** A flush on its way over the cache. */
export interface Walk {
  readonly keys: readonly PendingKey[]
  /** Code of the app that it called has ended it before its end. */
  isOver: boolean
}

/** A record while its flush still runs. */
export interface OpenRecord extends FlushedRecord {
  readonly fetched: string[]
  skippedFresh: number
  markedStale: number
}

export const openRecord = (keys: readonly PendingKey[], { reason, waitedMs }: FlushOptions): OpenRecord => ({
  reason,
  waitedMs,
  keys: keys.map(describeKey),
  fetched: [],
  skippedFresh: 0,
  markedStale: 0,
})

/** Applies pending keys to the query cache in one pass over it. */
export function flushKeys(scope: FlushScope, walk: Walk, options: FlushOptions): FlushedRecord {
  const { keys } = walk
  const record = openRecord(keys, options)
  const watched = keys.some((key) => scope.waiters.watches(key))
  const demand = createDemand()
  const matchedKeys: PendingKey[] = []
  const add = (key: PendingKey): void => {
    addToDemand(demand, key)
    if (watched && scope.waiters.watches(key)) matchedKeys.push(key)
  }
  const match = createMatcher(keys, add, (error) => scope.containment.failed(error))
  eachQuery(scope, walk, options.fetch !== 'never', (query) => {
    if (demand.keys > 0) {
      clearDemand(demand)
      matchedKeys.length = 0
    }
    match(query)
    if (demand.keys === 0) return
    const entry = scope.ledger.entryOf(query)
    for (const key of matchedKeys) scope.waiters.matched(key, entry)
    applyVerdict(scope, entry, judgeQuery(entry, demand, entry.startedAt), record, options)
  })
  return record
}

/** Visits the queries of the cache, as one batch of notifications, and starts what that has queued. */
export function eachQuery(scope: FlushScope, walk: Walk, mayStart: boolean, visit: (query: Query) => void): void {
  const { containment, fetches } = scope
  notifyManager.batch(() => {
    if (mayStart) fetches.slots.beginRun()
    for (const query of scope.queryClient.getQueryCache().getAll()) {
      if (walk.isOver) break
      try {
        visit(query)
      } catch (error) {
        containment.failed(error, query)
        // Whatever the app's code broke, the query must not pass for fresh.
        containment.run(() => query.invalidate(), query)
      }
    }
    if (mayStart) fetches.slots.endRun()
  })
}

/** What the keys that match a query ask of it; its entry remembers what they want even if no component shows it. */
export function judgeQuery(entry: Entry, demand: Demand, startedAt: number): Verdict {
  noteInactive(entry, demand.fetchInactiveSeq)
  const isActive = entry.query.isActive()
  return judge(demand, isActive, isFetchable(entry.query, isActive), startedAt)
}

function applyVerdict(
  scope: FlushScope,
  entry: Entry,
  { effect, markSeq, fetchSeq, ifShownSeq, fetchEvents }: Verdict,
  record: OpenRecord,
  { fetch, isDirect }: FlushOptions,
): void {
  if (effect === 'none') return
  if (!isDirect) scope.counters.would += fetchEvents
  // Also for a fetch that answers the events: cancelled, it would leave the query as it was before them.
  // One that only fetches leaves the mark to the fetch, which is not to come.
  scope.fetches.note(entry, fetch === 'never' ? Math.max(markSeq, fetchSeq) : markSeq, ifShownSeq, record)
  if (effect === 'fresh') {
    record.skippedFresh += 1
    if (fetchSeq > 0 && isRunning(entry) && fetch !== 'never') scope.fetches.demand(entry, fetchSeq)
    else if (fetchSeq > 0 && entry.outcome === 'error') scope.fetches.reportFailure(entry)
    return
  }
  if (effect === 'mark' || fetch === 'never') return markStale(scope, entry, record)
  record.fetched.push(entry.query.queryHash)
  noteCause(entry, record, isDirect)
  // Last, because it calls code of the app, which may throw.
  if (fetch === 'now') scope.fetches.demand(entry, fetchSeq)
  else scope.fetches.demandLater(entry, fetchSeq)
}

export function markStale(scope: FlushScope, entry: Entry, record: OpenRecord): void {
  record.markedStale += 1
  scope.fetches.mark(entry)
}
