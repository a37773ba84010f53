import type { ReactElement } from 'react'
import { expectTypeOf } from 'vitest'
import type { Coalescer, CoalescerOptions, StrategyName, StrategyOption } from 'realtime-coalescer'
import type { CoalescerDevtoolsProps, coalescerDevtoolsPlugin } from 'realtime-coalescer/devtools'
import type { StatelyInspector } from 'realtime-coalescer/inspect'
import { CoalescerProvider, useCoalescerState, useRealtime, useStrategy } from 'realtime-coalescer/react'
import type { RealtimeStatus } from 'realtime-coalescer/react'
import type { RealtimeService, RealtimeStatus as ServiceStatus } from 'realtime-coalescer/supabase'
import type { TanStackDevtoolsReactPlugin } from '@tanstack/react-devtools'

declare const coalescer: Coalescer
declare const service: RealtimeService

expectTypeOf(useCoalescerState((snapshot) => snapshot.pendingKeys)).toEqualTypeOf<number>()
expectTypeOf(useCoalescerState(({ phase, strategy }) => ({ phase, strategy }))).toEqualTypeOf<{
  phase: 'idle' | 'collecting' | 'flushing'
  strategy: StrategyName
}>()
expectTypeOf(useStrategy()).toEqualTypeOf<
  readonly [strategy: StrategyName, switchStrategy: (strategy: StrategyOption) => void]
>()

// The two entry points speak of the same statuses, and a service is what the hook takes.
expectTypeOf<RealtimeStatus>().toEqualTypeOf<ServiceStatus>()
expectTypeOf(useRealtime(service)).toEqualTypeOf<RealtimeStatus>()

expectTypeOf(CoalescerProvider).returns.toEqualTypeOf<ReactElement>()
CoalescerProvider({ coalescer })
CoalescerProvider({ quietMs: 100, strategy: { name: 'hybrid', refetchDelayMs: 10 } })
// @ts-expect-error -- an existing coalescer has its options already
CoalescerProvider({ coalescer, quietMs: 100 })
// @ts-expect-error -- no such strategy
CoalescerProvider({ strategy: 'no-such-strategy' })

expectTypeOf<StatelyInspector['inspect']>().toExtend<NonNullable<CoalescerOptions['inspect']>>()
expectTypeOf(coalescer).toExtend<Parameters<StatelyInspector['attach']>[0]>()
expectTypeOf(service).toExtend<Parameters<StatelyInspector['attach']>[0]>()
expectTypeOf(service).toExtend<NonNullable<CoalescerDevtoolsProps['service']>>()
expectTypeOf<ReturnType<typeof coalescerDevtoolsPlugin>>().toExtend<TanStackDevtoolsReactPlugin>()
