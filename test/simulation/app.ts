import {
  type DehydratedState,
  InfiniteQueryObserver,
  type InfiniteData,
  MutationObserver,
  type Query,
  QueryClient,
  type QueryClientConfig,
  QueryObserver,
  dehydrate,
  focusManager,
  hashKey,
  onlineManager,
} from '@tanstack/react-query'
import { SimulatedServer, type Versioned } from '../support/simulatedServer.ts'
import { drain } from '../support/simulatedTime.ts'
import { type PoolQuery, pool } from './pool.ts'
import type { Step, TraceConfig } from './trace.ts'

type Observer = QueryObserver<Data> | InfiniteQueryObserver<Versioned, Error, InfiniteData<Versioned>>

interface Data extends Versioned {
  readonly patched?: number
  /** Rows that the user has added, before the server has them. */
  readonly mine?: number
}

interface Mounted {
  readonly observer: Observer
  readonly unmount: () => void
}

const MAX_MOUNTED = 2
const MAX_PAGES = 3

/** The app of a trace: components that mount and unmount queries of the pool against a simulated server. */
export class SimulatedApp {
  readonly queryClient: QueryClient
  readonly server = new SimulatedServer()
  /** Called when a `queryFn` runs. */
  ran: (query: Query | undefined, request: Promise<unknown>) => void = () => undefined
  isServerUp = true
  readonly #mounted: Mounted[][] = pool.map(() => [])
  readonly #isDisabled = pool.map(() => false)
  readonly #config: TraceConfig

  constructor(config: TraceConfig) {
    this.#config = config
    let requests = 0
    this.server.latencyMs = () => config.latenciesMs[requests++ % config.latenciesMs.length] ?? 0
    this.server.fails = () => !this.isServerUp
    const queries: NonNullable<NonNullable<QueryClientConfig['defaultOptions']>['queries']> = {
      queryFn: (context) => {
        const request = config.abortable ? this.server.abortableQueryFn(context) : this.server.queryFn(context)
        this.ran(this.queryClient.getQueryCache().get(hashKey(context.queryKey)), request)
        return request
      },
      retry: config.retry,
      retryDelay: 60,
      staleTime: config.staleTimeMs,
      gcTime: config.gcTimeMs,
    }
    this.queryClient = new QueryClient({ defaultOptions: { queries } })
    this.queryClient.mount()
  }

  query(index: number): Query | undefined {
    const { queryKey } = pool[index] ?? {}
    return queryKey && this.queryClient.getQueryCache().get(hashKey(queryKey))
  }

  mount(index: number): void {
    const { queryKey, kind } = poolQuery(index)
    const mounted = this.#mounted[index]
    if (!mounted || mounted.length >= MAX_MOUNTED) return
    const enabled = !this.#isDisabled[index]
    const observer: Observer =
      kind === 'infinite'
        ? new InfiniteQueryObserver<Versioned, Error, InfiniteData<Versioned>>(this.queryClient, {
            queryKey,
            enabled,
            initialPageParam: 0,
            getNextPageParam: (_page, pages) => (pages.length < MAX_PAGES ? pages.length : undefined),
          })
        : new QueryObserver<Data>(this.queryClient, {
            queryKey,
            enabled,
            ...(kind === 'static' && { staleTime: 'static' }),
          })
    mounted.push({ observer, unmount: observer.subscribe(() => undefined) })
  }

  unmount(index: number): void {
    this.#mounted[index]?.pop()?.unmount()
  }

  toggle(index: number): void {
    this.#isDisabled[index] = !this.#isDisabled[index]
    for (const { observer } of this.#mounted[index] ?? []) {
      // The union of the two observers has no common parameter for options it was itself made from.
      ;(observer as QueryObserver).setOptions({
        ...(observer as QueryObserver).options,
        enabled: !this.#isDisabled[index],
      })
    }
  }

  refetch(index: number): void {
    void this.#mounted[index]?.[0]?.observer.refetch()
  }

  nextPage(index: number): void {
    const observer = this.#mounted[index]?.[0]?.observer
    if (observer instanceof InfiniteQueryObserver) void observer.fetchNextPage()
  }

  /** The version on screen, the oldest page counting. */
  versionOf(index: number): number | undefined {
    const data = this.query(index)?.state.data as Data | InfiniteData<Versioned> | undefined
    if (data === undefined) return undefined
    return 'pages' in data ? Math.min(...data.pages.map((page) => page.version)) : data.version
  }

  /** The newest version that a patch has written into what is on screen. */
  patchedOf(index: number): number {
    return (this.query(index)?.state.data as Data | undefined)?.patched ?? 0
  }

  /** A patch function that writes a version into the data of a plain query. */
  static patch(version: number): (old: Data | undefined) => Data | undefined {
    return (old) => old && { ...old, patched: Math.max(version, old.patched ?? 0) }
  }

  /** Adds a row by a mutation that shows it at once; `told` hears when the query is touched and when it has ended. */
  mutate(
    index: number,
    write: Extract<Step, { readonly do: 'mutate' }>,
    told: { touched(): void; answered(): void; settles(): void; ended(): void },
  ): void {
    const { queryKey } = poolQuery(index)
    const mutation = new MutationObserver<void, Error, void, { previous: Data | undefined }>(this.queryClient, {
      mutationFn: async () => {
        if (write.outcome === 'never') await new Promise(() => undefined)
        await new Promise((resolve) => setTimeout(resolve, write.commitMs))
        told.answered()
        if (write.outcome === 'failure') throw new Error('409')
      },
      onMutate: async () => {
        told.touched()
        await this.queryClient.cancelQueries({ queryKey, exact: true })
        const previous = this.queryClient.getQueryData<Data>(queryKey)
        // A write clears the mark of data that nobody owes a fetch, which is the app's own doing.
        if (write.writes && this.#maySay(index)) {
          this.queryClient.setQueryData<Data>(queryKey, (old) => old && { ...old, mine: (old.mine ?? 0) + 1 })
        }
        return { previous }
      },
      onError: () => {
        if (!this.#maySay(index)) return
        this.queryClient.setQueryData<Data>(queryKey, (old) => old && { ...old, mine: 0 })
      },
      onSettled: () => told.settles(),
    })
    const ended = (): void => told.ended()
    void mutation.mutate().then(ended, ended)
  }

  #maySay(index: number): boolean {
    const query = this.query(index)
    return query?.isActive() === true && !query.state.isInvalidated
  }

  /** Puts a state of another tab into the cache. */
  putState(index: number, { claims, isNew }: Extract<Step, { readonly do: 'foreignState' }>): void {
    const query = this.query(index)
    const data = query?.state.data as Data | undefined
    if (!query || !data || poolQuery(index).kind !== 'plain') return
    query.setState({
      ...query.state,
      data: isNew ? { ...data, version: this.server.versionOf(query.queryKey) } : { ...data },
      dataUpdatedAt: Date.now(),
      isInvalidated: isNew ? false : query.state.isInvalidated,
      fetchStatus: claims,
    })
  }

  /** Hydrates the promise of a request that runs elsewhere. */
  async hydrate(index: number, latencyMs: number): Promise<DehydratedState> {
    const elsewhere = new QueryClient({
      defaultOptions: { queries: { gcTime: Infinity, networkMode: 'always' } },
    })
    const { queryKey } = poolQuery(index)
    const version = this.server.versionOf(queryKey)
    void elsewhere.prefetchQuery({
      queryKey,
      queryFn: () => new Promise((resolve) => setTimeout(() => resolve({ version }), latencyMs)),
    })
    await drain()
    return dehydrate(elsewhere, { shouldDehydrateQuery: () => true })
  }

  end(): void {
    for (const mounted of this.#mounted) for (const { unmount } of mounted) unmount()
    this.queryClient.unmount()
    this.queryClient.clear()
    focusManager.setFocused(true)
    onlineManager.setOnline(true)
  }

  get config(): TraceConfig {
    return this.#config
  }
}

export function poolQuery(index: number): PoolQuery {
  const query = pool[index]
  if (!query) throw new RangeError(`Expected an index into the pool of ${pool.length} queries, got ${index}.`)
  return query
}
