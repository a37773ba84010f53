import type { StrategyName } from 'realtime-coalescer'
import { strategies as registered, strategyNames as registeredNames } from '../../src/machines/strategies.ts'

const texts: Partial<Record<StrategyName, string>> = {
  direct: 'Refetch at each change: an app without this library.',
  debounce: 'Wait for quiet, then refetch each query once. One window for all keys.',
  batch: 'Buffer the changes, run their handlers at the flush, refetch once.',
  perKey: 'One window for each query key; keys never wait for each other.',
  hybrid: 'Mark stale after quiet, refetch what is on screen a little later.',
  adaptive: 'One window per root of the keys: waits for the next change as long as that is cheaper than a request.',
}

/** Every strategy, `direct` first, as what the others are compared with. */
export const strategyNames: readonly StrategyName[] = ['direct', ...registeredNames.filter((name) => name !== 'direct')]

/** What a strategy does in a few words. */
export const describeStrategy = (name: StrategyName): string =>
  texts[name] ?? registered[name].machineFor(name).config.description ?? name
