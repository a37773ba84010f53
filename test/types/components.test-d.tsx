/** Compiled by `npm run check:types`; never run. */
import { QueryClient } from '@tanstack/react-query'
import type { Coalescer, CoalescerSnapshot, StrategyName, StrategyOption } from 'realtime-coalescer'
import { CoalescerDevtools, coalescerDevtoolsPlugin } from 'realtime-coalescer/devtools'
import { createStatelyInspector } from 'realtime-coalescer/inspect'
import {
  CoalescerProvider,
  useCoalescer,
  useCoalescerState,
  useRealtime,
  useRealtimeStatus,
  useStrategy,
} from 'realtime-coalescer/react'
import type { RealtimeService, RealtimeStatus } from 'realtime-coalescer/supabase'
import { createCoalescer } from 'realtime-coalescer'
import { expectTypeOf } from 'vitest'

declare const coalescer: Coalescer
declare const service: RealtimeService

// CoalescerProvider takes a coalescer, or the options of one.
void (<CoalescerProvider coalescer={coalescer}>…</CoalescerProvider>)
void (<CoalescerProvider strategy="hybrid" quietMs={50} queryClient={new QueryClient()} />)
// @ts-expect-error -- options belong to a coalescer the provider creates
void (<CoalescerProvider coalescer={coalescer} quietMs={50} />)
// @ts-expect-error -- not a strategy
void (<CoalescerProvider strategy="no-such-strategy" />)

// Hooks
expectTypeOf(useCoalescer()).toEqualTypeOf<Coalescer>()
expectTypeOf(useCoalescerState((snapshot) => snapshot.pendingKeys)).toBeNumber()
expectTypeOf(useCoalescerState<CoalescerSnapshot>)
  .parameter(0)
  .parameter(0)
  .toEqualTypeOf<CoalescerSnapshot>()
// @ts-expect-error -- not in the snapshot
useCoalescerState((snapshot) => snapshot.pending)
expectTypeOf(useStrategy()).toEqualTypeOf<
  readonly [strategy: StrategyName, switchStrategy: (strategy: StrategyOption) => void]
>()
expectTypeOf(useRealtime(service)).toEqualTypeOf<RealtimeStatus>()
expectTypeOf(useRealtimeStatus(service)).toEqualTypeOf<RealtimeStatus>()
// @ts-expect-error -- a coalescer joins nothing
useRealtime(coalescer)

// Devtools
void (<CoalescerDevtools />)
void (<CoalescerDevtools coalescer={coalescer} service={service} initialIsOpen position="bottom-left" theme="dark" />)
// @ts-expect-error -- not a corner
void (<CoalescerDevtools position="top" />)
expectTypeOf(coalescerDevtoolsPlugin({ coalescer }).id).toBeString()

// Inspector
const inspector = createStatelyInspector()
createCoalescer({ inspect: inspector.inspect })
expectTypeOf(inspector.attach(coalescer)).toEqualTypeOf<() => void>()
inspector.attach(service)
