'use client'
import { useCallback, useSyncExternalStore } from 'react'
import type { RealtimeStatus } from '../../actions/feedStatus.ts'
import { failType } from '../../actions/validate.ts'

/** The part of a realtime service that tells its status. */
export interface RealtimeStatusSource {
  /** The status now. */
  getStatus(): RealtimeStatus
  /** Calls back after each change of the status; returns a function that ends it. */
  subscribe(listener: () => void): () => void
}

const serverStatus = (): RealtimeStatus => 'idle'

/** @throws TypeError for a service that lacks one of the methods. */
export function expectService<Service>(service: Service, methods: readonly (keyof Service)[]): void {
  if (methods.some((method) => typeof service?.[method] !== 'function')) {
    failType('service', 'a realtime service', service, 'Pass what createRealtimeService() returned.')
  }
}

/**
 * The status of a realtime service; `'idle'` on a server.
 *
 * @throws TypeError for a service that is none.
 */
export function useRealtimeStatus(service: RealtimeStatusSource): RealtimeStatus {
  expectService(service, ['getStatus', 'subscribe'])
  const subscribe = useCallback((listener: () => void) => service.subscribe(listener), [service])
  return useSyncExternalStore(subscribe, () => service.getStatus(), serverStatus)
}
