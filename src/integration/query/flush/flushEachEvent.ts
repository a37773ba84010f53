import { type Query, notifyManager } from '@tanstack/react-query'
import { type Demand, type Verdict, addToDemand, createDemand } from '../../../actions/flushPlan.ts'
import type { FlushedRecord } from '../../../actions/types.ts'
import { type Entry, isRunning, noteCause } from '../fetches/way.ts'
import { judgeQuery, markStale, releaseUnanswered } from './flush.ts'
import {
  type FlushManner,
  type FlushScope,
  type OpenRecord,
  type Walk,
  allQueries,
  isCached,
  markFailed,
  openRecord,
} from './scope.ts'
import { addSeenBy } from './ask.ts'
import { demandOfCalls, isDone, stillCached } from './called.ts'
import { createMatcher } from '../match.ts'

/**
 * Applies pending keys as an app without a coalescer would: every event starts a fetch of every query it matches, in
 * place of one that is running. A first fetch and a retry are let run, and followed by one fetch.
 */
export function flushEachEvent(scope: FlushScope, walk: Walk, manner: FlushManner, mayStart: boolean): FlushedRecord {
  const record = openRecord(walk.keys, manner)
  const visit = (query: Query, demand: Demand, mayCancel: boolean, isDated: boolean): void => {
    if (!isCached(scope, query)) return
    const entry = scope.ledger.entryOf(query)
    addSeenBy(entry, demand)
    try {
      // Logical time 0: `direct` does not ask whether the data is fresh already, but for what the app says is its own.
      const verdict = judgeQuery(scope, entry, demand, isDated ? entry.startedAt : 0)
      restart(scope, entry, verdict, record, { mayStart, mayCancel })
    } finally {
      releaseUnanswered(scope, entry, demand)
    }
  }
  for (const key of walk.keys) {
    if (key.matched) continue
    let isMatch = false
    const found = (): void => void (isMatch = true)
    const match = createMatcher([key], found, (error) => scope.containment.failed(error))
    const isDated = key.datedEvents > 0 && key.datedEvents === key.events
    eachQuery(scope, walk, allQueries(scope), (query) => {
      isMatch = false
      match(query)
      if (!isMatch) return
      const demand = createDemand()
      addToDemand(demand, key)
      visit(query, demand, true, isDated)
    })
  }
  const called = demandOfCalls(walk.keys)
  const mayCancel = walk.keys.some((key) => key.cancels)
  eachQuery(scope, walk, stillCached(scope, called.keys()), (query) => {
    const demand = called.get(query)
    if (demand && !isDone(demand, query, record)) visit(query, demand, mayCancel, false)
  })
  return record
}

/** Visits queries as one batch of notifications, and starts what that has queued. */
function eachQuery(scope: FlushScope, walk: Walk, queries: readonly Query[], visit: (query: Query) => void): void {
  notifyManager.batch(() => {
    for (const query of queries) {
      if (walk.isOver) break
      try {
        visit(query)
      } catch (error) {
        markFailed(scope, query, error)
      }
    }
    scope.fetches.slots.pump()
  })
}

function restart(
  scope: FlushScope,
  entry: Entry,
  { effect, markSeq, fetchSeq, ifShownSeq, fetchEvents }: Verdict,
  record: OpenRecord,
  { mayStart, mayCancel }: { readonly mayStart: boolean; readonly mayCancel: boolean },
): void {
  if (effect === 'none') return
  const { query } = entry
  scope.fetches.note(entry, markSeq, ifShownSeq, record)
  if (effect === 'mark') return markStale(entry, record)
  if (effect === 'fresh') {
    record.skippedFresh += 1
    if (fetchSeq > 0) scope.fetches.leanOnOpen(entry, fetchSeq)
    return
  }
  record.fetched.push(query.queryHash)
  noteCause(entry, record, true)
  const isPlainRefetch =
    query.state.data !== undefined && query.state.fetchFailureCount === 0 && !query.state.fetchMeta?.fetchMore
  if (!mayStart || scope.fetches.holds.mustWait(entry) || (isRunning(entry) && !(mayCancel && isPlainRefetch))) {
    scope.fetches.demand(entry, fetchSeq)
    return
  }
  for (let event = 0; event < fetchEvents; event += 1) scope.fetches.slots.start(entry)
  if (isRunning(entry)) scope.fetches.demand(entry, fetchSeq)
}
