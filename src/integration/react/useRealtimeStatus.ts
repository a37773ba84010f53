'use client'
import { useCallback, useSyncExternalStore } from 'react'

/** How the connection of a realtime service stands; `closed` is one we stopped ourselves. */
export type RealtimeStatus = 'idle' | 'connecting' | 'attaching' | 'live' | 'interrupted' | 'closed'

/** The part of a realtime service that tells its status. */
export interface RealtimeStatusSource {
  /** The status now. */
  getStatus(): RealtimeStatus
  /** Calls back after each change of the status; returns a function that ends it. */
  subscribe(listener: () => void): () => void
}

const serverStatus = (): RealtimeStatus => 'idle'

/** The status of a realtime service; `'idle'` on a server. */
export function useRealtimeStatus(service: RealtimeStatusSource): RealtimeStatus {
  const subscribe = useCallback((listener: () => void) => service.subscribe(listener), [service])
  return useSyncExternalStore(subscribe, () => service.getStatus(), serverStatus)
}
