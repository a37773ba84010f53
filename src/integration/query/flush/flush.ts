import { type Query, type QueryClient, notifyManager } from '@tanstack/react-query'
import { type Demand, type Verdict, addToDemand, createDemand, judge } from '../../../actions/flushPlan.ts'
import { type PendingKey, addSeen, describeKey } from '../../../actions/pendingKey.ts'
import type { FlushReason, FlushedRecord } from '../../../actions/types.ts'
import type { Counters } from '../fetches/counters.ts'
import type { Containment } from '../../../actions/containment.ts'
import type { Ledger } from '../fetches/ledger.ts'
import { type Entry, hasFailed, isOpen, noteCause, noteInactive, noteMarked } from '../fetches/way.ts'
import { demandOfCalls, isDone, stillCached } from './called.ts'
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
  const record = openRecord(walk.keys, options)
  const keyed = walk.keys.filter((key) => !key.matched)
  const called = demandOfCalls(walk.keys)
  let demand = createDemand()
  const match = createMatcher(
    keyed,
    (key) => addToDemand(demand, key),
    (error) => scope.containment.failed(error),
  )
  const apply = (entry: Entry, verdict: Verdict): void => applyVerdict(scope, entry, verdict, record, options)
  const queries = keyed.length > 0 ? allQueries(scope) : stillCached(scope, called.keys())
  eachQuery(scope, walk, queries, options.fetch !== 'never', (query) => {
    if (demand.keys > 0) demand = createDemand()
    match(query)
    const asked = called.size > 0 ? called.get(query) : undefined
    if (asked && demand.keys === 0 && isDone(asked, query, record)) return
    if (asked) addToDemand(demand, asked)
    if (demand.keys === 0) return
    const entry = scope.ledger.entryOf(query)
    judgeQuery(scope, entry, demand, entry.startedAt, apply)
  })
  return record
}

export const allQueries = ({ queryClient }: FlushScope): readonly Query[] => queryClient.getQueryCache().getAll()

/** Visits queries as one batch of notifications, and starts what that has queued. */
export function eachQuery(
  { containment, fetches }: FlushScope,
  walk: Walk,
  queries: readonly Query[],
  mayStart: boolean,
  visit: (query: Query) => void,
): void {
  notifyManager.batch(() => {
    if (mayStart) fetches.slots.beginRun()
    for (const query of queries) {
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

/**
 * Decides by what is asked of a query what is to be done with it, and does it; lets go of those who wait in vain.
 *
 * @param startedAt from when on the query counts as fetched
 */
export function judgeQuery(
  { fetches, waiters }: FlushScope,
  entry: Entry,
  demand: Demand,
  startedAt: number,
  apply: (entry: Entry, verdict: Verdict) => void,
): void {
  waiters.collecting?.add(entry)
  if (demand.seen) addSeen(demand, demand.seen, hasFailed(entry) ? -1 : entry.startedAt)
  // Remembered even if no component shows the query.
  noteInactive(entry, demand.fetchInactiveSeq)
  try {
    const isActive = entry.query.isActive()
    apply(entry, judge(demand, isActive, isFetchable(entry.query, isActive), startedAt))
  } finally {
    if (fetches.ways.waiting.isAny) fetches.releaseUnanswered(entry, demand.markSeq)
  }
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
  scope.fetches.note(entry, markSeq, ifShownSeq, record)
  if (effect === 'fresh') {
    record.skippedFresh += 1
    if (fetchSeq > 0 && isOpen(entry) && fetch !== 'never') scope.fetches.leanOnOpen(entry, fetchSeq)
    else if (fetchSeq > 0 && entry.outcome === 'error') scope.fetches.reportFailure(entry)
    return
  }
  if (effect === 'mark' || fetch === 'never') return markStale(entry, record)
  record.fetched.push(entry.query.queryHash)
  noteCause(entry, record, isDirect)
  // Last, because it calls code of the app, which may throw.
  if (fetch === 'now') scope.fetches.demand(entry, fetchSeq)
  else scope.fetches.demandLater(entry, fetchSeq)
}

export function markStale(entry: Entry, record: OpenRecord): void {
  record.markedStale += 1
  noteMarked(entry, record)
  entry.query.invalidate()
}
