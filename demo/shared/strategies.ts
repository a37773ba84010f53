import type { StrategyName } from 'realtime-coalescer'

/** Every strategy, with what it does in a few words. */
export const strategies = {
  direct: 'Refetch at each change: an app without this library.',
  debounce: 'Wait for quiet, then refetch each query once. One window for all keys.',
  batch: 'Buffer the changes, run their handlers at the flush, refetch once.',
  perKey: 'One window for each query key; keys never wait for each other.',
  hybrid: 'Mark stale after quiet, refetch what is on screen a little later.',
} as const satisfies Record<StrategyName, string>

export const strategyNames = Object.keys(strategies) as StrategyName[]
