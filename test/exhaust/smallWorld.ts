import {
  MutationObserver,
  QueryClient,
  type QueryKey,
  focusManager,
  hashKey,
  onlineManager,
} from '@tanstack/react-query'
import { type Coalescer, type CoalescerOptions, type StrategyName, createCoalescer } from 'realtime-coalescer'
import { createStepClock } from '../../src/integration/testing/testClock.ts'
import { Screen } from './screen.ts'

const QUIET_MS = 100
/** Longer than a request that hangs counts as running. */
const HANG_MS = 31_000
/** Longer than any row of ticks. */
const NEAR_MS = 10 * QUIET_MS

const ofQuery = ['event', 'ends', 'fails', 'mount', 'unmount', 'cancel', 'mutate'] as const
const ofAll = ['tick', 'hangs', 'hide', 'show', 'offline', 'online', 'mutated', 'stop'] as const

/** What may happen to a query, or to all of the world. */
export type Step = `${(typeof ofQuery)[number]} ${number}` | `switch ${StrategyName}` | (typeof ofAll)[number]

export const kindsOfSteps: readonly string[] = [...ofQuery, 'switch', ...ofAll].sort()

/** One or two queries on screen over the real coalescer; a request ends when a step says so. */
export class SmallWorld {
  readonly #clock = createStepClock()
  /** TanStack Query dates its data by the platform's clock. */
  readonly #dateNow = Date.now
  readonly #queryClient: QueryClient
  readonly #coalescer: Coalescer
  readonly #screens: readonly Screen[]
  #endMutation: (() => void) | undefined
  #mutating: number | undefined
  #isHidden = false
  #isStopped = false

  constructor(keys: readonly QueryKey[], options: CoalescerOptions) {
    Date.now = () => this.#clock.now()
    focusManager.setFocused(true)
    onlineManager.setOnline(true)
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
    this.#screens = keys.map((key) => new Screen(key, this.#queryClient, () => this.#clock.now()))
    this.#coalescer.on('flushed', (record) => {
      for (const { changes, isMounted } of this.#screens) changes.flushed(record.keys, isMounted)
    })
  }

  /** The steps that are possible now. */
  possible(switches: (from: string) => readonly StrategyName[]): Step[] {
    const ofQueries = this.#screens.flatMap((screen, query): Step[] => [
      ...(this.#isStopped ? [] : ([`event ${query}`] as const)),
      ...(screen.isAsking ? ([`ends ${query}`, `fails ${query}`] as const) : []),
      screen.isMounted ? `unmount ${query}` : `mount ${query}`,
      ...(screen.isFetching ? ([`cancel ${query}`] as const) : []),
      ...(this.#mutating === undefined ? ([`mutate ${query}`] as const) : []),
    ])
    const { strategy } = this.#coalescer.getSnapshot()
    return [
      ...ofQueries,
      'tick',
      ...(this.#screens.some(({ isAsking }) => isAsking) ? (['hangs'] as const) : []),
      this.#isHidden ? 'show' : 'hide',
      onlineManager.isOnline() ? 'offline' : 'online',
      ...(this.#mutating === undefined ? [] : (['mutated'] as const)),
      ...(this.#isStopped ? [] : ([...switches(strategy).map((one) => `switch ${one}` as const), 'stop'] as const)),
    ]
  }

  /** Takes a step. @throws Error if it breaks a rule. */
  async take(step: Step): Promise<void> {
    const before = this.#requests
    const wasHidden = this.#isHidden
    const [what = '', arg = ''] = step.split(' ')
    await this.#do(what, arg)
    await this.#clock.advance(0)
    const hasStarted = this.#requests > before
    if (['event', 'tick', 'ends', 'fails', 'switch'].includes(what) && wasHidden && hasStarted) {
      throw new Error('G8: a request started while the page was hidden')
    }
    if (this.#isStopped && this.#clock.timers > 0) throw new Error('G9: a timer is left after stop()')
    if (this.#isStopped && ['tick', 'ends', 'fails'].includes(what) && hasStarted) {
      throw new Error('G9: a request started after stop()')
    }
    if (this.#screens.filter((screen) => screen.endAbandoned()).length > 0) await this.#clock.advance(0)
  }

  get #requests(): number {
    return this.#screens.reduce((sum, { requests }) => sum + requests, 0)
  }

  async #do(what: string, arg: string): Promise<void> {
    switch (what) {
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
      case 'mutated':
        return this.#endMutation?.()
      case 'switch':
        return this.#coalescer.switchStrategy(arg as StrategyName)
      case 'stop':
        this.#isStopped = true
        return this.#coalescer.stop()
      default:
        return this.#doWith(what, Number(arg))
    }
  }

  async #doWith(what: string, query: number): Promise<void> {
    const screen = this.#screens[query]
    switch (screen && what) {
      case 'event':
        return this.#change(query)
      case 'ends':
      case 'fails':
        return void screen?.end(what === 'ends' ? 'ok' : 'failed')
      case 'mount':
        return screen?.mount()
      case 'unmount':
        return screen?.unmount()
      case 'cancel':
        return screen?.cancel()
      case 'mutate':
        return this.#mutate(query)
      default:
        throw new Error(`There is no step '${what}' of a query ${query}.`)
    }
  }

  /** Changes all that is below a key, and tells of it. */
  #change(query: number): void {
    const { queryKey = [] } = this.#screens[query] ?? {}
    const prefix = hashKey(queryKey).slice(0, -1)
    for (const screen of this.#screens) if (hashKey(screen.queryKey).startsWith(prefix)) screen.changes.write(queryKey)
    this.#coalescer.scheduleInvalidate(queryKey)
  }

  /** The documented optimistic pattern: cancel, write, mutate, invalidate on settled. */
  #mutate(query: number): void {
    const screen = this.#screens[query]
    this.#mutating = query
    const mutation = new MutationObserver(this.#queryClient, {
      networkMode: 'always',
      onMutate: () => screen?.writeOptimistically(),
      mutationFn: () => new Promise<void>((resolve) => (this.#endMutation = resolve)),
      onSettled: () => {
        this.#mutating = undefined
        this.#endMutation = undefined
        if (!this.#isStopped) return this.#change(query)
        return this.#queryClient.invalidateQueries({ queryKey: screen?.queryKey ?? [], refetchType: 'none' })
      },
    })
    void mutation.mutate()
  }

  /**
   * What makes two worlds the same: what is seen from outside, what runs, what each screen lacks, and when which timer
   * fires. Of timers that no row of ticks reaches it counts only whether a request that hangs outlasts them.
   */
  hash(): string {
    const screens = this.#screens.map((screen) => screen.describe(this.#isStopped))
    const { strategy, phase, inFlight, held = 0 } = this.#coalescer.getSnapshot()
    const due = this.#clock.due().map((ms) => (ms < NEAR_MS ? ms : ms < HANG_MS))
    const hangs = this.#screens.map(({ longestMs }) => Math.floor(longestMs / HANG_MS))
    const coalescer = this.#isStopped ? 'stopped' : [strategy, phase, inFlight, held, due, hangs]
    return JSON.stringify([screens, coalescer, this.#mutating, this.#isHidden, onlineManager.isOnline()])
  }

  /** How many changes each screen lacks. */
  lags(): readonly number[] {
    return this.#screens.map(({ lag }) => lag)
  }

  /** Ends every trouble, and lets everything run. @throws Error for a screen that is older than its last change. */
  async expectFresh(): Promise<void> {
    for (const step of ['show', 'online', 'mutated'] as const) {
      await this.#do(step, '')
      await this.#clock.advance(0)
    }
    for (let round = 0; round < 6; round += 1) {
      await this.#clock.advance(20 * QUIET_MS)
      for (const screen of this.#screens) while (screen.end('ok')) await this.#clock.advance(0)
      if (this.#clock.timers === 0) break
    }
    for (const [query, screen] of this.#screens.entries()) {
      const problem = screen.problem(this.#isStopped)
      if (problem !== undefined) throw new Error(`G1: query ${query} ${problem}`)
    }
  }

  end(): void {
    this.#isStopped = true
    this.#coalescer.stop({ pending: 'drop' })
    this.#endMutation?.()
    for (const screen of this.#screens) screen.unmount()
    this.#queryClient.unmount()
    this.#queryClient.clear()
    Date.now = this.#dateNow
    focusManager.setFocused(true)
    onlineManager.setOnline(true)
  }
}
