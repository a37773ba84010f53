import {
  CancelledError,
  type Query,
  type QueryCache,
  type QueryCacheNotifyEvent,
  type QueryClient,
} from '@tanstack/react-query'
import type { LogicalClock } from '../../../actions/clock.ts'
import type { Containment } from '../../../actions/containment.ts'
import { Asking } from './asking.ts'
import { asksAtOnce, isFetchMore, isInfinite, isRenewedByResuming, longestDelayMs } from './observe.ts'
import { type Entry, type FetchOutcome, createEntry, isOpen, isOwnRun } from './way.ts'
import {
  doubtRun,
  dropRun,
  endRun,
  failAttempt,
  isRevertedTo,
  noteWritten,
  pauseRun,
  renewRun,
  startAttempt,
  startRun,
  trustRun,
} from './runs.ts'

export interface LedgerListener {
  /** A fetch started; `own` tells whether the coalescer started it, `wasOwn` whether it replaced one of its own. */
  started(entry: Entry, wasOwn: boolean): void
  /** What a fetch brings is stale already, for an event of this time. */
  noteMark(entry: Entry, seq: number): void
  ended(entry: Entry, outcome: FetchOutcome, wasOwn: boolean): void
  paused(entry: Entry): void
  /** A component shows a query from now on. */
  shown(entry: Entry): void
  /** The app has written to a query. */
  written(entry: Entry): void
  removed(entry: Entry): void
  /** Looks after data that no request of this client has asked for. */
  readonly data: {
    /** What a query has was read at this time, or nobody knows when. */
    check(query: Query, readAtMs?: number): void
    /** Another state than its request brings was put into a query. */
    checkState(query: Query): void
  }
}

interface LedgerPort {
  readonly clock: LogicalClock
  readonly now: () => number
  readonly listener: LedgerListener
  readonly containment: Containment
}

/**
 * Notes, per query, when its latest fetch started, by listening to the query cache. That one number against the
 * time of the newest event tells whether the query needs a fetch.
 */
export class Ledger {
  /** The query whose fetch the coalescer is starting right now. */
  starting: Entry | undefined
  /** When the run of starts began that this one belongs to. */
  startingAtMs = 0
  readonly cache: QueryCache
  readonly #entries = new WeakMap<Query, Entry>()
  readonly #asking: Asking
  readonly #port: LedgerPort
  readonly #unsubscribe: () => void
  #lastId = 0

  constructor(queryClient: QueryClient, port: LedgerPort) {
    this.#port = port
    this.#asking = new Asking(port)
    this.cache = queryClient.getQueryCache()
    const hear = (event: QueryCacheNotifyEvent): void => this.#hear(event)
    this.#unsubscribe = this.cache.subscribe((event) => {
      // Most events are none of ours, and a flush of thousands of queries makes many.
      if (event.type === 'updated') {
        if (event.action.type !== 'invalidate') port.containment.runWith(hear, event)
        return
      }
      if (heard.has(event.type)) port.containment.runWith(hear, event)
    })
  }

  stop(): void {
    this.#unsubscribe()
  }

  entryOf(query: Query): Entry {
    if (this.starting?.query === query) return this.starting
    let entry = this.#entries.get(query)
    if (!entry) {
      this.#lastId += 1
      entry = createEntry(query, this.#lastId, this.#port.now())
      this.#entries.set(query, entry)
    }
    return entry
  }

  /** Has the end of a request noticed that is cancelled silently, of which the cache tells nobody. */
  watchRun(query: Query, promise = query.promise): void {
    // A request that is just being started has no promise yet.
    const ended = promise ?? Promise.reject(new CancelledError())
    ended.catch(() => this.#port.containment.runWith(this.#findEnd, query))
  }

  /** A state that says `fetching` with no request behind it is what a silent cancellation leaves. */
  readonly #findEnd = (query: Query): void => {
    if (query.state.fetchStatus !== 'idle' && query.promise === undefined) this.#noteEnd(query, 'cancelled')
  }

  #hear(event: QueryCacheNotifyEvent): void {
    const { query } = event
    if (event.type === 'observerAdded') return this.#noteShown(query)
    if (event.type === 'observerOptionsUpdated') return this.#asking.observeAgain(query)
    if (event.type === 'removed') {
      this.#asking.forget(query)
      const entry = this.#entries.get(query)
      if (!entry) return
      this.#entries.delete(query)
      if (this.starting === entry) this.starting = undefined
      dropRun(entry)
      this.#port.listener.removed(entry)
      return
    }
    if (event.type === 'added' && query.state.data !== undefined) this.#noteData(query)
    if (event.type !== 'updated') return
    const { action } = event
    switch (action.type) {
      case 'fetch':
        this.#noteStart(query)
        break
      case 'failed':
        this.#noteFailed(query)
        break
      case 'pause':
        pauseRun(this.entryOf(query))
        this.#port.listener.paused(this.entryOf(query))
        break
      case 'continue':
        this.#noteResumed(query)
        break
      case 'success':
        if (!action.manual) this.#noteEnd(query, 'success')
        else {
          noteWritten(this.entryOf(query))
          this.#noteData(query)
          this.#port.listener.written(this.entryOf(query))
        }
        break
      case 'error':
        this.#noteEnd(query, action.error instanceof CancelledError ? 'cancelled' : 'error')
        break
      case 'setState':
        this.#noteState(query)
        break
      default:
    }
  }

  #noteStart(query: Query): void {
    // A request that goes on, though another tab's state says that none does, is not to land on top of this one.
    if (query.promise !== undefined) query.cancel({ silent: true }).catch(() => undefined)
    const { clock, listener, now } = this.#port
    const entry = this.entryOf(query)
    const wasOwn = isOwnRun(entry)
    const isOwn = this.starting === entry
    const isPaused = query.state.fetchStatus === 'paused'
    const isMore = isFetchMore(query)
    // The coalescer hands no promise to the requests that it starts.
    const hasAsked = isOwn && !isPaused && asksAtOnce(query)
    // One more page does not renew the pages that are there; and a request counts from when it asks.
    const startedAt = isPaused && !isMore ? clock.value : entry.endedStartedAt
    startRun(entry, isOwn, startedAt, isOwn ? this.startingAtMs : now())
    if (isMore) trustRun(entry)
    else if (hasAsked || query.options.behavior !== undefined) renewRun(entry, clock.value)
    if (!isPaused && !hasAsked) this.#asking.observe(query, entry)
    // Its success clears the flag, though the pages that are there stay as old as they are.
    if (isMore && query.state.isInvalidated) listener.noteMark(entry, (clock.value += 1))
    listener.started(entry, wasOwn)
  }

  #noteFailed(query: Query): void {
    const entry = this.entryOf(query)
    const nowMs = this.#port.now()
    failAttempt(entry, nowMs, nowMs + longestDelayMs(query))
    this.#asking.observe(query, entry)
  }

  #noteResumed(query: Query): void {
    const entry = this.entryOf(query)
    // An infinite query asks by the options it had when it was paused, where nothing is observed. A retry counts from
    // the attempts before it until it asks, which it does not if an unmount has given it up.
    if (isRenewedByResuming(query)) {
      if (isInfinite(query)) renewRun(entry, this.#port.clock.value)
      else if (query.state.fetchFailureCount === 0) doubtRun(entry)
    }
    startAttempt(entry, this.#port.now())
    this.#asking.observe(query, entry)
  }

  #noteShown(query: Query): void {
    this.#asking.observeAgain(query)
    const entry = this.#entries.get(query)
    if (entry) this.#port.listener.shown(entry)
  }

  #noteEnd(query: Query, outcome: FetchOutcome): void {
    const entry = this.entryOf(query)
    if (!isOpen(entry)) return
    const wasOwn = isOwnRun(entry)
    const isHandedOut = outcome === 'success' && !entry.hasAsked
    this.#asking.end(query)
    endRun(entry, outcome, this.#port.now())
    this.#port.listener.ended(entry, outcome, wasOwn)
    if (isHandedOut) this.#port.listener.data.check(query)
  }

  #noteState(query: Query): void {
    const entry = this.entryOf(query)
    if (isOpen(entry) && query.state.fetchStatus === 'idle') {
      if (query.promise === undefined || isRevertedTo(entry, query.state)) return this.#noteEnd(query, 'cancelled')
      this.#confirmRun(query, entry)
    }
    if (query.state.data !== undefined) this.#port.listener.data.checkState(query)
  }

  /** Another tab's state says that no request runs; the query's promise tells whether that is so. */
  #confirmRun(query: Query, entry: Entry): void {
    const { runId } = entry
    const ended = (): void => {
      if (entry.runId === runId && isOpen(entry)) this.#port.containment.run(() => this.#noteEnd(query, 'cancelled'))
    }
    // It settles before the query takes its result.
    const afterResult = (): void => queueMicrotask(() => queueMicrotask(ended))
    query.promise?.then(afterResult, afterResult)
  }

  #noteData(query: Query): void {
    this.#port.listener.data.check(query, query.state.dataUpdatedAt)
  }
}

const heard: ReadonlySet<QueryCacheNotifyEvent['type']> = new Set([
  'removed',
  'added',
  'observerAdded',
  'observerOptionsUpdated',
])
