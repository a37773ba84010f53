import { QueryClient } from '@tanstack/react-query'
import { type Warn, warnOfUnknown } from '../../actions/report.ts'
import { type Timing, timingReaders } from '../../actions/timing.ts'
import { show } from '../../actions/validate.ts'
import type { ResolvedStrategy } from '../../machines/registry.ts'
import type { CoalescerOptions, ResolvedOptions } from './options.ts'

/** Every option; the type has it complete. */
const optionNames: Record<Exclude<keyof CoalescerOptions, keyof Timing> | 'strategies', true> = {
  queryClient: true,
  strategy: true,
  strategies: true,
  rootOf: true,
  maxConcurrentRefetches: true,
  whenHidden: true,
  isHidden: true,
  whileMutating: true,
  maxMutationHoldMs: true,
  stuckAfterMs: true,
  clock: true,
  inspect: true,
  onError: true,
  onWarning: true,
}

/** Warns of options that there are none of, and of timing that cancels itself out. */
export function warnOfOptions(
  options: CoalescerOptions<string | object>,
  { strategy }: ResolvedOptions,
  warn: Warn,
): void {
  warnOfUnknown('options of createCoalescer()', options, { ...optionNames, ...timingReaders }, warn)
  warnOfStrategy(options.strategy, warn)
  warnOfTiming(strategy, warn)
}

/** Warns of properties of a strategy's object form that there are none of. */
export function warnOfStrategy(strategy: string | object | undefined, warn: Warn): void {
  if (typeof strategy === 'object')
    warnOfUnknown('timing of a strategy', strategy, { name: true, ...timingReaders }, warn)
}

/** Warns of a quiet window that the longest wait always cuts short. */
export function warnOfTiming({ name, timing: { quietMs, maxWaitMs } }: ResolvedStrategy, warn: Warn): void {
  if (quietMs <= maxWaitMs) return
  warn(
    `Expected quietMs to be at most maxWaitMs, got quietMs ${quietMs} and maxWaitMs ${maxWaitMs} for ${show(name)}: the quiet window never comes to its end. Lower quietMs, or raise maxWaitMs.`,
    `quietMs ${quietMs}, maxWaitMs ${maxWaitMs}`,
  )
}

/** Warns of a client whose focus and network managers are not those that this package listens to. */
export function warnOfOtherCopy(queryClient: QueryClient, warn: Warn): void {
  if (queryClient instanceof QueryClient) return
  warn(
    'Expected `queryClient` to be a QueryClient of the copy of TanStack Query that this package uses, got one of another. Focus, network and batches are not shared between copies: have one version of @tanstack/react-query installed (npm ls @tanstack/query-core).',
  )
}

/** How many coalescers run on the clients of a cache. */
const running = new WeakMap<object, number>()

/** Counts a coalescer that runs on a client, and warns of a second; returns a function that ends it. */
export function countRunning(queryClient: QueryClient, warn: Warn): () => void {
  const cache = queryClient.getQueryCache()
  const count = running.get(cache) ?? 0
  running.set(cache, count + 1)
  if (count > 0) {
    warn(
      'Expected one running coalescer for a QueryClient, got a second one. Each fetches by itself, which costs requests twice: share one, or stop() the other first.',
    )
  }
  return () => void running.set(cache, (running.get(cache) ?? 1) - 1)
}
