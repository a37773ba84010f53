import {
  type QueryFunctionContext,
  type QueryKey,
  QueryClient,
  QueryObserver,
  focusManager,
  hashKey,
} from '@tanstack/react-query'
import {
  type ChangeHandler,
  type Coalescer,
  type CoalescerOptions,
  type FlushReason,
  type StrategyOption,
  createCoalescer,
} from 'realtime-coalescer'
import { advance, drain } from '../support/simulatedTime.ts'

interface Request {
  readonly version: number
  resolve(version: number): void
  reject(error: Error): void
}

/** A real coalescer over a real query client; a request ends when the model says so. */
export class System {
  readonly queryClient: QueryClient
  readonly coalescer: Coalescer
  /** The newest version of each key on the server. */
  readonly #versions = new Map<string, number>()
  readonly #requests = new Map<string, Request[]>()
  readonly #reasons: FlushReason[] = []
  readonly #queryKeys: readonly QueryKey[]
  readonly #unmounts: (() => void)[] = []

  constructor(queryKeys: readonly QueryKey[], options: CoalescerOptions) {
    this.#queryKeys = queryKeys
    this.queryClient = new QueryClient({
      defaultOptions: {
        queries: {
          queryFn: (context) => this.#request(context),
          retry: false,
          staleTime: Infinity,
          gcTime: Infinity,
          refetchOnWindowFocus: false,
        },
      },
    })
    this.queryClient.mount()
    for (const queryKey of queryKeys) {
      this.queryClient.setQueryData(queryKey, 0)
      const observer = new QueryObserver(this.queryClient, { queryKey })
      this.#unmounts.push(observer.subscribe(() => undefined))
    }
    this.coalescer = createCoalescer({
      queryClient: this.queryClient,
      onError: (error, info) => {
        if (info.type !== 'refetchFailed') throw error
      },
      ...options,
    })
    this.coalescer.on('flushed', (record) => this.#reasons.push(record.reason))
  }

  write(queryKey: QueryKey): void {
    const hash = hashKey(queryKey)
    this.#versions.set(hash, this.#versionOf(queryKey) + 1)
  }

  async invalidate(queryKey: QueryKey, urgent = false): Promise<void> {
    this.write(queryKey)
    this.coalescer.scheduleInvalidate(queryKey, { urgent })
    await drain()
  }

  /** Sends the change with a handler that knows its key. */
  async change(queryKey: QueryKey, handler: ChangeHandler = () => ({ invalidate: [queryKey] })): Promise<void> {
    this.write(queryKey)
    this.coalescer.send({
      type: 'CHANGE',
      change: {
        schema: 'public',
        table: 't',
        eventType: 'UPDATE',
        new: {},
        old: {},
        commitTimestamp: null,
        errors: null,
      },
      handler,
    })
    await drain()
  }

  async flush(): Promise<void> {
    void this.coalescer.flush()
    await drain()
  }

  async switchTo(strategy: StrategyOption): Promise<void> {
    this.coalescer.switchStrategy(strategy)
    await drain()
  }

  async reset(): Promise<void> {
    this.coalescer.reset()
    await drain()
  }

  async pass(ms: number): Promise<void> {
    await advance(ms)
    // A timer of 0 ms that was set at the last moment belongs to that moment.
    await advance(0)
  }

  async setVisible(isVisible: boolean): Promise<void> {
    focusManager.setFocused(isVisible)
    await drain()
  }

  /** Ends the newest request of a key. */
  async end(queryKey: QueryKey, outcome: 'resolve' | 'reject'): Promise<void> {
    const request = this.#requests.get(hashKey(queryKey))?.at(-1)
    if (outcome === 'resolve') request?.resolve(request.version)
    else request?.reject(new Error('503'))
    await drain()
  }

  async endAll(): Promise<void> {
    for (const queryKey of this.#queryKeys) {
      if (this.queryClient.isFetching({ queryKey, exact: true })) await this.end(queryKey, 'resolve')
    }
  }

  /** Why flushes ran since the last call. */
  takeReasons(): FlushReason[] {
    return this.#reasons.splice(0)
  }

  requestsOf(queryKey: QueryKey): number {
    return this.#requests.get(hashKey(queryKey))?.length ?? 0
  }

  isFresh(queryKey: QueryKey): boolean {
    return this.queryClient.getQueryData(queryKey) === this.#versionOf(queryKey)
  }

  stop(): void {
    this.coalescer.stop({ pending: 'drop' })
    for (const unmount of this.#unmounts) unmount()
    this.queryClient.unmount()
    this.queryClient.clear()
    focusManager.setFocused(true)
  }

  #versionOf(queryKey: QueryKey): number {
    return this.#versions.get(hashKey(queryKey)) ?? 0
  }

  #request({ queryKey }: QueryFunctionContext): Promise<number> {
    const requests = this.#requests.get(hashKey(queryKey)) ?? []
    this.#requests.set(hashKey(queryKey), requests)
    return new Promise((resolve, reject) => {
      requests.push({ version: this.#versionOf(queryKey), resolve, reject })
    })
  }
}
