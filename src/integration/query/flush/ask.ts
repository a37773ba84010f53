import type { Query } from '@tanstack/react-query'
import { type Demand, addToDemand, createDemand } from '../../../actions/flushPlan.ts'
import { type Asks, type PendingKey, addSeen } from '../../../actions/pendingKey.ts'
import { type Entry, hasFailed } from '../fetches/way.ts'
import { demandOfCalls, isDone, stillCached } from './called.ts'
import { type FlushScope, type OpenRecord, allQueries } from './scope.ts'
import { createMatcher } from '../match.ts'

/** What is asked of queries, and of which it may be. */
interface Ask {
  readonly queries: readonly Query[]
  /** What is asked of a query beyond what is done already, if anything is; not to be changed, but by `addSeenBy`. */
  ask(query: Query): Asks | undefined
}

/** Finds, query by query, what pending keys ask together: those that match it, and calls whose filters have. */
export function createAsk(scope: FlushScope, keys: readonly PendingKey[], record: OpenRecord): Ask {
  const keyed = keys.filter((key) => !key.matched)
  const called = demandOfCalls(keys)
  // Most queries are matched by one key, which says itself what is asked.
  let only: PendingKey | undefined
  let demand: Demand | undefined
  const add = (asks: Asks): void => {
    if (!demand) {
      demand = createDemand()
      if (only) addToDemand(demand, only)
    }
    addToDemand(demand, asks)
  }
  const found = (key: PendingKey): void => {
    if (!only && !demand && !key.moments) only = key
    else add(key)
  }
  const match = createMatcher(keyed, found, (error) => scope.containment.failed(error))
  return {
    queries: keyed.length > 0 ? allQueries(scope) : stillCached(scope, called.keys()),
    ask(query) {
      only = undefined
      demand = undefined
      match(query)
      const asked = called.size > 0 ? called.get(query) : undefined
      if (asked) {
        if (!only && !demand && isDone(asked, query, record)) return undefined
        add(asked)
      }
      return demand ?? only
    },
  }
}

/** Counts in what changes ask that fetches of the query may have seen. */
export function addSeenBy(entry: Entry, asks: Asks & Partial<Pick<Demand, 'seen'>>): void {
  if (asks.seen) addSeen(asks, asks.seen, hasFailed(entry) ? -1 : entry.startedAt)
}
