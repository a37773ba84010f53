'use client'
export { CoalescerProvider, type CoalescerProviderProps } from './integration/react/CoalescerProvider.tsx'
export { useCoalescer } from './integration/react/useCoalescer.ts'
export { useCoalescerState } from './integration/react/useCoalescerState.ts'
export { type JoinableRealtimeService, useRealtime } from './integration/react/useRealtime.ts'
export {
  type RealtimeStatus,
  type RealtimeStatusSource,
  useRealtimeStatus,
} from './integration/react/useRealtimeStatus.ts'
export { useStrategy } from './integration/react/useStrategy.ts'
