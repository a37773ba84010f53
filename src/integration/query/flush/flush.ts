import { notifyManager } from '@tanstack/react-query'
import { type Verdict, judge } from '../../../actions/flushPlan.ts'
import type { Asks } from '../../../actions/pendingKey.ts'
import type { FlushedRecord } from '../../../actions/types.ts'
import { type Entry, isOpen, isOwnRun, noteCause, noteInactive, noteLeft, noteMarked } from '../fetches/way.ts'
import { isFetchable } from '../fetches/owed.ts'
import { addSeenBy, createAsk } from './ask.ts'
import { type FlushManner, type FlushScope, type OpenRecord, type Walk, markFailed, openRecord } from './scope.ts'

/**
 * Applies pending keys to the query cache in one pass over it. All they match is marked before the first fetch starts: a
 * `queryFn` that reads another query of the flush must not take it for fresh.
 */
export function flushKeys(scope: FlushScope, walk: Walk, manner: FlushManner): FlushedRecord {
  const { slots } = scope.fetches
  const record = openRecord(walk.keys, manner)
  notifyManager.batch(() => {
    const isAtOnce = manner.fetch === 'now' && slots.beginRun()
    for (const [entry, asks] of gatherAsked(scope, walk, record, isAtOnce)) {
      if (!walk.isOver && !entry.isGone) applyAsks(scope, entry, asks, record, manner)
      if (isAtOnce) slots.tellUnlessStarted(entry)
    }
    if (isAtOnce) slots.endRun()
    else if (manner.fetch !== 'never') slots.pump()
  })
  return record
}

/** The queries that keys ask something of, and what. */
function gatherAsked(scope: FlushScope, walk: Walk, record: OpenRecord, marksAhead: boolean): ReadonlyMap<Entry, Asks> {
  const { ledger, fetches } = scope
  const { queries, ask } = createAsk(scope, walk.keys, record)
  const gathered = new Map<Entry, Asks>()
  for (const query of queries) {
    if (walk.isOver) break
    try {
      const asks = ask(query)
      if (!asks) continue
      const entry = ledger.entryOf(query)
      addSeenBy(entry, asks)
      gathered.set(entry, asks)
      if (marksAhead && entry.startedAt < asks.markSeq) fetches.slots.markAhead(entry)
    } catch (error) {
      markFailed(scope, query, error)
    }
  }
  return gathered
}

/** Does with a query what keys ask of it. */
function applyAsks(scope: FlushScope, entry: Entry, asks: Asks, record: OpenRecord, manner: FlushManner): void {
  try {
    applyVerdict(scope, entry, judgeQuery(scope, entry, asks, entry.startedAt), record, manner)
  } catch (error) {
    markFailed(scope, entry.query, error)
  }
  releaseUnanswered(scope, entry, asks)
}

/** Decides by what is asked of a query what is to be done with it, going by when it was fetched. */
export function judgeQuery({ waiters }: FlushScope, entry: Entry, asks: Asks, startedAt: number): Verdict {
  waiters.collecting?.add(entry)
  // Remembered even if no component shows the query.
  noteInactive(entry, asks.fetchInactiveSeq)
  const isActive = entry.query.isActive()
  return judge(asks, isActive, isFetchable(entry.query, isActive), startedAt)
}

/** Lets go of those who wait in vain for a fetch of a query that has been judged. */
export function releaseUnanswered({ fetches }: FlushScope, entry: Entry, { markSeq }: Asks): void {
  if (fetches.ways.waiting.isAny) fetches.awaiting.releaseUnanswered(entry, markSeq)
}

function applyVerdict(
  scope: FlushScope,
  entry: Entry,
  { effect, markSeq, fetchSeq, ifShownSeq, fetchEvents }: Verdict,
  record: OpenRecord,
  { fetch, isDirect }: FlushManner,
): void {
  if (effect === 'none') return
  if (!isDirect) scope.counters.would += fetchEvents
  // Also for a fetch that answers the events: cancelled, it would leave the query as it was before them.
  scope.fetches.note(entry, markSeq, ifShownSeq, record)
  if (effect === 'fresh') {
    record.skippedFresh += 1
    if (fetchSeq > 0 && isOpen(entry) && fetch !== 'never') {
      if (!isOwnRun(entry)) noteLeft(entry, record)
      scope.fetches.leanOnOpen(entry, fetchSeq)
    } else if (fetchSeq > 0 && entry.outcome === 'error') scope.fetches.reportFailure(entry)
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
