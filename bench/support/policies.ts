import type { QueryClient, QueryKey } from '@tanstack/react-query'
import { type StrategyOption, createCoalescer } from '../../src/index.ts'
import { type Collector, createDebounce, createPacerBatcher, createUtilityDebounce, createWindow } from './rivals.ts'

/** How an app answers a change that names a key. */
export type Policy = (client: QueryClient) => Pick<Collector, 'schedule' | 'stop'>

// The same window for all but two: what is compared are rules, not settings. `adaptive` has none to set.
export const waitMs = 150
export const maxWaitMs = 1000

const ours =
  (strategy: StrategyOption): Policy =>
  (queryClient) => {
    const coalescer = createCoalescer({ queryClient, strategy, maxWaitMs })
    return { schedule: (key) => coalescer.scheduleInvalidate(key), stop: () => coalescer.stop({ pending: 'drop' }) }
  }

const invalidateAll = (client: QueryClient) => (queryKeys: readonly QueryKey[]) => {
  for (const queryKey of queryKeys) void client.invalidateQueries({ queryKey })
}

const eachEvent =
  (cancelRefetch: boolean): Policy =>
  (client) => ({
    schedule: (queryKey) => void client.invalidateQueries({ queryKey }, { cancelRefetch }),
    stop: () => undefined,
  })

export const policies = {
  adaptive: ours('adaptive'),
  debounce: ours({ name: 'debounce', quietMs: waitMs }),
  batch: ours({ name: 'batch', quietMs: waitMs }),
  perKey: ours({ name: 'perKey', quietMs: waitMs }),
  hybrid: ours({ name: 'hybrid', quietMs: waitMs }),
  'debounce, 50 ms': ours({ name: 'debounce', quietMs: 50 }),
  'debounce, leading': ours({ name: 'debounce', quietMs: waitMs, leading: true }),
  'direct (invalidateQueries)': eachEvent(true),
  'cancelRefetch: false': eachEvent(false),
  'hand-written window': (client) => createWindow({ waitMs, apply: invalidateAll(client) }),
  'hand-written debounce': (client) => createDebounce({ waitMs, apply: invalidateAll(client) }),
  'utility debounce with maxWait': (client) =>
    createUtilityDebounce({ waitMs, maxWaitMs, apply: invalidateAll(client) }),
  'Pacer Batcher behind a map': (client) => createPacerBatcher({ waitMs, apply: invalidateAll(client) }),
} satisfies Record<string, Policy>

export type PolicyName = keyof typeof policies
export const policyNames = Object.keys(policies) as PolicyName[]
export const ownNames = [
  'adaptive',
  'debounce',
  'batch',
  'perKey',
  'hybrid',
  'debounce, 50 ms',
  'debounce, leading',
] as const satisfies readonly PolicyName[]
export const isOwn = (name: PolicyName): boolean => (ownNames as readonly PolicyName[]).includes(name)
