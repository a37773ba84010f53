import type { Query } from '@tanstack/react-query'
import { type Demand, addToDemand, createDemand } from '../../../actions/flushPlan.ts'
import type { PendingKey } from '../../../actions/pendingKey.ts'
import type { Entry } from '../fetches/way.ts'
import { type FlushScope, type OpenRecord, isCached } from './scope.ts'

/** What calls of the coalesced client ask of the queries that their filters have matched. */
export function demandOfCalls(keys: readonly PendingKey[]): Map<Query, Demand> {
  const demands = new Map<Query, Demand>()
  for (const { matched } of keys) {
    if (!matched) continue
    for (const [target, asks] of matched) {
      // Only entries of the ledger are put there.
      const { query } = target as Entry
      let demand = demands.get(query)
      if (!demand) demands.set(query, (demand = createDemand()))
      addToDemand(demand, asks)
    }
  }
  return demands
}

/** Those of the queries that are still in the cache. */
export const stillCached = (scope: FlushScope, queries: Iterable<Query>): Query[] =>
  [...queries].filter((query) => isCached(scope, query))

/** Whether calls have asked no more of a query than the mark it got at the call. */
export function isDone(demand: Demand, query: Query, record: OpenRecord): boolean {
  if (demand.fetchActiveSeq > 0 || demand.fetchInactiveSeq > 0) return false
  if (query.state.isInvalidated) record.markedStale += 1
  return true
}
