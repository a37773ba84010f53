import {
  CancelledError,
  type Query,
  type QueryCache,
  type QueryCacheNotifyEvent,
  type QueryClient,
} from '@tanstack/react-query'
import type { LogicalClock } from '../../../actions/clock.ts'
import type { Containment } from '../../../actions/containment.ts'
import {
  type Entry,
  type FetchOutcome,
  createEntry,
  dropRun,
  endRun,
  isOwnRun,
  isRunning,
  renewRun,
  startRun,
} from './way.ts'

export interface LedgerListener {
  /** A fetch started; `own` tells whether the coalescer started it, `wasOwn` whether it replaced one of its own. */
  started(entry: Entry, wasOwn: boolean): void
  /** What a fetch brings is stale already, for an event of this time. */
  outdated(entry: Entry, seq: number): void
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
  #lastId = 0

  constructor(queryClient: QueryClient, clock: LogicalClock, listener: LedgerListener, containment: Containment) {
    this.#clock = clock
    this.#listener = listener
    this.cache = queryClient.getQueryCache()
    this.#unsubscribe = this.cache.subscribe((event) => {
      // Most events are none of ours, and a flush of thousands of queries makes many.
      if (event.type === 'removed' || (event.type === 'updated' && event.action.type !== 'invalidate')) {
        containment.run(() => this.#hear(event))
      }
    })
  }

  stop(): void {
    this.#unsubscribe()
  }

  entryOf(query: Query): Entry {
    let entry = this.#entries.get(query)
    if (!entry) {
      this.#lastId += 1
      entry = createEntry(query, this.#lastId)
      this.#entries.set(query, entry)
    }
    return entry
  }

  #hear(event: QueryCacheNotifyEvent): void {
    if (event.type === 'removed') {
      const entry = this.#entries.get(event.query)
      if (!entry) return
      this.#entries.delete(event.query)
      dropRun(entry)
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
    const wasOwn = isOwnRun(entry)
    const mayRestore = query.options.persister !== undefined && query.state.data === undefined
    // One more page does not renew the pages that are there.
    const startedAt = isFetchMore(query) ? entry.endedStartedAt : this.#clock.value
    startRun(entry, this.starting === query, mayRestore, startedAt)
    // Its success clears the flag, though the pages that are there stay as old as they are.
    if (isFetchMore(query) && query.state.isInvalidated) this.#listener.outdated(entry, (this.#clock.value += 1))
    this.#listener.started(entry, wasOwn)
  }

  #noteRun(query: Query): void {
    renewRun(this.entryOf(query), this.#clock.value)
  }

  #noteEnd(query: Query, outcome: FetchOutcome): void {
    const entry = this.entryOf(query)
    if (!isRunning(entry)) return
    const wasOwn = isOwnRun(entry)
    endRun(entry, outcome)
    this.#listener.ended(entry, outcome, wasOwn)
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
