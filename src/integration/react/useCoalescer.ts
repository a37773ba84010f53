'use client'
import { useContext } from 'react'
import type { Coalescer } from '../query/coalescer.ts'
import { CoalescerContext } from './CoalescerProvider.tsx'

/**
 * The coalescer of the provider above.
 *
 * @throws Error outside a `CoalescerProvider`.
 */
export function useCoalescer(): Coalescer {
  const coalescer = useContext(CoalescerContext)
  if (!coalescer) {
    throw new Error(
      'Expected a <CoalescerProvider> above the component that reads the coalescer, found none. Wrap the app in <CoalescerProvider coalescer={coalescer}>, below <QueryClientProvider>.',
    )
  }
  return coalescer
}
