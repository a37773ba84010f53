import { type QueryClient, focusManager, onlineManager, partialMatchKey } from '@tanstack/react-query'
import { type ActorOptions, createActor } from 'xstate'
import { createNow } from '../../actions/clock.ts'
import { closeGate } from '../../actions/gate.ts'
import { Emitter, createErrorReporter } from '../../actions/report.ts'
import type { QueryKey } from '../../actions/types.ts'
import { expectOneOf, expectQueryKey, failType } from '../../actions/validate.ts'
import type { CoalescerEvent, EmittedEvent, EmittedRecords } from '../../machines/events.ts'
import {
  type FetchLostEvent,
  type OrchestratorEvent,
  type RecordableEvent,
  type ScheduleEvent,
  orchestratorMachine,
} from '../../machines/orchestrator.ts'
import { finishAfterStop } from './afterStop.ts'
import type { Coalescer, CoalescerSnapshot, InvalidateOptions, StopOptions } from './coalescer.ts'
import { Engine } from './engine.ts'
import { registerInternals } from './internals.ts'
import type { QueryRecord } from './ledger.ts'
import { type CoalescerOptions, expectQueryClient, resolveOptions } from './options.ts'
import { whenAnswered } from './promises.ts'
import { createSnapshotReader } from './snapshot.ts'
import { createTracedInspect, watchInspectors } from './trace.ts'

const isRecordable = (event: CoalescerEvent | ScheduleEvent): event is Exclude<RecordableEvent, FetchLostEvent> =>
  event.type !== 'FLUSH' && event.type !== 'RESET' && event.type !== 'SWITCH_STRATEGY'

/**
 * Creates a coalescer: it collects what has changed, decides by its strategy when to flush, and then marks and
 * refetches each query of TanStack Query once.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createCoalescer(options: CoalescerOptions = {}): Coalescer {
  const resolved = resolveOptions(options)
  const defersWhenHidden = resolved.whenHidden === 'defer'
  const report = createErrorReporter(options.onError)
  const emitter = new Emitter<EmittedRecords>(report)
  const changes = new Emitter<{ change: undefined }>(report)
  let state: 'running' | 'dead' | 'stopped' = 'running'
  let isNotifying = false
  let notified: CoalescerSnapshot | undefined

  const notify = (): void => {
    isNotifying = false
    if (!changes.has('change')) return
    const snapshot = snapshots.read(state)
    if (snapshot === notified) return
    notified = snapshot
    engine.guard.depth += 1
    changes.emit('change', undefined)
    engine.guard.depth -= 1
  }
  const engine = new Engine({
    options: resolved,
    now: createNow(options.clock),
    isHeld: () => defersWhenHidden && !focusManager.isFocused(),
    report,
    emitter,
    emitFromActor: (name, record) => send({ type: 'REPORT', emitted: { type: name, ...record } as EmittedEvent }),
    fetchLost,
    changed: () => {
      if (isNotifying || !changes.has('change')) return
      isNotifying = true
      queueMicrotask(notify)
    },
  })

  // XState spreads options over its defaults, so a missing clock must be a missing key.
  const actorOptions = {
    ...(options.clock && { clock: options.clock as NonNullable<ActorOptions<typeof orchestratorMachine>['clock']> }),
    ...(options.inspect && { inspect: createTracedInspect(options.inspect, report) }),
  }
  const actor = createActor(orchestratorMachine, {
    input: { port: engine, strategy: resolved.strategy },
    ...actorOptions,
  })
  const trace = watchInspectors(actor.system, options.inspect !== undefined)
  const snapshots = createSnapshotReader(engine, actor)

  function send(event: OrchestratorEvent): void {
    if (state === 'running') actor.send(event)
  }

  function fetchLost(queryKeys: readonly QueryKey[]): void {
    if (state === 'dead') {
      const keyIds = engine.record({ type: 'FETCH_LOST', queryKeys })
      if (!engine.isHeld()) engine.flush({ reason: 'direct', keyIds, fetch: 'now' })
    } else send({ type: 'FETCH_LOST', queryKeys })
  }

  function die(error: unknown): void {
    state = 'dead'
    closeGate(engine.gate)
    engine.strategyDied(error)
    if (!engine.isHeld()) engine.flush({ reason: 'switch', fetch: 'now' })
  }

  function assertRunning(call: string): void {
    if (state === 'stopped') {
      throw new TypeError(
        `Expected a running coalescer, got ${call} after stop(). A stopped coalescer does not start again: create a new one with createCoalescer().`,
      )
    }
  }

  function assertClient(call: string): void {
    if (!engine.queryClient) {
      throw new TypeError(
        `Expected a query client before ${call}, got none. Pass \`queryClient\` to createCoalescer(), or call realtime.initialize(queryClient) first.`,
      )
    }
  }

  /** Events that a collecting strategy would only note go straight to the queue, unless an inspector watches. */
  function take(event: CoalescerEvent | ScheduleEvent): void {
    if (state === 'dead') takeWithoutActor(event)
    else if (passesGate(event)) engine.take(event)
    else actor.send(event)
  }

  function passesGate(event: CoalescerEvent | ScheduleEvent): event is Exclude<RecordableEvent, FetchLostEvent> {
    const { gate } = engine
    if (!gate.open || trace.isOn()) return false
    switch (event.type) {
      case 'INVALIDATE':
        return event.urgent !== true && engine.now() < gate.overdueAtMs
      case 'REFETCH':
      case 'SCHEDULE':
        return engine.now() < gate.overdueAtMs
      case 'CHANGE':
        return engine.now() < gate.overdueAtMs && engine.queue.changes.length + 1 < gate.maxBufferedChanges
      default:
        return false
    }
  }

  function takeWithoutActor(event: CoalescerEvent | ScheduleEvent): void {
    if (isRecordable(event)) {
      const keyIds = engine.record(event)
      if (!engine.isHeld()) engine.flush({ reason: 'direct', keyIds, fetch: 'now' })
    } else if (event.type === 'RESET') engine.reset()
    else if (event.type === 'FLUSH' && !engine.isHeld()) engine.flush({ reason: 'manual', fetch: 'now' })
  }

  const unsubscribes = [
    focusManager.subscribe((focused) => {
      if (defersWhenHidden) send({ type: focused ? 'PAGE_VISIBLE' : 'PAGE_HIDDEN' })
      if (!focused) return
      if (state === 'dead') engine.flush({ reason: 'visible', fetch: 'now' })
      send({ type: 'WAKE' })
    }),
    onlineManager.subscribe((online) => {
      if (online) engine.online()
    }),
  ]

  actor.subscribe({
    next: () => notify(),
    error: die,
    complete: () => {
      if (state === 'running')
        die(new Error('The actor of the coalescer was stopped from outside; call stop() of the coalescer instead.'))
    },
  })
  actor.start()
  snapshots.followStrategy(notify)
  if (options.queryClient) engine.attach(options.queryClient)
  if (engine.isHeld()) send({ type: 'PAGE_HIDDEN' })

  const coalescer: Coalescer = {
    actor,
    scheduleInvalidate(queryKey: QueryKey, invalidate: InvalidateOptions = {}) {
      expectQueryKey(queryKey)
      if (typeof invalidate !== 'object' || invalidate === null) {
        failType(
          'options',
          'an object { exact?, refetchType?, urgent?, source? }',
          invalidate,
          'Leave it out for the defaults.',
        )
      }
      coalescer.send({ type: 'INVALIDATE', queryKeys: [queryKey], ...invalidate })
    },
    scheduleRefetch(queryKey, type = 'active') {
      expectQueryKey(queryKey)
      coalescer.send({
        type: 'REFETCH',
        queryKeys: [queryKey],
        queryType: expectOneOf('type', type, ['active', 'all'] as const),
      })
    },
    send(event) {
      assertRunning('send()')
      if (isRecordable(event)) assertClient('scheduling')
      const error = engine.check(event)
      if (error) throw error
      take(event)
    },
    switchStrategy(strategy) {
      assertRunning('switchStrategy()')
      engine.resolve(strategy)
      send({ type: 'SWITCH_STRATEGY', strategy })
    },
    async flush() {
      assertRunning('flush()')
      if (engine.guard.depth > 0) await Promise.resolve()
      if (state === 'stopped') return
      const records = (engine.promises.collecting = new Set())
      take({ type: 'FLUSH' })
      engine.promises.collecting = undefined
      await whenAnswered(engine.refetches, records)
    },
    async settled() {
      if (state !== 'stopped' && !engine.isSettled) await engine.promises.whenSettled()
    },
    getSnapshot: () => snapshots.read(state),
    subscribe: (listener) => changes.on('change', listener),
    on: (name, listener) => emitter.on(name, listener),
    explain: (queryHash) => explain(engine.queryClient, queryHash),
    reset() {
      if (state !== 'stopped') take({ type: 'RESET' })
    },
    stop(stop: StopOptions = {}) {
      const pending =
        stop.pending === undefined ? 'markStale' : expectOneOf('pending', stop.pending, ['markStale', 'flush', 'drop'])
      if (state === 'stopped') return
      for (const unsubscribe of unsubscribes) unsubscribe()
      const mayFlush = pending === 'flush' && !engine.isHeld()
      if (mayFlush) engine.flush({ reason: 'stop', fetch: 'now' })
      else if (pending !== 'drop') engine.markPending('stop')
      if (pending !== 'drop')
        finishAfterStop(engine.refetches, mayFlush ? 'fetch' : 'mark', resolved.maxConcurrentRefetches)
      snapshots.freeze()
      const wasRunning = state === 'running'
      state = 'stopped'
      if (wasRunning) actor.stop()
      engine.detach()
      engine.queue.clear()
      engine.refetches.forget()
      engine.promises.releaseWatches()
      engine.promises.settle()
      notify()
    },
  }

  function explain(queryClient: QueryClient | undefined, queryHash: string): ReturnType<Coalescer['explain']> {
    const query = queryClient?.getQueryCache().get(queryHash)
    const cause = query && engine.causeOf(query)
    if (!query || !cause) return undefined
    return { reason: cause.reason, keys: cause.keys.filter((key) => partialMatchKey(query.queryKey, key.queryKey)) }
  }

  registerInternals(coalescer, {
    engine,
    report,
    now: engine.now,
    isStopped: () => state === 'stopped',
    actorOptions,
    fetchLost,
    schedule(queryKey, exact, wants) {
      const flushed = engine.isHeld()
        ? Promise.resolve(new Set<QueryRecord>())
        : engine.promises.whenFlushed(engine.queue.idOf(queryKey, exact))
      take({ type: 'SCHEDULE', queryKeys: [queryKey], exact, wants })
      return flushed
    },
    attach(queryClient) {
      expectQueryClient(queryClient)
      if (!engine.queryClient) engine.attach(queryClient)
    },
  })
  return coalescer
}
