import type { FlushReason, QueryKey } from '../../../actions/types.ts'
import type { WaitExplanation } from '../../../actions/windows/windows.ts'
import type { Arrived } from './arrivals.ts'
import type { RequestCause } from './causes.ts'

/** A key of a flush, with what came for it. */
export interface TimelineKey extends Arrived {
  readonly queryKey: QueryKey
  readonly events: number
  /** Why this key was flushed, where keys have windows of their own. */
  readonly reason: FlushReason
}

export type RequestState = 'waiting' | 'fetching' | 'paused' | 'success' | 'error' | 'cancelled'

/** One request of a query. */
export interface TimelineRequest {
  readonly queryKey: QueryKey
  readonly state: RequestState
  readonly startedAtMs: number | undefined
  readonly tookMs: number | undefined
  /** What there is to say about this one in particular. */
  readonly note?: string | undefined
}

/** A fetch that a flush decided on. */
export interface TimelineFetch extends TimelineRequest {
  /** The flushed keys that match its query. */
  readonly causes: readonly TimelineKey[]
}

export interface FlushEntry {
  readonly type: 'flush'
  readonly reason: FlushReason
  readonly waitedMs: number
  /** Rows of the feed that changed, and events of the app that came from elsewhere. */
  readonly rowChanges: number
  readonly otherEvents: number
  readonly keyCount: number
  readonly keys: readonly TimelineKey[]
  readonly fetchCount: number
  readonly fetches: readonly TimelineFetch[]
  readonly skippedFresh: number
  readonly markedStale: number
  /** The queries that were marked stale without a fetch. */
  readonly marked: readonly QueryKey[]
  /** Why its windows waited, under a strategy that finds that out. */
  readonly waits: readonly WaitExplanation[]
  /** The gap of the feed that it caught up with. */
  readonly gap: string | undefined
}

/** Requests that no flush has asked for, of one kind and moment. */
export interface RequestsEntry {
  readonly type: 'requests'
  readonly cause: RequestCause
  readonly requestCount: number
  readonly requests: readonly TimelineRequest[]
}

/** What happened at one moment. */
export type TimelineBody =
  | FlushEntry
  | RequestsEntry
  | { readonly type: 'switch'; readonly from: string; readonly to: string; readonly pendingKeys: number }
  | { readonly type: 'failure'; readonly what: string; readonly message: string }
  | { readonly type: 'feed'; readonly text: string }

/** One line of the timeline; another object whenever it shows something else. */
export type TimelineEntry = { readonly id: number; readonly atMs: number } & TimelineBody

/** How much of one moment is kept in detail; the rest is counted. */
export const MAX_DETAILS = 25
