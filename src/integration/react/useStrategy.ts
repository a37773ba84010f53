'use client'
import type { ActiveName } from '../../machines/events.ts'
import type { NameOf, OptionOf, StrategyRegistry } from '../../machines/registry.ts'
import type { BuiltInStrategies } from '../../machines/strategies.ts'
import { useCoalescer } from './useCoalescer.ts'
import { useSelectedState } from './useCoalescerState.ts'

/**
 * The strategy at work, and a function with a lasting identity that changes it, its timing, or both.
 *
 * @throws Error outside a `CoalescerProvider`.
 */
export function useStrategy<Strategies extends StrategyRegistry = BuiltInStrategies>(): readonly [
  strategy: ActiveName<NameOf<Strategies>>,
  switchStrategy: (strategy: OptionOf<Strategies>) => void,
] {
  const coalescer = useCoalescer<Strategies>()
  return [useSelectedState(coalescer, (snapshot) => snapshot.strategy), coalescer.switchStrategy]
}
