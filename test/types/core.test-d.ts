/** Compiled by `npm run check:types`; never run. */
import { QueryClient } from '@tanstack/react-query'
import {
  type Change,
  type ChangeEffects,
  type ChangeHandler,
  type Coalescer,
  type CoalescerEvent,
  type CoalescerOptions,
  type CoalescerSnapshot,
  type EmittedRecords,
  type ErrorInfo,
  type FetchExplanation,
  type FlushOptions,
  type FlushReason,
  type FlushedRecord,
  type QueryKey,
  type RefetchOptions,
  type StrategyName,
  type StrategyOption,
  coalesceQueryClient,
  createCoalescer,
} from 'realtime-coalescer'
import { expectTypeOf } from 'vitest'
import { type AnyStateMachine, SimulatedClock } from 'xstate'

const queryClient = new QueryClient()
const coalescer = createCoalescer({ queryClient })

// createCoalescer
expectTypeOf<CoalescerOptions | undefined>().toExtend<Parameters<typeof createCoalescer>[0]>()
expectTypeOf(createCoalescer()).toEqualTypeOf<Coalescer>()
expectTypeOf<'debounce' | 'batch' | 'perKey' | 'hybrid' | 'direct'>().toExtend<StrategyName>()
expectTypeOf<string>().not.toExtend<StrategyName>()
createCoalescer()
createCoalescer({ queryClient: undefined, quietMs: undefined, strategy: undefined })
createCoalescer({
  queryClient,
  strategy: { name: 'batch', quietMs: 80, maxWaitMs: 1000, leading: true, jitterMs: 20, maxBufferedChanges: 100 },
  quietMs: 150,
  maxWaitMs: 1000,
  refetchDelayMs: 200,
  leading: false,
  jitterMs: 0,
  maxConcurrentRefetches: Infinity,
  maxBufferedChanges: 10_000,
  whenHidden: 'defer',
  clock: new SimulatedClock(),
  inspect: (event) => expectTypeOf(event.type).toExtend<string>(),
  onError: (error, info) => {
    expectTypeOf(error).toBeUnknown()
    expectTypeOf(info).toEqualTypeOf<ErrorInfo>()
    if (info.type === 'refetchFailed') expectTypeOf(info.queryKey).toEqualTypeOf<QueryKey>()
    if (info.type === 'handlerFailed') expectTypeOf(info.change).toEqualTypeOf<Change>()
  },
})
createCoalescer({ clock: { setTimeout: (fn, ms) => setTimeout(fn, ms), clearTimeout: (id) => clearTimeout(id) } })
// @ts-expect-error -- not a strategy
createCoalescer({ strategy: 'no-such-strategy' })
// @ts-expect-error -- refetchDelayMs is an option of hybrid
createCoalescer({ strategy: { name: 'debounce', refetchDelayMs: 100 } })
// @ts-expect-error -- maxBufferedChanges is an option of batch
createCoalescer({ strategy: { name: 'perKey', maxBufferedChanges: 100 } })
// @ts-expect-error -- a strategy object has a name
createCoalescer({ strategy: { quietMs: 100 } })
// @ts-expect-error -- milliseconds are numbers
createCoalescer({ quietMs: '150' })
// @ts-expect-error -- not an option
createCoalescer({ quiet: 150 })
// @ts-expect-error -- not a way to treat a hidden page
createCoalescer({ whenHidden: 'ignore' })

// scheduleInvalidate, scheduleRefetch
expectTypeOf(coalescer.scheduleInvalidate).returns.toBeVoid()
coalescer.scheduleInvalidate(['goals', { page: 1 }] as const, {
  exact: true,
  refetchType: 'none',
  urgent: true,
  source: 'goals:INSERT',
})
coalescer.scheduleInvalidate(['goals'], { exact: undefined })
// @ts-expect-error -- a key is an array
coalescer.scheduleInvalidate('goals')
// @ts-expect-error -- not a refetchType
coalescer.scheduleInvalidate(['goals'], { refetchType: 'some' })
// @ts-expect-error -- not an option
coalescer.scheduleInvalidate(['goals'], { type: 'active' })
expectTypeOf(coalescer.scheduleRefetch).parameter(1).toEqualTypeOf<'active' | 'all' | RefetchOptions | undefined>()
coalescer.scheduleRefetch(['goals'], 'all')
// @ts-expect-error -- inactive queries alone are not refetched
coalescer.scheduleRefetch(['goals'], 'inactive')

// send
expectTypeOf(coalescer.send).parameters.toEqualTypeOf<[event: CoalescerEvent]>()
expectTypeOf<CoalescerEvent['type']>().toEqualTypeOf<
  'INVALIDATE' | 'REFETCH' | 'CHANGE' | 'FLUSH' | 'SWITCH_STRATEGY' | 'RESET'
>()
coalescer.send({
  type: 'INVALIDATE',
  queryKeys: [['goals']],
  exact: true,
  refetchType: 'all',
  urgent: false,
  source: 'x',
})
coalescer.send({ type: 'REFETCH', queryKeys: [['goals']], queryType: 'all' })
coalescer.send({ type: 'SWITCH_STRATEGY', strategy: { name: 'hybrid', refetchDelayMs: 50 } })
// @ts-expect-error -- not an event
coalescer.send({ type: 'invalidate', queryKeys: [['goals']] })
// @ts-expect-error -- a list of keys
coalescer.send({ type: 'INVALIDATE', queryKeys: ['goals'] })
// @ts-expect-error -- a change comes with its handler
coalescer.send({ type: 'CHANGE', change: {} as Change })
// @ts-expect-error -- the events the machines send to each other are not public
coalescer.send({ type: 'DUE', reason: 'quiet', fetch: 'now' })

// switchStrategy
expectTypeOf(coalescer.switchStrategy).parameters.toEqualTypeOf<[strategy: StrategyOption]>()
coalescer.switchStrategy({ name: 'hybrid', quietMs: 50, refetchDelayMs: 500 })
// @ts-expect-error -- hybrid has no maxBufferedChanges
coalescer.switchStrategy({ name: 'hybrid', maxBufferedChanges: 5 })

// flush, settled, reset, stop
expectTypeOf(coalescer.flush).toEqualTypeOf<(options?: FlushOptions) => Promise<void>>()
expectTypeOf(coalescer.settled).toEqualTypeOf<() => Promise<void>>()
expectTypeOf(coalescer.reset).toEqualTypeOf<() => void>()
coalescer.stop()
coalescer.stop({ pending: 'flush' })
// @ts-expect-error -- not a way to treat pending work
coalescer.stop({ pending: 'keep' })

// getSnapshot, subscribe, on, explain
expectTypeOf(coalescer.getSnapshot()).toEqualTypeOf<CoalescerSnapshot>()
expectTypeOf<CoalescerSnapshot['phase']>().toEqualTypeOf<'idle' | 'collecting' | 'flushing'>()
expectTypeOf<keyof CoalescerSnapshot['stats']>().toEqualTypeOf<
  'eventsReceived' | 'flushes' | 'fetchesStarted' | 'fetchesSaved' | 'fetchesFailed' | 'longestWaitMs'
>()
// @ts-expect-error -- a snapshot is not changed
coalescer.getSnapshot().pendingKeys = 0
expectTypeOf(coalescer.subscribe(() => undefined)).toEqualTypeOf<() => void>()
expectTypeOf<keyof EmittedRecords>().toEqualTypeOf<'flushed' | 'strategySwitched' | 'refetchFailed' | 'handlerFailed'>()
coalescer.on('flushed', (record) => expectTypeOf(record).toEqualTypeOf<FlushedRecord>())
coalescer.on('strategySwitched', ({ from, to }) => expectTypeOf([from, to]).toEqualTypeOf<StrategyName[]>())
coalescer.on('refetchFailed', ({ queryHash }) => expectTypeOf(queryHash).toBeString())
coalescer.on('handlerFailed', ({ change }) => expectTypeOf(change).toEqualTypeOf<Change>())
// @ts-expect-error -- not emitted
coalescer.on('flush', () => undefined)
expectTypeOf(coalescer.explain('["goals"]')).toEqualTypeOf<FetchExplanation | undefined>()
expectTypeOf<FlushReason>().toEqualTypeOf<
  'quiet' | 'maxWait' | 'manual' | 'urgent' | 'leading' | 'switch' | 'visible' | 'stop' | 'direct'
>()

// actor
expectTypeOf(coalescer.actor.logic).toEqualTypeOf<AnyStateMachine>()
expectTypeOf(coalescer.actor.getSnapshot().status).toEqualTypeOf<'active' | 'done' | 'error' | 'stopped'>()
coalescer.actor.on('flushed', (record) => expectTypeOf(record.reason).toEqualTypeOf<FlushReason>())

// changes and effects
interface Goal {
  id: number
  title: string
}
const handler: ChangeHandler<Goal> = ({ eventType, new: row, old }) => {
  expectTypeOf(eventType).toEqualTypeOf<'INSERT' | 'UPDATE' | 'DELETE'>()
  expectTypeOf(row).toEqualTypeOf<Goal | Partial<Goal>>()
  expectTypeOf(old).toEqualTypeOf<Partial<Goal>>()
  return {
    invalidate: [['goals']],
    refetch: [['goals', row.id], { queryKey: ['dashboard'], type: 'all' }],
    patch: [{ queryKey: ['goals', row.id], update: (before: Goal | undefined) => before && { ...before, ...row } }],
    cancel: [['goals']],
  }
}
expectTypeOf(handler).returns.toEqualTypeOf<ChangeEffects>()
// @ts-expect-error -- not a column
const wrongColumn: ChangeHandler<Goal> = ({ new: row }) => ({ invalidate: [['goals', row.name]] })
// @ts-expect-error -- not an effect
const wrongEffect: ChangeHandler<Goal> = () => ({ invalidated: [['goals']] })
void [wrongColumn, wrongEffect]

// coalesceQueryClient
class OwnQueryClient extends QueryClient {
  readonly own = true
}
expectTypeOf(coalesceQueryClient(new OwnQueryClient(), coalescer)).toEqualTypeOf<OwnQueryClient>()
// @ts-expect-error -- both are needed
coalesceQueryClient(queryClient)
