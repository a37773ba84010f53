'use client'
import { type QueryClient, QueryClientContext } from '@tanstack/react-query'
import { useContext, useEffect } from 'react'
import { internalsOf } from '../query/internals.ts'
import { countHolders } from './countHolders.ts'
import { CoalescerContext } from './CoalescerProvider.tsx'
import type { RealtimeStatus } from '../../actions/feedStatus.ts'
import { type RealtimeStatusSource, expectService, useRealtimeStatus } from './useRealtimeStatus.ts'

/** The part of a realtime service that joins and leaves. */
export interface JoinableRealtimeService extends RealtimeStatusSource {
  /** Joins. Called once, however many components join. */
  initialize(queryClient: QueryClient): void
  /** Leaves. Called when the last of them is gone. */
  stop(): void
}

const joined = new WeakMap<JoinableRealtimeService, () => () => void>()

function join(service: JoinableRealtimeService, queryClient: QueryClient): () => void {
  let hold = joined.get(service)
  if (!hold || service.getStatus() === 'closed') {
    service.initialize(queryClient)
    hold ??= countHolders(() => {
      if (joined.get(service) !== hold) return
      joined.delete(service)
      service.stop()
    })
    joined.set(service, hold)
  }
  return hold()
}

/**
 * Joins a realtime service while the component is mounted, and returns its status. However many components join the
 * same service, it is initialized once, and stopped when the last of them is gone. The query client is the one of the
 * `QueryClientProvider` above or, without one, that of the `CoalescerProvider`.
 *
 * @throws Error without either provider; TypeError for a service that is none.
 */
export function useRealtime(service: JoinableRealtimeService): RealtimeStatus {
  expectService(service, ['initialize', 'stop'])
  const provided = useContext(QueryClientContext)
  const coalescer = useContext(CoalescerContext)
  if (!provided && !coalescer) {
    throw new Error(
      'Expected a <QueryClientProvider> above the component that joins a realtime service, found none. Wrap the app in <QueryClientProvider client={queryClient}>.',
    )
  }
  useEffect(() => {
    const queryClient = provided ?? (coalescer && internalsOf(coalescer).queryClient())
    // Without one, initialize() says what is missing.
    return join(service, queryClient as QueryClient)
  }, [service, provided, coalescer])
  return useRealtimeStatus(service)
}
