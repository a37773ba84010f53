import type { Query, QueryClient } from '@tanstack/react-query'
import type { Containment } from '../../../actions/containment.ts'
import { type PendingKey, describeKey } from '../../../actions/pendingKey.ts'
import type { FlushReason, FlushedRecord } from '../../../actions/types.ts'
import type { Counters } from '../fetches/counters.ts'
import type { Fetches } from '../fetches/fetches.ts'
import type { Ledger } from '../fetches/ledger.ts'
import type { Waiters } from '../fetches/waiters.ts'

/** What a flush works on. */
export interface FlushScope {
  readonly queryClient: QueryClient
  readonly ledger: Ledger
  readonly fetches: Fetches
  readonly containment: Containment
  readonly waiters: Waiters
  readonly counters: Counters
}

/** How a flush goes about its keys. */
export interface FlushManner {
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

export const openRecord = (keys: readonly PendingKey[], { reason, waitedMs }: FlushManner): OpenRecord => ({
  reason,
  waitedMs,
  keys: keys.map(describeKey),
  fetched: [],
  skippedFresh: 0,
  markedStale: 0,
})

/** Code of the app may have removed a query since the flush began. */
export const isCached = ({ queryClient }: FlushScope, query: Query): boolean =>
  queryClient.getQueryCache().get(query.queryHash) === query

export const allQueries = ({ queryClient }: FlushScope): readonly Query[] => queryClient.getQueryCache().getAll()

/** Whatever the app's code broke, the query must not pass for fresh. */
export function markFailed({ containment }: FlushScope, query: Query, error: unknown): void {
  containment.failed(error, query)
  containment.run(() => query.invalidate(), query)
}
