/** A TanStack Query key. Restated here so that actions depend on no framework. */
export type QueryKey = readonly unknown[]

/** Which matching queries an invalidation fetches; the others are only marked stale. */
export type RefetchType = 'active' | 'inactive' | 'all' | 'none'

/** Which matching queries a refetch fetches. */
export type RefetchQueryType = 'active' | 'all'

/** Why a flush ran. */
export type FlushReason =
  | 'quiet'
  | 'maxWait'
  | 'manual'
  | 'urgent'
  | 'leading'
  | 'switch'
  | 'visible'
  | 'stop'
  | 'direct'

/** A change after which the row is there. */
export interface InsertOrUpdateChange<Row extends object = Record<string, unknown>> {
  readonly schema: string
  readonly table: string
  readonly eventType: 'INSERT' | 'UPDATE'
  /** The row after the change. */
  readonly new: Row
  /** What the feed tells of the row before the change: often only the primary key, `{}` for an INSERT. */
  readonly old: Partial<Row>
  readonly commitTimestamp: string | null
  readonly errors: readonly string[] | null
}

/** A change after which the row is gone. */
export interface DeleteChange<Row extends object = Record<string, unknown>> {
  readonly schema: string
  readonly table: string
  readonly eventType: 'DELETE'
  /** `{}`: there is no row any more. */
  readonly new: Partial<Row>
  /** What the feed tells of the row before the change; often only the primary key. */
  readonly old: Partial<Row>
  readonly commitTimestamp: string | null
  readonly errors: readonly string[] | null
}

/** One row event of the feed, as handlers receive it. Its `eventType` tells whether `new` is a whole row. */
export type Change<Row extends object = Record<string, unknown>> = InsertOrUpdateChange<Row> | DeleteChange<Row>

/**
 * What one statement has changed, told by its database without the rows. It has nothing to patch from: a table's `keys`
 * sees it, a handler never does.
 */
export interface StatementChange<Row extends object = Record<string, unknown>> {
  readonly schema: string
  readonly table: string
  readonly eventType: 'INSERT' | 'UPDATE' | 'DELETE'
  /** The primary key of the row, if the statement has inserted or updated a single one; else `{}`. */
  readonly new: Partial<Row>
  /** The primary key of the row, if the statement has updated or deleted a single one; else `{}`. */
  readonly old: Partial<Row>
  readonly commitTimestamp: null
  readonly errors: null
  /** How many rows the statement has changed. */
  readonly rows: number
  /** The primary keys of all of them; of an UPDATE that changes keys, those before and those after. */
  readonly keys: readonly Partial<Row>[]
}

/** A message of a topic that is no change of a table, sent with `realtime.send` or by another client. */
export interface BroadcastMessage<Payload = unknown> {
  readonly event: string
  readonly payload: Payload
  /** What tells it from all other messages; `null` if it was sent by a client. */
  readonly id: string | null
  /** Whether it was sent before the topic was joined, and missed by then. */
  readonly isReplayed: boolean
}

/** A data update of one query, applied with `setQueryData`. */
export interface Patch {
  readonly queryKey: QueryKey
  /** Returns the new data; `undefined` leaves the query as it is. */
  // oxlint-disable-next-line typescript/no-explicit-any -- data of a query is typed by its own queryFn, which a key alone cannot name
  readonly update: (old: any) => unknown
}

/** What a handler wants done for a change. */
export interface ChangeEffects {
  /** Keys whose queries are marked stale, and refetched where they are on screen. */
  readonly invalidate?: readonly QueryKey[] | undefined
  /** Keys whose queries are refetched; the object form chooses `'all'` to fetch unmounted ones too. */
  readonly refetch?:
    | readonly (QueryKey | { readonly queryKey: QueryKey; readonly type?: RefetchQueryType | undefined })[]
    | undefined
  /** Data updates, applied before anything is marked stale. */
  readonly patch?: readonly Patch[] | undefined
  /** Keys whose running fetches are cancelled, before the patches. */
  readonly cancel?: readonly QueryKey[] | undefined
}

/** Turns a change into effects; pure, so that `batch` can run it later. */
export type ChangeHandler<Row extends object = Record<string, unknown>> = (change: Change<Row>) => ChangeEffects

/** Marks the queries of the keys stale and refetches what is on screen. */
export interface InvalidateEvent {
  readonly type: 'INVALIDATE'
  readonly queryKeys: readonly QueryKey[]
  /** Match only the query of exactly this key instead of all keys that start with it. */
  readonly exact?: boolean | undefined
  readonly refetchType?: RefetchType | undefined
  /** Flush at once. */
  readonly urgent?: boolean | undefined
  /** A label that explains the fetches this event leads to, such as `'goals:INSERT'`. */
  readonly source?: string | undefined
}

/** Refetches the queries of the keys. */
export interface RefetchEvent {
  readonly type: 'REFETCH'
  readonly queryKeys: readonly QueryKey[]
  readonly queryType?: RefetchQueryType | undefined
  readonly source?: string | undefined
}

/** A change whose handler runs when the strategy says so: at once, or at the flush under `batch`. */
export interface ChangeEvent {
  readonly type: 'CHANGE'
  readonly change: Change
  readonly handler: ChangeHandler
}

/** A key that waits for a flush, as records show it. */
export interface FlushedKey {
  readonly queryKey: QueryKey
  /** How many events named this key. */
  readonly events: number
  /** The distinct `source` labels of those events, at most 50. */
  readonly sources: readonly string[]
}

/** What one flush did. */
export interface FlushedRecord {
  readonly reason: FlushReason
  /** How long the oldest event waited, in milliseconds; time hidden under `'defer'` does not count. */
  readonly waitedMs: number
  readonly keys: readonly FlushedKey[]
  /** Hashes of the queries this flush decided to fetch, also those that follow a running fetch or queue for a slot. */
  readonly fetched: readonly string[]
  /** Matching queries left alone, because their latest fetch started after the newest event. */
  readonly skippedFresh: number
  /** Matching queries marked stale without a fetch. */
  readonly markedStale: number
}

/** A fetch for an event that ended in an error, retries included. Its query is stale. */
export interface RefetchFailedRecord {
  readonly queryKey: QueryKey
  readonly queryHash: string
  readonly error: unknown
}

/** A handler that threw, or returned what are no effects. */
export interface HandlerFailedRecord {
  readonly change: Change
  readonly error: unknown
}

/** What the coalescer has done since it was created. */
export interface CoalescerStats {
  /** Events received; an INVALIDATE or REFETCH counts once per key. */
  readonly eventsReceived: number
  readonly flushes: number
  /** Fetches started by the coalescer; TanStack's retries are not new fetches. */
  readonly fetchesStarted: number
  /** Fetches `direct` would have started for the same events, less those started. */
  readonly fetchesSaved: number
  readonly fetchesFailed: number
  /** The longest any event has waited for its flush, in milliseconds. */
  readonly longestWaitMs: number
}

/** Describes a caught failure to `onError`. */
export type ErrorInfo =
  | { readonly type: 'refetchFailed'; readonly queryKey: QueryKey; readonly queryHash: string }
  | { readonly type: 'fetchStuck'; readonly queryKey: QueryKey; readonly queryHash: string }
  | { readonly type: 'handlerFailed'; readonly change: Change }
  | { readonly type: 'patchFailed'; readonly queryKey: QueryKey }
  | { readonly type: 'queryFailed'; readonly queryKey: QueryKey; readonly queryHash: string }
  | { readonly type: 'listenerFailed'; readonly event: string }
  | { readonly type: 'badEvent'; readonly event: unknown }
  /** A function that was given as an option has thrown. */
  | { readonly type: 'optionFailed'; readonly option: string }
  | { readonly type: 'feedFailed'; readonly message: string }
  | { readonly type: 'actorDied' }
