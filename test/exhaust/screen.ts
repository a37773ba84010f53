import { type Query, type QueryClient, type QueryKey, QueryObserver, type QueryState } from '@tanstack/react-query'
import { Changes } from './changes.ts'

interface Request {
  readonly version: number
  readonly startedAtMs: number
  end(outcome: 'ok' | 'failed'): void
}

/** Data that is optimistic is below 0, and tells of the version it was written over. */
const optimistic = (version: number): number => -1 - version
const versionOf = (data: number): number => (data < 0 ? -1 - data : data)

/** A query, what shows it, and the server it asks, which answers when it is told to. */
export class Screen {
  readonly queryKey: QueryKey
  readonly changes = new Changes()
  /** How many requests there have been. */
  requests = 0
  /** How long the longest request has taken: one that hangs is given up after a time that depends on it. */
  longestMs = 0
  readonly #queryClient: QueryClient
  readonly #now: () => number
  #unmount: (() => void) | undefined
  #running: Request[] = []
  #fetchOfMount: unknown

  constructor(queryKey: QueryKey, queryClient: QueryClient, now: () => number) {
    this.queryKey = queryKey
    this.#queryClient = queryClient
    this.#now = now
    queryClient.setQueryData(queryKey, 0)
    this.mount()
  }

  get #query(): Query<number> {
    const query = this.#queryClient.getQueryCache().find<number>({ queryKey: this.queryKey, exact: true })
    if (!query) throw new Error(`The query ${JSON.stringify(this.queryKey)} is gone.`)
    return query
  }

  get state(): QueryState<number> {
    return this.#query.state
  }

  get isFetching(): boolean {
    return this.state.fetchStatus !== 'idle'
  }

  get isMounted(): boolean {
    return this.#unmount !== undefined
  }

  get isAsking(): boolean {
    return this.#running.length > 0
  }

  get #isFetchOfMount(): boolean {
    return this.isFetching && this.#query.promise === this.#fetchOfMount
  }

  /** How many changes it lacks. */
  get lag(): number {
    return this.changes.version - this.#data
  }

  get #data(): number {
    return this.state.data ?? 0
  }

  /** Why it is older than its last change; `undefined` if it is not, or if it may be. */
  problem(isStopped: boolean): string | undefined {
    const { isInvalidated, error, fetchStatus } = this.state
    const isMarkedOnly = error !== null || isStopped || !this.isMounted || this.#isLetGo
    if (this.lag === 0 || (isInvalidated && isMarkedOnly)) return undefined
    return `shows ${this.#data} of ${this.changes.version}, and is ${fetchStatus}`
  }

  /** Whether all that it lacks may be lacking. */
  get #isLetGo(): boolean {
    const lacking = this.changes.after(versionOf(this.#data))
    return lacking.length > 0 && lacking.every((fate) => fate === 'let go')
  }

  /** What is seen of it, what it asks for, and what it lacks. */
  describe(isStopped: boolean): unknown {
    const { fetchStatus, status, isInvalidated } = this.state
    const lacks = (version: number): unknown => {
      const fates = this.changes.after(versionOf(version))
      return [version < 0, isStopped ? fates.length > 0 : fates]
    }
    const owed = isStopped ? [] : [this.#isFetchOfMount, this.changes.waiting]
    const asked = this.#running.map(({ version }) => lacks(version))
    return [this.isMounted, fetchStatus, status, isInvalidated, lacks(this.#data), asked, owed]
  }

  mount(): void {
    const wasFetching = this.isFetching
    const queryFn = (): Promise<number> =>
      new Promise((resolve, reject) => {
        this.requests += 1
        const { version } = this.changes
        this.#running.push({
          version,
          startedAtMs: this.#now(),
          end: (outcome) => (outcome === 'ok' ? resolve(version) : reject(new Error('503'))),
        })
      })
    const observer = new QueryObserver(this.#queryClient, { queryKey: this.queryKey, queryFn })
    this.#unmount = observer.subscribe(() => undefined)
    if (!wasFetching) this.#fetchOfMount = this.#query.promise
  }

  unmount(): void {
    this.#unmount?.()
    this.#unmount = undefined
  }

  cancel(): Promise<void> {
    if (this.#isFetchOfMount) this.changes.mountCancelled()
    return this.#queryClient.cancelQueries({ queryKey: this.queryKey, exact: true })
  }

  /** Cancels and writes, as the documented pattern of an optimistic mutation begins. */
  async writeOptimistically(): Promise<void> {
    await this.#queryClient.cancelQueries({ queryKey: this.queryKey, exact: true })
    this.#queryClient.setQueryData(this.queryKey, optimistic(this.changes.version))
  }

  /** Ends the oldest request; returns whether there was one. */
  end(outcome: 'ok' | 'failed'): boolean {
    const request = this.#running.shift()
    if (!request) return false
    this.longestMs = Math.max(this.longestMs, this.#now() - request.startedAtMs)
    if (outcome === 'failed') this.changes.failed(request.version)
    request.end(outcome)
    return true
  }

  /** Answers requests that nobody waits for any more, as they would be some time; returns whether there were any. */
  endAbandoned(): boolean {
    const awaited = this.state.fetchStatus === 'fetching' ? 1 : 0
    const isAny = this.#running.length > awaited
    while (this.#running.length > awaited) this.end('ok')
    return isAny
  }
}
