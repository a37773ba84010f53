import { CancelledError, type Query, type QueryCacheNotifyEvent, type QueryClient } from '@tanstack/react-query'
import type { ObservedFetch } from './observedFetch.ts'
import { type Watched, createWatched, latestOf } from './watched.ts'
import { watchFetchCalls } from './watchFetchCalls.ts'

export interface MonitorPort {
  /** Counts everything that happens. */
  tick(): number
  /** The visible time in milliseconds. */
  now(): number
  started(fetch: ObservedFetch, before: ObservedFetch | undefined): void
  /** A query was marked stale. */
  marked(query: Query): void
}

/** The `stuckAfterMs` of a trace: more than four times what the slowest of its queries takes. */
export const STUCK_AFTER_MS = 10_000

/** Watches the query cache for fetches and tells who started them. */
export class Monitor {
  readonly fetches: ObservedFetch[] = []
  /** How many fetches of the coalescer's were cancelled by anyone. */
  ownCancelled = 0
  /** Whether what happens comes from elsewhere: another tab's state, a hydrated promise, a restored cache. */
  isForeign = false
  readonly #watched = new Map<Query, Watched>()
  readonly #port: MonitorPort
  readonly #end: () => void
  #caller: ObservedFetch['by'] = 'app'

  constructor(queryClient: QueryClient, port: MonitorPort) {
    this.#port = port
    const unsubscribe = queryClient.getQueryCache().subscribe((event) => this.#note(event))
    const unwatch = watchFetchCalls({
      calling: (by, call) => this.#callAs(by, call),
      isForeign: () => this.isForeign,
      handedOut: (query, answer) => {
        const fetch = this.running(query)
        if (fetch) this.#watchAnswer(fetch, answer)
      },
    })
    this.#end = () => {
      unwatch()
      unsubscribe()
    }
  }

  end(): void {
    this.#end()
  }

  /** The fetch a query is running. */
  running(query: Query): ObservedFetch | undefined {
    const last = this.#watch(query).fetches.at(-1)
    return last?.outcome === 'running' ? last : undefined
  }

  /**
   * The latest fetch that renews the query and was not cancelled, running or not. A success on which the failure of an
   * older request has landed, hidden by another tab's state, renews nothing any more.
   */
  latest(query: Query, except?: ObservedFetch): ObservedFetch | undefined {
    return latestOf(query, this.#watch(query), except)
  }

  /** Whether the query's newest fetch has loaded one more page. */
  hasLoadedMore(query: Query): boolean {
    return this.#watch(query).fetches.at(-1)?.isFetchMore === true
  }

  /** Whether one more page has cleared the mark of pages that stay as old as they are. */
  hasUnmarkedPages(query: Query): boolean {
    const last = this.#watch(query).fetches.at(-1)
    return last?.isFetchMore === true && last.wasInvalidated
  }

  /** Whether the query's newest fetch was the app's own and has been cancelled. */
  hasLostOwnFetch(query: Query): boolean {
    const last = this.#watch(query).fetches.at(-1)
    return last?.by === 'app' && last.outcome === 'cancelled'
  }

  /** Whether a fetch has ended that started after `seq` and was not cancelled. */
  hasAnswered(query: Query, seq: number): boolean {
    return this.#watch(query).fetches.some(
      ({ isFetchMore, isForeign, attemptSeq, outcome }) =>
        !isFetchMore && !isForeign && attemptSeq > seq && (outcome === 'success' || outcome === 'error'),
    )
  }

  /** Whether a request of the query has been hidden by another tab's state, and one has failed. */
  hasFailedHidden(query: Query): boolean {
    const { wasHidden, hasFailed } = this.#watch(query)
    return wasHidden && hasFailed
  }

  /** When the query's last fetch ended, or the query was first seen. */
  endedAtMs(query: Query): number {
    return this.#watch(query).endedAtMs
  }

  /** The coalescer's fetches that run or are paused. */
  get ownRunning(): ObservedFetch[] {
    return this.fetches.filter((fetch) => fetch.by === 'coalescer' && fetch.outcome === 'running')
  }

  /** Whether the latest attempt of a fetch runs for longer than a request may. */
  isStuck({ outcome, isPaused, attemptAtMs }: ObservedFetch): boolean {
    return outcome === 'running' && !isPaused && Date.now() - attemptAtMs >= STUCK_AFTER_MS
  }

  /** Whether a fetch of the query has not ended for so long, at some time since then, that nobody waited for it. */
  hasHung(query: Query, sinceMs: number): boolean {
    return this.#watch(query).fetches.some(
      ({ attemptAtMs, endedAtMs = Date.now() }) => endedAtMs >= sinceMs && endedAtMs - attemptAtMs >= STUCK_AFTER_MS,
    )
  }

  /** Whether any fetch runs and is not paused. */
  get isFetching(): boolean {
    return this.fetches.some((fetch) => fetch.outcome === 'running' && !fetch.isPaused)
  }

  /** Notes that a `queryFn` runs. */
  ran(query: Query | undefined, request: Promise<unknown>): void {
    const fetch = query && this.running(query)
    if (!fetch) return
    this.#watchAnswer(fetch, request)
    if (fetch.runs === 0) fetch.attemptSeq = fetch.seq = this.#port.tick()
    fetch.runs += 1
    fetch.attemptAtMs = Date.now()
    if (query.state.fetchFailureCount > 0) fetch.isForeign = false
    // A retry of an infinite query goes on with the pages it has.
    if (query.state.fetchFailureCount > 0 && query.queryType !== 'infinite') fetch.attemptSeq = this.#port.tick()
  }

  /** Notes the answer to a request before TanStack hears of it. */
  #watchAnswer(fetch: ObservedFetch, request: Promise<unknown>): void {
    const { answered } = this.#watch(fetch.query)
    // Cancelled for good, its answer lands nowhere; one that another tab's state hides still lands.
    fetch.query.promise?.catch((error: unknown) => {
      if (!(error instanceof CancelledError)) return
      fetch.isAbandoned = true
      answered.delete(fetch)
    })
    request.then(
      // One that has landed gets no more: what comes is a page that a cancelled fetch before it still asks for.
      () => !fetch.isAbandoned && fetch.outcome !== 'success' && answered.add(fetch),
      () => undefined,
    )
  }

  #callAs<T>(caller: ObservedFetch['by'], call: () => T): T {
    const before = this.#caller
    this.#caller = caller
    try {
      return call()
    } finally {
      this.#caller = before
    }
  }

  #watch(query: Query): Watched {
    let watched = this.#watched.get(query)
    if (!watched) this.#watched.set(query, (watched = createWatched(this.#port.now())))
    return watched
  }

  #note(event: QueryCacheNotifyEvent): void {
    const { query } = event
    if (event.type === 'removed') {
      this.#finish(query, 'cancelled')
      this.#watched.delete(query)
    }
    if (event.type !== 'updated') return
    const { action } = event
    if (action.type === 'invalidate') this.#port.marked(query)
    if (action.type === 'failed' || action.type === 'error') this.#watch(query).hasFailed = true
    if (action.type === 'setState' && this.isForeign && this.running(query)) this.#watch(query).wasHidden = true
    if (action.type === 'fetch') {
      const before = this.running(query)
      if (before) this.#finish(query, 'cancelled')
      const seq = this.#port.tick()
      const fetch: ObservedFetch = {
        query,
        by: this.#caller,
        askedSeq: seq,
        seq,
        attemptSeq: seq,
        isFetchMore: action.meta?.fetchMore !== undefined && query.state.data !== undefined,
        runs: 0,
        outcome: 'running',
        attemptAtMs: Date.now(),
        endedAtMs: undefined,
        isForeign: this.isForeign,
        isAwaited: false,
        isAbandoned: false,
        isOverwritten: false,
        isPaused: query.state.fetchStatus === 'paused',
        wasInvalidated: query.state.isInvalidated,
        resumedSeq: undefined,
      }
      this.#watch(query).fetches.push(fetch)
      this.fetches.push(fetch)
      this.#port.started(fetch, before)
    } else if (action.type === 'pause') {
      const fetch = this.running(query)
      if (fetch) fetch.isPaused = true
    } else if (action.type === 'continue') {
      const fetch = this.running(query)
      if (fetch) fetch.isPaused = false
      if (fetch && fetch.runs === 0) {
        fetch.attemptSeq = fetch.seq = fetch.resumedSeq = this.#port.tick()
        fetch.attemptAtMs = Date.now()
      }
    } else if (action.type === 'success' && !action.manual) this.#succeed(query)
    else if (action.type === 'error') {
      this.#finish(query, action.error instanceof CancelledError ? 'cancelled' : 'error')
    } else if (action.type === 'setState' && query.state.fetchStatus === 'idle' && !this.isForeign) {
      this.#finish(query, 'cancelled')
    }
  }

  /**
   * An answer has landed: not always of the latest request, since another tab's state may have hidden an older one,
   * which then stands in the place of what later ones have brought.
   */
  #succeed(query: Query): void {
    const { answered, fetches } = this.#watch(query)
    const [landed] = answered
    if (!landed) return
    if (landed === this.running(query)) return this.#finish(query, 'success')
    answered.delete(landed)
    landed.outcome = 'success'
    for (const later of fetches.slice(fetches.indexOf(landed) + 1)) {
      if (later.outcome === 'success') later.isOverwritten = true
    }
  }

  #finish(query: Query, outcome: 'success' | 'error' | 'cancelled'): void {
    const fetch = this.running(query)
    if (!fetch) return
    fetch.outcome = outcome
    fetch.endedAtMs = Date.now()
    if (outcome !== 'cancelled') this.#watch(query).answered.delete(fetch)
    if (outcome === 'cancelled' && fetch.by === 'coalescer') this.ownCancelled += 1
    this.#watch(query).endedAtMs = this.#port.now()
  }
}
