import { type Query, type QueryClient, notifyManager } from '@tanstack/react-query'
import { type Verdict, addToDemand, clearDemand, createDemand, judge } from '../../actions/flushPlan.ts'
import { type PendingKey, describeKey } from '../../actions/pendingQueue.ts'
import type { FlushReason, FlushedRecord } from '../../actions/types.ts'
import type { Counters } from './counters.ts'
import type { Guard } from './guard.ts'
import type { Ledger, QueryRecord } from './ledger.ts'
import { createKeyMatcher } from './match.ts'
import type { Promises } from './promises.ts'
import type { Refetches } from './refetches.ts'
import { isFetchable } from './wanted.ts'

export interface FlushPort {
  readonly queryClient: QueryClient
  readonly ledger: Ledger
  readonly refetches: Refetches
  readonly guard: Guard
  readonly promises: Promises
  readonly counters: Counters
  /** Reports the failure of a fetch that nobody has reported yet. */
  reportFailure(record: QueryRecord): void
}

interface FlushOptions {
  readonly reason: FlushReason
  readonly waitedMs: number
  /** `'later'` marks and holds the fetches back, `'never'` only marks. */
  readonly fetch: 'now' | 'later' | 'never'
  /** Whether the strategy is `direct`, which by definition saves nothing. */
  readonly isDirect: boolean
}

/** A record while its flush still runs. */
interface OpenRecord extends FlushedRecord {
  readonly fetched: string[]
  skippedFresh: number
  markedStale: number
}

const openRecord = (keys: readonly PendingKey[], { reason, waitedMs }: FlushOptions): OpenRecord => ({
  reason,
  waitedMs,
  keys: keys.map(describeKey),
  fetched: [],
  skippedFresh: 0,
  markedStale: 0,
})

/** Applies pending keys to the query cache in one pass over it. */
export function flushKeys(port: FlushPort, keys: readonly PendingKey[], options: FlushOptions): FlushedRecord {
  const record = openRecord(keys, options)
  const matcher = createKeyMatcher(keys, (error) => port.guard.failed(error))
  const watched = keys.some((key) => port.promises.watches(key))
  const demand = createDemand()
  const matchedKeys: PendingKey[] = []
  const add = (key: PendingKey): void => {
    addToDemand(demand, key)
    if (watched && port.promises.watches(key)) matchedKeys.push(key)
  }
  // One closure for all queries: there may be many thousands.
  let query: Query
  const plan = (): void => {
    clearDemand(demand)
    matchedKeys.length = 0
    matcher.match(query, add)
    if (demand.keys === 0) return
    const entry = port.ledger.record(query)
    const isActive = query.isActive()
    const verdict = judge(demand, isActive, isFetchable(query, isActive), entry.startedAt)
    applyVerdict(port, entry, verdict, record, options)
    entry.inactiveWantedAt = Math.max(entry.inactiveWantedAt, demand.fetchInactiveSeq)
    for (const key of matchedKeys) port.promises.matched(key, entry)
  }
  const mark = (): void => query.invalidate()
  notifyManager.batch(() => {
    for (query of port.queryClient.getQueryCache().getAll()) {
      // Whatever the app's code broke, the query must not pass for fresh.
      if (!port.guard.run(plan, query)) port.guard.run(mark, query)
    }
    port.refetches.pump()
  })
  return record
}

function applyVerdict(
  port: FlushPort,
  entry: QueryRecord,
  { effect, markSeq, fetchSeq, ifShownSeq, fetchEvents }: Verdict,
  record: OpenRecord,
  { fetch, isDirect }: FlushOptions,
): void {
  if (effect === 'none') return
  if (!isDirect) port.counters.would += fetchEvents
  // Also for a fetch that answers the events: cancelled, it would leave the query as it was before them.
  port.refetches.note(entry, markSeq, ifShownSeq, record)
  if (effect === 'fresh') {
    record.skippedFresh += 1
    if (fetchSeq > 0 && entry.running && fetch !== 'never') port.refetches.demand(entry, fetchSeq, false)
    else if (fetchSeq > 0 && entry.outcome === 'error') port.reportFailure(entry)
    return
  }
  if (effect === 'fetch' && fetch !== 'never') {
    record.fetched.push(entry.query.queryHash)
    entry.cause = record
    entry.direct = isDirect
    port.refetches.demand(entry, fetchSeq, fetch === 'later')
  } else record.markedStale += 1
  // A query that queues is marked when its fetch starts: stale, TanStack would fetch it at the next focus or mount,
  // past `maxConcurrentRefetches`. Last, because it calls listeners of the app, which may throw.
  if (entry.stage !== 'queued') entry.query.invalidate()
}

/**
 * Applies pending keys as an app without a coalescer would: every event starts a fetch of every query it matches, in
 * place of one that is running. A first fetch and a retry are let run, and followed by one fetch.
 */
export function flushEachEvent(
  port: FlushPort,
  keys: readonly PendingKey[],
  options: FlushOptions,
  mayRestart: boolean,
): FlushedRecord {
  const record = openRecord(keys, options)
  for (const key of keys) {
    const matcher = createKeyMatcher([key], (error) => port.guard.failed(error))
    const isWatched = port.promises.watches(key)
    const demand = createDemand()
    addToDemand(demand, key)
    notifyManager.batch(() => {
      for (const query of port.queryClient.getQueryCache().getAll()) {
        port.guard.run(() => {
          let isMatch = false
          matcher.match(query, () => (isMatch = true))
          if (!isMatch) return
          const entry = port.ledger.record(query)
          const isActive = query.isActive()
          // Logical time 0: `direct` does not ask whether the data is fresh already.
          const verdict = judge(demand, isActive, isFetchable(query, isActive), 0)
          entry.inactiveWantedAt = Math.max(entry.inactiveWantedAt, demand.fetchInactiveSeq)
          restart(port, entry, verdict, record, mayRestart)
          if (isWatched) port.promises.matched(key, entry)
        }, query)
      }
      port.refetches.pump()
    })
  }
  return record
}

function restart(
  port: FlushPort,
  entry: QueryRecord,
  { effect, markSeq, fetchSeq, ifShownSeq, fetchEvents }: Verdict,
  record: OpenRecord,
  mayRestart: boolean,
): void {
  if (effect === 'none') return
  const { query } = entry
  port.refetches.note(entry, markSeq, ifShownSeq, record)
  if (effect === 'mark') {
    record.markedStale += 1
    query.invalidate()
    return
  }
  record.fetched.push(query.queryHash)
  entry.cause = record
  entry.direct = true
  const isPlainRefetch =
    query.state.data !== undefined && query.state.fetchFailureCount === 0 && !query.state.fetchMeta?.fetchMore
  if (!mayRestart || (entry.running && !isPlainRefetch)) {
    port.refetches.demand(entry, fetchSeq, false)
    if (entry.stage !== 'queued') query.invalidate()
    return
  }
  for (let event = 0; event < fetchEvents; event += 1) port.refetches.start(entry, true)
  if (fetchSeq > entry.wantedAt) entry.wantedAt = fetchSeq
  if (entry.running) port.refetches.demand(entry, fetchSeq, false)
}
