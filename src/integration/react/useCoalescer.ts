'use client'
import { useContext } from 'react'
import type { NameOf, OptionOf, StrategyRegistry } from '../../machines/registry.ts'
import type { BuiltInStrategies } from '../../machines/strategies.ts'
import type { Coalescer } from '../query/coalescer.ts'
import { CoalescerContext } from './CoalescerProvider.tsx'

/**
 * The coalescer of the provider above. An app with strategies of its own names them: `useCoalescer<typeof strategies>()`.
 *
 * @throws Error outside a `CoalescerProvider`.
 */
export function useCoalescer<Strategies extends StrategyRegistry = BuiltInStrategies>(): Coalescer<
  NameOf<Strategies>,
  OptionOf<Strategies>
> {
  const coalescer = useContext(CoalescerContext)
  if (!coalescer) {
    throw new Error(
      'Expected a <CoalescerProvider> above the component that reads the coalescer, found none. Wrap the app in <CoalescerProvider coalescer={coalescer}>, below <QueryClientProvider>.',
    )
  }
  // Which strategies the provider's coalescer has is the caller's word.
  return coalescer as Coalescer<NameOf<Strategies>, OptionOf<Strategies>>
}
