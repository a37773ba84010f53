import { type Verdict, addToDemand, createDemand } from '../../../actions/flushPlan.ts'
import type { FlushedRecord } from '../../../actions/types.ts'
import { type Entry, isRunning, noteCause } from '../fetches/way.ts'
import {
  type FlushOptions,
  type FlushScope,
  type OpenRecord,
  type Walk,
  eachQuery,
  judgeQuery,
  markStale,
  openRecord,
} from './flush.ts'
import { createMatcher } from './match.ts'

/**
 * Applies pending keys as an app without a coalescer would: every event starts a fetch of every query it matches, in
 * place of one that is running. A first fetch and a retry are let run, and followed by one fetch.
 */
export function flushEachEvent(
  scope: FlushScope,
  walk: Walk,
  options: FlushOptions,
  mayRestart: boolean,
): FlushedRecord {
  const record = openRecord(walk.keys, options)
  for (const key of walk.keys) {
    let isMatch = false
    const found = (): void => void (isMatch = true)
    const match = createMatcher([key], found, (error) => scope.containment.failed(error))
    const isWatched = scope.waiters.watches(key)
    const demand = createDemand()
    addToDemand(demand, key)
    eachQuery(scope, walk, true, (query) => {
      isMatch = false
      match(query)
      if (!isMatch) return
      const entry = scope.ledger.entryOf(query)
      if (isWatched) scope.waiters.matched(key, entry)
      // Logical time 0: `direct` does not ask whether the data is fresh already.
      restart(scope, entry, judgeQuery(entry, demand, 0), record, mayRestart)
    })
  }
  return record
}

function restart(
  scope: FlushScope,
  entry: Entry,
  { effect, markSeq, fetchSeq, ifShownSeq, fetchEvents }: Verdict,
  record: OpenRecord,
  mayRestart: boolean,
): void {
  if (effect === 'none') return
  const { query } = entry
  scope.fetches.note(entry, markSeq, ifShownSeq, record)
  if (effect === 'mark') return markStale(scope, entry, record)
  record.fetched.push(query.queryHash)
  noteCause(entry, record, true)
  const isPlainRefetch =
    query.state.data !== undefined && query.state.fetchFailureCount === 0 && !query.state.fetchMeta?.fetchMore
  if (!mayRestart || (isRunning(entry) && !isPlainRefetch)) {
    scope.fetches.demand(entry, fetchSeq)
    return
  }
  for (let event = 0; event < fetchEvents; event += 1) scope.fetches.slots.start(entry, true)
  if (isRunning(entry)) scope.fetches.demand(entry, fetchSeq)
}
