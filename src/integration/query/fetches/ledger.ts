import {
  CancelledError,
  type Query,
  type QueryCache,
  type QueryCacheNotifyEvent,
  type QueryClient,
} from '@tanstack/react-query'
import type { LogicalClock } from '../../../actions/clock.ts'
import type { FlushedRecord } from '../../../actions/types.ts'
import type { Containment } from '../../../actions/containment.ts'

/**
 * What the coalescer knows of a query. Times are logical: a fetch answers an event if it started at or after the
 * event's time.
 */
export interface Entry {
  readonly query: Query
  /** When the latest fetch started that was not cancelled; 0 if none was seen. */
  startedAt: number
  /** `startedAt` of the latest fetch that ended by itself, to return to when the next one is cancelled. */
  endedStartedAt: number
  /** `startedAt` of the latest failure that was reported. */
  reportedAt: number
  /** Whether the running fetch may bring back what a persister has stored, which is older than any event. */
  mayRestore: boolean
  /** How the latest fetch ended. */
  outcome: FetchOutcome | undefined
  /** What the latest fetch failed with, which the query itself forgets when a patch is written. */
  error: Error | null
  /** Whether TanStack is fetching the query, or has paused its fetch. */
  running: boolean
  /** Whether the coalescer started the running fetch. */
  own: boolean
  /** The newest event the query owes a fetch, or 0. */
  wantedAt: number
  /** The newest event the query is to be stale for, or 0. */
  markedAt: number
  /** What it will owe if a component shows it by the time the fetch that is running now ends. */
  ifShown: { readonly seq: number; readonly cause: FlushedRecord } | undefined
  /** Where the query waits for a fetch it owes. */
  stage: 'none' | 'marked' | 'queued' | 'awaiting'
  /** The newest event that wants a fetch even if no component shows the query, or 0. */
  inactiveWantedAt: number
  /** Whether `direct` would have started the fetch it owes, too. */
  direct: boolean
  /** The flush that last asked for a fetch. */
  cause: FlushedRecord | undefined
  /** Called when the fetch it owes has ended, is paused, or will not come. */
  waiters: (() => void)[]
}

export type FetchOutcome = 'success' | 'error' | 'cancelled'

export interface LedgerListener {
  /** A fetch started; `own` tells whether the coalescer started it, `wasOwn` whether it replaced one of its own. */
  started(entry: Entry, wasOwn: boolean): void
  ended(entry: Entry, outcome: FetchOutcome, wasOwn: boolean): void
  paused(entry: Entry): void
  removed(entry: Entry): void
}

/**
 * Notes, per query, when its latest fetch started, by listening to the query cache. That one number against the
 * time of the newest event tells whether the query needs a fetch.
 */
export class Ledger {
  /** The query whose fetch the coalescer is starting right now. */
  starting: Query | undefined
  readonly cache: QueryCache
  readonly #entries = new WeakMap<Query, Entry>()
  readonly #clock: LogicalClock
  readonly #listener: LedgerListener
  readonly #unsubscribe: () => void

  constructor(queryClient: QueryClient, clock: LogicalClock, listener: LedgerListener, containment: Containment) {
    this.#clock = clock
    this.#listener = listener
    this.cache = queryClient.getQueryCache()
    this.#unsubscribe = this.cache.subscribe((event) => {
      // Most events are none of ours, and a flush of thousands of queries makes many.
      if (event.type === 'removed' || (event.type === 'updated' && event.action.type !== 'invalidate')) {
        containment.run(() => this.#note(event))
      }
    })
  }

  stop(): void {
    this.#unsubscribe()
  }

  entryOf(query: Query): Entry {
    let entry = this.#entries.get(query)
    if (!entry) {
      entry = {
        query,
        startedAt: 0,
        endedStartedAt: 0,
        reportedAt: 0,
        mayRestore: false,
        outcome: undefined,
        error: null,
        running: query.state.fetchStatus !== 'idle',
        own: false,
        wantedAt: 0,
        markedAt: 0,
        ifShown: undefined,
        stage: 'none',
        inactiveWantedAt: 0,
        direct: false,
        cause: undefined,
        waiters: [],
      }
      this.#entries.set(query, entry)
    }
    return entry
  }

  #note(event: QueryCacheNotifyEvent): void {
    if (event.type === 'removed') {
      const entry = this.#entries.get(event.query)
      if (!entry) return
      this.#entries.delete(event.query)
      this.#release(entry)
      this.#listener.removed(entry)
      return
    }
    if (event.type !== 'updated') return
    const { action, query } = event
    switch (action.type) {
      case 'fetch':
        this.#noteStart(query)
        break
      case 'failed':
        observeNextRun(query, () => this.#noteRun(query))
        break
      case 'pause':
        this.#listener.paused(this.entryOf(query))
        break
      case 'continue':
        if (isRenewedByResuming(query)) this.#noteRun(query)
        break
      case 'success':
        if (!action.manual) this.#noteEnd(query, 'success')
        break
      case 'error':
        this.#noteEnd(query, action.error instanceof CancelledError ? 'cancelled' : 'error')
        break
      case 'setState':
        if (query.state.fetchStatus === 'idle') this.#noteEnd(query, 'cancelled')
        break
      default:
    }
  }

  #noteStart(query: Query): void {
    const entry = this.entryOf(query)
    const wasOwn = this.#release(entry)
    entry.running = true
    entry.own = this.starting === query
    entry.mayRestore = query.options.persister !== undefined && query.state.data === undefined
    // One more page does not renew the pages that are there.
    entry.startedAt = isFetchMore(query) ? entry.endedStartedAt : this.#clock.value
    if (isFetchMore(query) && query.state.isInvalidated) {
      // Its success clears the flag, though the pages that are there stay as old as they are.
      this.#clock.value += 1
      entry.markedAt = this.#clock.value
    }
    this.#listener.started(entry, wasOwn)
  }

  #noteRun(query: Query): void {
    this.entryOf(query).startedAt = this.#clock.value
  }

  #noteEnd(query: Query, outcome: FetchOutcome): void {
    const entry = this.entryOf(query)
    if (!entry.running) return
    const wasOwn = this.#release(entry)
    entry.outcome = outcome
    entry.error = outcome === 'error' ? query.state.error : null
    if (outcome === 'cancelled' || (outcome === 'success' && entry.mayRestore)) entry.startedAt = entry.endedStartedAt
    else entry.endedStartedAt = entry.startedAt
    this.#listener.ended(entry, outcome, wasOwn)
  }

  #release(entry: Entry): boolean {
    const wasOwn = entry.running && entry.own
    entry.running = false
    entry.own = false
    return wasOwn
  }
}

/** Whether the fetch that runs loads one more page; without any page, it loads the first like any fetch. */
const isFetchMore = ({ state }: Query): boolean => state.fetchMeta?.fetchMore !== undefined && state.data !== undefined

/** Whether a paused fetch asks for everything anew when it resumes: a retry of an infinite query keeps its pages. */
export const isRenewedByResuming = (query: Query): boolean =>
  !isFetchMore(query) && (query.state.fetchFailureCount === 0 || !isInfinite(query))

const isInfinite = (query: Query): boolean => query.queryType === 'infinite' || query.options.behavior !== undefined

/**
 * Calls back when a retry runs `queryFn`, of which the cache tells nothing. The query's own copy of its options is
 * changed until then; if a render replaces it, the retry counts as having started with the fetch, which is safe.
 */
function observeNextRun(query: Query, ran: () => void): void {
  const { options } = query
  const { queryFn } = options
  // An infinite query retries only the page that failed, so its earlier pages stay as old as they are.
  if (typeof queryFn !== 'function' || isInfinite(query)) return
  const observed: typeof queryFn = (context) => {
    if (options.queryFn === observed) options.queryFn = queryFn
    ran()
    return queryFn(context)
  }
  options.queryFn = observed
}
