import {
  MutationObserver,
  QueryClient,
  type QueryKey,
  QueryObserver,
  focusManager,
  hashKey,
  onlineManager,
} from '@tanstack/react-query'
import { type Coalescer, type CoalescerOptions, type StrategyName, createCoalescer } from 'realtime-coalescer'
import { createStepClock } from '../../src/integration/testing/testClock.ts'

export const QUIET_MS = 100
/** Longer than a request that hangs counts as running. */
const HANG_MS = 31_000

/** What may happen to a query, or to all of the world. */
export type Step =
  | `${'event' | 'ends' | 'fails' | 'mount' | 'unmount' | 'cancel' | 'mutate'} ${number}`
  | `switch ${StrategyName}`
  | 'tick'
  | 'hangs'
  | 'hide'
  | 'show'
  | 'offline'
  | 'online'
  | 'mutated'
  | 'stop'

interface Request {
  readonly version: number
  readonly query: number
  end(outcome: 'ok' | 'failed'): void
}

/** One or two queries on screen over the real coalescer; a request ends when a step says so. */
export class SmallWorld {
  readonly #clock = createStepClock()
  readonly #queryClient: QueryClient
  readonly #coalescer: Coalescer
  readonly #keys: readonly QueryKey[]
  readonly #versions: number[]
  readonly #unmounts: ((() => void) | undefined)[] = []
  #running: Request[] = []
  #started = 0
  #endMutation: (() => void) | undefined
  #mutating: number | undefined
  #isHidden = false
  #isStopped = false

  constructor(keys: readonly QueryKey[], options: CoalescerOptions) {
    focusManager.setFocused(true)
    onlineManager.setOnline(true)
    this.#keys = keys
    this.#versions = keys.map(() => 0)
    this.#queryClient = new QueryClient({
      defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } },
    })
    this.#queryClient.mount()
    this.#coalescer = createCoalescer({
      queryClient: this.#queryClient,
      clock: this.#clock,
      quietMs: QUIET_MS,
      maxWaitMs: 3 * QUIET_MS,
      refetchDelayMs: QUIET_MS,
      onError: () => undefined,
      ...options,
    })
    for (const [query, key] of keys.entries()) {
      this.#queryClient.setQueryData(key, 0)
      this.#mount(query)
    }
  }

  /** The steps that are possible now. */
  possible(strategies: readonly StrategyName[]): Step[] {
    const ofQueries = this.#keys.flatMap((_key, query): Step[] => [
      `event ${query}`,
      ...(this.#running.some((request) => request.query === query)
        ? ([`ends ${query}`, `fails ${query}`] as const)
        : []),
      this.#unmounts[query] ? `unmount ${query}` : `mount ${query}`,
      ...(this.#fetchStatus(query) === 'idle' ? [] : ([`cancel ${query}`] as const)),
      ...(this.#mutating === undefined ? ([`mutate ${query}`] as const) : []),
    ])
    const { strategy } = this.#coalescer.getSnapshot()
    return [
      ...(this.#isStopped ? ofQueries.filter((step) => !step.startsWith('event')) : ofQueries),
      'tick',
      ...(this.#running.length > 0 ? (['hangs'] as const) : []),
      this.#isHidden ? 'show' : 'hide',
      onlineManager.isOnline() ? 'offline' : 'online',
      ...(this.#mutating === undefined ? [] : (['mutated'] as const)),
      ...(this.#isStopped
        ? []
        : ([...strategies.filter((one) => one !== strategy).map((one) => `switch ${one}` as const), 'stop'] as const)),
    ]
  }

  /** Takes a step. @throws Error if it breaks a rule. */
  async take(step: Step): Promise<void> {
    const before = this.#started
    const wasHidden = this.#isHidden
    const [what, arg = ''] = step.split(' ')
    await this.#do(what ?? '', arg)
    await this.#clock.advance(0)
    const byItself = ['event', 'tick', 'ends', 'fails', 'switch', 'online'].includes(what ?? '')
    if (byItself && wasHidden && this.#started > before && onlineManager.isOnline() && what !== 'online') {
      throw new Error('G8: a request started while the page was hidden')
    }
    if (this.#isStopped && this.#clock.timers > 0) throw new Error('G9: a timer is left after stop()')
    if (this.#isStopped && ['tick', 'ends', 'fails'].includes(what ?? '') && this.#started > before) {
      throw new Error('G9: a request started after stop()')
    }
  }

  async #do(what: string, arg: string): Promise<void> {
    const query = Number(arg)
    switch (what) {
      case 'event':
        this.#write(query)
        return this.#coalescer.scheduleInvalidate(this.#key(query))
      case 'ends':
      case 'fails':
        return void this.#end(query, what === 'ends' ? 'ok' : 'failed')
      case 'mount':
        return this.#mount(query)
      case 'unmount':
        this.#unmounts[query]?.()
        this.#unmounts[query] = undefined
        return
      case 'cancel':
        return this.#queryClient.cancelQueries({ queryKey: this.#key(query), exact: true })
      case 'mutate':
        return this.#mutate(query)
      case 'mutated':
        return this.#endMutation?.()
      case 'tick':
        return this.#clock.advance(QUIET_MS)
      case 'hangs':
        return this.#clock.advance(HANG_MS)
      case 'hide':
      case 'show':
        this.#isHidden = what === 'hide'
        return focusManager.setFocused(!this.#isHidden)
      case 'offline':
      case 'online':
        return onlineManager.setOnline(what === 'online')
      case 'switch':
        return this.#coalescer.switchStrategy(arg as StrategyName)
      default:
        this.#isStopped = true
        return this.#coalescer.stop()
    }
  }

  /** What makes two worlds the same: what is seen from outside, what runs, and when which timer fires. */
  hash(): string {
    const { strategy, phase, pendingKeys, inFlight, held } = this.#coalescer.getSnapshot()
    const queries = this.#keys.map((_key, query) => {
      const { fetchStatus, status, isInvalidated, data } = this.#state(query)
      const running = this.#running.filter((one) => one.query === query).map((one) => this.#lag(query, one.version))
      return [Boolean(this.#unmounts[query]), fetchStatus, status, isInvalidated, this.#lag(query, data), running]
    })
    const all = [strategy, phase, pendingKeys, inFlight, held, this.#clock.due(), this.#mutating]
    return JSON.stringify([queries, all, this.#isHidden, onlineManager.isOnline(), this.#isStopped])
  }

  /** Ends every trouble, and lets everything run. @throws Error for a screen that is older than its last change. */
  async expectFresh(): Promise<void> {
    for (const step of ['show', 'online', 'mutated'] as const) {
      await this.#do(step, '')
      await this.#clock.advance(0)
    }
    for (let round = 0; round < 6; round += 1) {
      await this.#clock.advance(20 * QUIET_MS)
      for (const query of this.#keys.keys()) while (this.#end(query, 'ok')) await this.#clock.advance(0)
    }
    for (const query of this.#keys.keys()) {
      const { data, isInvalidated, fetchStatus, error } = this.#state(query)
      const isMounted = Boolean(this.#unmounts[query])
      const isMarked = isInvalidated && (error !== null || this.#isStopped || !isMounted)
      if (data !== this.#versions[query] && !isMarked) {
        throw new Error(`G1: query ${query} shows ${String(data)} of ${this.#versions[query]}, and is ${fetchStatus}`)
      }
    }
  }

  end(): void {
    this.#isStopped = true
    this.#coalescer.stop({ pending: 'drop' })
    this.#endMutation?.()
    for (const unmount of this.#unmounts) unmount?.()
    this.#queryClient.unmount()
    this.#queryClient.clear()
    focusManager.setFocused(true)
    onlineManager.setOnline(true)
  }

  #key(query: number): QueryKey {
    return this.#keys[query] ?? []
  }

  #state(query: number) {
    const found = this.#queryClient.getQueryState<number>(this.#key(query))
    if (!found) throw new Error(`The query ${query} is gone.`)
    return found
  }

  #fetchStatus(query: number): string {
    return this.#state(query).fetchStatus
  }

  /** How far behind a version is; more than two writes make no difference. */
  #lag(query: number, version: number | undefined): number {
    return Math.min(3, (this.#versions[query] ?? 0) - (version ?? -1))
  }

  /** A key changes all that is below it. */
  #write(query: number): void {
    const prefix = hashKey(this.#key(query)).slice(0, -1)
    for (const [index, key] of this.#keys.entries()) {
      if (hashKey(key).startsWith(prefix)) this.#versions[index] = (this.#versions[index] ?? 0) + 1
    }
  }

  #mount(query: number): void {
    const observer = new QueryObserver(this.#queryClient, {
      queryKey: this.#key(query),
      queryFn: () =>
        new Promise<number>((resolve, reject) => {
          this.#started += 1
          const version = this.#versions[query] ?? 0
          this.#running.push({
            version,
            query,
            end: (outcome) => (outcome === 'ok' ? resolve(version) : reject(new Error('503'))),
          })
        }),
    })
    this.#unmounts[query] = observer.subscribe(() => undefined)
  }

  /** Ends the oldest request of a query; returns whether there was one. */
  #end(query: number, outcome: 'ok' | 'failed'): boolean {
    const request = this.#running.find((one) => one.query === query)
    this.#running = this.#running.filter((one) => one !== request)
    request?.end(outcome)
    return request !== undefined
  }

  /** The documented optimistic pattern: cancel, write, mutate, invalidate on settled. */
  #mutate(query: number): void {
    const queryKey = this.#key(query)
    this.#mutating = query
    const mutation = new MutationObserver(this.#queryClient, {
      networkMode: 'always',
      onMutate: async () => {
        await this.#queryClient.cancelQueries({ queryKey, exact: true })
        this.#queryClient.setQueryData(queryKey, -1)
      },
      mutationFn: () => new Promise<void>((resolve) => (this.#endMutation = resolve)),
      onSettled: () => {
        this.#mutating = undefined
        this.#endMutation = undefined
        if (this.#isStopped) return this.#queryClient.invalidateQueries({ queryKey, refetchType: 'none' })
        this.#write(query)
        return this.#coalescer.scheduleInvalidate(queryKey)
      },
    })
    void mutation.mutate()
  }
}
