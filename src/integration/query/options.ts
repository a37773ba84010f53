import type { QueryClient } from '@tanstack/react-query'
import type { InspectionEvent, Observer } from 'xstate'
import type { CoalescerClock } from '../../actions/clock.ts'
import type { ErrorReporter } from '../../actions/report.ts'
import type { QueryKey } from '../../actions/types.ts'
import { type Timing, type TimingOptions, pickTiming } from '../../actions/timing.ts'
import {
  expectCount,
  expectDelay,
  expectFunction,
  expectFunctions,
  expectObject,
  expectOneOf,
  failType,
} from '../../actions/validate.ts'
import {
  FALLBACK,
  type OptionOf,
  type ResolvedStrategy,
  type StrategyRegistry,
  resolveStrategy,
} from '../../machines/registry.ts'
import type { StrategyOption } from '../../machines/strategies.ts'

/** What `createCoalescer` takes. All of it may be left out; timing holds for every strategy. */
export interface CoalescerOptions<Option = StrategyOption> extends TimingOptions {
  /**
   * The client whose queries are refetched. May be left out until `realtime.initialize(queryClient)` gives it;
   * scheduling before that throws.
   */
  readonly queryClient?: QueryClient | undefined
  /**
   * When to flush: a name, or `{ name, ...timing }` with timing that holds for that strategy only.
   * @default the first one, which is 'debounce' unless the app has chosen its own
   */
  readonly strategy?: Option | undefined
  /**
   * How many fetches may run at once; the rest queue, mounted and most recently requested queries first. Lower it
   * to spare the API when one key covers many mounted queries.
   * @default Infinity
   */
  readonly maxConcurrentRefetches?: number | undefined
  /**
   * What to do while the page is hidden: `'defer'` starts no fetch and catches up once on return, `'refetch'` goes on
   * as if the page were visible.
   * @default 'defer'
   */
  readonly whenHidden?: 'defer' | 'refetch' | undefined
  /**
   * Whether nobody sees the page. For apps whose focus manager tells of focus rather than of visibility, such as those
   * of Electron. It is asked at every event and timer, and at every change of focus.
   * @default () => !focusManager.isFocused()
   */
  readonly isHidden?: (() => boolean) | undefined
  /**
   * How long a request may run, in milliseconds, before nobody waits for it any more: it is reported, gives its slot
   * back, and is replaced as soon as its query is to be fetched again. A query whose requests take long is given four
   * times the longest of them. Lower it where a lost request must be replaced sooner.
   * @default 30000
   */
  readonly stuckAfterMs?: number | undefined
  /**
   * What to do while a mutation of the app is pending: `'defer'` keeps the fetches of queries back that it has written
   * to or cancelled, until it has ended; `'refetch'` lets them bring back what was there before.
   * @default 'defer'
   */
  readonly whileMutating?: 'defer' | 'refetch' | undefined
  /**
   * How long one mutation keeps fetches back at most, in milliseconds; time offline does not count. Raise it for
   * uploads that take longer.
   * @default 10000
   */
  readonly maxMutationHoldMs?: number | undefined
  /**
   * `adaptive` only: what keys that change together have in common. Keys with the same root share a window, so give one
   * that tells the tables apart where all keys begin alike, as in `['api', 'goals']`. One that throws counts as its default.
   * @default the first element of the key
   */
  readonly rootOf?: ((queryKey: QueryKey) => unknown) | undefined
  /** The timers to use instead of the global ones, such as XState's `SimulatedClock` in tests. */
  readonly clock?: CoalescerClock | undefined
  /** An observer of everything the actors do, as XState's `createActor` takes it. */
  readonly inspect?: Observer<InspectionEvent> | ((event: InspectionEvent) => void) | undefined
  /**
   * Told of every failure the coalescer has caught: failed fetches, throwing handlers, patches and listeners.
   * Without it, all but failed fetches go to `console.error`.
   */
  readonly onError?: ErrorReporter | undefined
  /**
   * Told, once each, of what is likely a mistake of the app, such as a query client of a second copy of TanStack Query.
   * Without it, `console.warn` is, in development.
   */
  readonly onWarning?: ((message: string) => void) | undefined
}

export interface ResolvedOptions {
  readonly registry: StrategyRegistry
  readonly strategy: ResolvedStrategy
  /** The timing that holds for every strategy. */
  readonly timing: Partial<Timing>
  readonly maxConcurrentRefetches: number
  readonly whenHidden: 'defer' | 'refetch'
  readonly isHidden: (() => boolean) | undefined
  readonly rootOf: ((queryKey: QueryKey) => unknown) | undefined
  readonly stuckAfterMs: number
  readonly whileMutating: 'defer' | 'refetch'
  readonly maxMutationHoldMs: number
}

/** Throws unless a value can serve as a query client. */
export function expectQueryClient(queryClient: unknown): QueryClient {
  const candidate = queryClient as Partial<QueryClient> | null | undefined
  if (typeof candidate?.getQueryCache !== 'function' || typeof candidate.getMutationCache !== 'function') {
    failType(
      'queryClient',
      'a QueryClient of TanStack Query',
      queryClient,
      'Pass the one your QueryClientProvider has.',
    )
  }
  return queryClient as QueryClient
}

/**
 * Checks the options and fills in defaults.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function resolveOptions(
  registry: StrategyRegistry,
  options: CoalescerOptions<OptionOf<StrategyRegistry>>,
): ResolvedOptions {
  expectObject('options', 'an object', options, 'Call createCoalescer({ queryClient }).')
  const {
    queryClient,
    strategy = Object.keys(registry)[0] ?? FALLBACK,
    maxConcurrentRefetches = Infinity,
    whenHidden = 'defer',
    isHidden,
    stuckAfterMs = 30_000,
    whileMutating = 'defer',
    maxMutationHoldMs = 10_000,
    rootOf,
    clock,
    inspect,
    onError,
    onWarning,
  } = options
  if (queryClient !== undefined) expectQueryClient(queryClient)
  expectFunctions({ onError, onWarning, isHidden, rootOf })
  if (clock !== undefined) {
    const timers: Partial<CoalescerClock> = (clock as CoalescerClock | null) ?? {}
    expectFunction('clock.setTimeout', timers.setTimeout)
    expectFunction('clock.clearTimeout', timers.clearTimeout)
    expectFunctions({ 'clock.now': timers.now })
  }
  if (inspect !== undefined && typeof inspect !== 'function' && typeof inspect?.next !== 'function') {
    failType('inspect', 'a function or an observer', inspect, 'Pass the `inspect` of an inspector, or leave it out.')
  }
  const timing = pickTiming(options)
  return {
    timing,
    registry,
    strategy: resolveStrategy(registry, strategy, timing),
    maxConcurrentRefetches: expectCount('maxConcurrentRefetches', maxConcurrentRefetches, true),
    whileMutating: expectOneOf('whileMutating', whileMutating, ['defer', 'refetch']),
    maxMutationHoldMs: expectDelay('maxMutationHoldMs', maxMutationHoldMs),
    isHidden,
    whenHidden: expectOneOf('whenHidden', whenHidden, ['defer', 'refetch']),
    stuckAfterMs: expectDelay('stuckAfterMs', stuckAfterMs),
    rootOf,
  }
}
