'use client'
import type { StrategyName, StrategyOption } from '../../machines/strategies.ts'
import { useCoalescer } from './useCoalescer.ts'
import { useCoalescerState } from './useCoalescerState.ts'

/**
 * The strategy at work, and a function with a lasting identity that changes it, its timing, or both.
 *
 * @throws Error outside a `CoalescerProvider`.
 */
export function useStrategy(): readonly [strategy: StrategyName, switchStrategy: (strategy: StrategyOption) => void] {
  return [useCoalescerState((snapshot) => snapshot.strategy), useCoalescer().switchStrategy]
}
