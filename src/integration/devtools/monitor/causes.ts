import {
  type Query,
  type QueryCacheNotifyEvent,
  type QueryObserver,
  focusManager,
  onlineManager,
} from '@tanstack/react-query'

/** Why a request was made that no flush has asked for. */
export type RequestCause =
  | 'firstLoad'
  | 'mount'
  | 'options'
  | 'invalidateQueries'
  | 'focus'
  | 'reconnect'
  | 'polling'
  | 'nextPage'
  | 'call'
  | 'retry'
  | 'repeat'
  | 'earlierFlush'

export const causeTexts: Readonly<Record<RequestCause, { readonly name: string; readonly text: string }>> = {
  firstLoad: { name: 'first load', text: 'there was no data yet' },
  mount: { name: 'mount', text: 'a component began to show the query, and its data was stale' },
  options: { name: 'options', text: 'a component changed its options, such as `enabled`' },
  invalidateQueries: { name: 'invalidateQueries', text: 'the app called invalidateQueries() itself' },
  focus: { name: 'focus', text: 'the page got the focus (refetchOnWindowFocus)' },
  reconnect: { name: 'online', text: 'the network came back (refetchOnReconnect)' },
  polling: { name: 'polling', text: 'the time of refetchInterval had passed' },
  nextPage: { name: 'next page', text: 'the app asked for one more page' },
  call: { name: 'the app', text: 'the app asked for it itself: refetch(), refetchQueries(), fetchQuery() or the like' },
  retry: { name: 'retry', text: 'the attempt before had failed' },
  repeat: { name: 'again', text: 'the request before did not answer all changes, or was cancelled' },
  earlierFlush: { name: 'flush', text: 'a flush had asked for it before the panel was there' },
}

/** How much early the timer of `refetchInterval` may seem to be. */
const TIMER_SLACK_MS = 25

/** Names requests as what they are, going by what the query cache tells right before them. */
export class CauseFinder {
  readonly #ends: (() => void)[] = []
  /** What has just happened to a query: a request in the same turn comes from it. */
  readonly #hints = new Map<Query, RequestCause>()
  readonly #startedAtMs = new WeakMap<Query, number>()
  #isFocusNew = false
  #isNetworkNew = false

  start(): void {
    // TanStack refetches after a few microtasks.
    const soon = (set: (isNew: boolean) => void) => (is: boolean) => {
      if (!is) return
      set(true)
      setTimeout(() => set(false), 0)
    }
    this.#ends.push(
      focusManager.subscribe(soon((isNew) => (this.#isFocusNew = isNew))),
      onlineManager.subscribe(soon((isNew) => (this.#isNetworkNew = isNew))),
    )
  }

  stop(): void {
    for (const end of this.#ends.splice(0)) end()
    this.#hints.clear()
  }

  /** Takes what the cache tells, apart from starts of requests. */
  note(event: QueryCacheNotifyEvent): void {
    if (event.type === 'observerAdded') this.#hint(event.query, 'mount')
    else if (event.type === 'observerOptionsUpdated' && this.#hints.get(event.query) !== 'mount') {
      this.#hint(event.query, 'options')
    } else if (event.type === 'updated' && event.action.type === 'invalidate') {
      this.#hint(event.query, 'invalidateQueries')
    }
  }

  /** The cause of a request that has just started and is none of the coalescer's. */
  causeOf(query: Query): RequestCause {
    const nowMs = Date.now()
    const beforeMs = Math.max(this.#startedAtMs.get(query) ?? 0, query.state.dataUpdatedAt)
    this.#startedAtMs.set(query, nowMs)
    if (query.state.fetchMeta?.fetchMore !== undefined) return 'nextPage'
    const hint = this.#hints.get(query)
    if (hint === 'invalidateQueries') return hint
    if (query.state.data === undefined && query.state.errorUpdateCount === 0) return 'firstLoad'
    if (hint !== undefined) return hint
    const { observers } = query
    if (this.#isFocusNew && observers.some((observer) => observer.shouldFetchOnWindowFocus())) return 'focus'
    if (this.#isNetworkNew && observers.some((observer) => observer.shouldFetchOnReconnect())) return 'reconnect'
    if (observers.some((observer) => isPolled(observer, query, nowMs - beforeMs))) return 'polling'
    return 'call'
  }

  #hint(query: Query, cause: RequestCause): void {
    if (this.#hints.size === 0) queueMicrotask(() => this.#hints.clear())
    this.#hints.set(query, cause)
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- as the cache has its observers
function isPolled({ options }: QueryObserver<any, any, any, any, any>, query: Query, sinceMs: number): boolean {
  const { refetchInterval } = options
  const intervalMs: unknown = typeof refetchInterval === 'function' ? refetchInterval(query) : refetchInterval
  return typeof intervalMs === 'number' && intervalMs > 0 && sinceMs >= intervalMs - TIMER_SLACK_MS
}
