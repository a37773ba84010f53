import { type QueryClient, partialMatchKey } from '@tanstack/react-query'
import { type ActorOptions, type AnyActorLogic, createActor } from 'xstate'
import { createTimekeeper } from '../../actions/clock.ts'
import { causesOf } from './fetches/followEnd.ts'
import { Emitter, createErrorReporter, createWarner } from '../../actions/report.ts'
import {
  readFlushOptions,
  readQueryHash,
  readRefetchOptions,
  readStopOptions,
  warnOfInvalidate,
} from './callOptions.ts'
import type { Entry } from './fetches/way.ts'
import { expectFunction, expectObject, expectOneOf, expectQueryKey } from '../../actions/validate.ts'
import type { EmittedEvent, EmittedRecords } from '../../machines/events.ts'
import { chartsOf } from '../../machines/charts.ts'
import type { AnyCoalescerEvent } from '../../machines/orchestratorPort.ts'
import { type NameOf, type OptionOf, type StrategyRegistry, expectRegistry } from '../../machines/registry.ts'
import type { AnyCoalescer, Coalescer } from './coalescer.ts'
import { Engine } from './host/engine.ts'
import { registerInternals } from './internals.ts'
import { finishWork, followPage, release } from './host/lifecycle.ts'
import { type CoalescerOptions, expectQueryClient, resolveOptions } from './options.ts'
import { countRunning, warnOfOptions, warnOfOtherCopy, warnOfStrategy, warnOfTiming } from './warnings.ts'
import { whenAnswered } from './fetches/waiters.ts'
import { Page } from './host/page.ts'
import { Router } from './host/router.ts'
import { createNotifier, createSnapshotReader } from './host/snapshot.ts'
import { createContainedInspect, watchInspectors, watchListeners } from './host/inspectors.ts'

const noOptions = {}
const emittedNames = ['flushed', 'strategySwitched', 'refetchFailed', 'handlerFailed'] as const

/**
 * Creates a coalescer that knows the given strategies only, by the names they are given under: a strategy that is not
 * named is not bundled either. The first one is the default.
 *
 * @throws TypeError or RangeError for a bad strategy or option.
 */
export function createCoalescerWith<const Strategies extends StrategyRegistry>(
  strategies: Strategies,
  options: CoalescerOptions<OptionOf<NoInfer<Strategies>>> = {},
): Coalescer<NameOf<Strategies>, OptionOf<Strategies>> {
  const registry = expectRegistry(strategies, 'strategies')
  const resolved = resolveOptions(registry, options)
  const report = createErrorReporter(options.onError)
  const warn = createWarner(options.onWarning)
  const emitter = new Emitter<EmittedRecords<string>>(report)
  const failed = (option: string) => (error: unknown) => report(error, { type: 'optionFailed', option })
  const clock = createTimekeeper(options.clock, failed('clock.now'))
  const page = new Page({
    isHidden: resolved.isHidden,
    defers: resolved.whenHidden === 'defer',
    failed: failed('isHidden'),
    turned: (isVisible) => router.takePage(isVisible),
  })
  const engine = new Engine({
    options: resolved,
    now: clock.now,
    clock,
    isHeld: () => page.isHeld(),
    isRealTime: options.clock === undefined,
    report,
    emitter,
    emitFromActor: (name, record) => {
      if (!listeners.isOn() && !inspectors.isOn()) return
      router.send({ type: 'REPORT', emitted: { type: name, ...record } as EmittedEvent<string> })
    },
    fetchLost: (queryKeys, sources) => router.fetchLost(queryKeys, sources),
    changed: () => {
      router.noteHeld()
      notifier.notifySoon()
    },
    gaveUp: (error) => router.die(error),
  })
  const actorOptions = {
    clock: clock as NonNullable<ActorOptions<AnyActorLogic>['clock']>,
    ...(options.inspect && { inspect: createContainedInspect(options.inspect, report) }),
  }
  const actor = createActor(chartsOf(registry).orchestrator, {
    id: 'coalescer',
    systemId: 'coalescer',
    input: { port: engine, strategy: resolved.strategy },
    ...actorOptions,
  })
  // An event without a type would kill the actor before any transition could refuse it.
  const sendToActor = actor.send.bind(actor)
  actor.send = (event) => {
    if (typeof (event as Partial<typeof event> | null | undefined)?.type === 'string') sendToActor(event)
    else engine.reportBadEvent(event, engine.check(event as AnyCoalescerEvent) ?? new TypeError('Expected an event.'))
  }
  const inspectors = watchInspectors(actor.system, options.inspect !== undefined)
  const listeners = watchListeners(actor)
  const router = new Router({
    engine,
    page,
    sendToActor: (event) => actor.send(event),
    isInspected: () => inspectors.isOn(),
  })
  const snapshots = createSnapshotReader(engine, actor, router)
  const notifier = createNotifier(snapshots, engine.containment, report)

  actor.subscribe({
    next: () => notifier.notify(),
    error: (error) => router.die(error),
    complete: () =>
      router.die(
        new Error('The actor of the coalescer was stopped from outside. Call stop() of the coalescer instead.'),
      ),
  })
  actor.start()
  snapshots.followStrategy(() => notifier.notify())
  warnOfOptions(options, resolved, warn)
  emitter.on('strategySwitched', () => warnOfTiming(engine.strategy, warn))
  let endCount = (): void => undefined
  const attach = (queryClient: QueryClient): void => {
    warnOfOtherCopy(queryClient, warn)
    endCount = countRunning(queryClient, warn)
    engine.attach(queryClient)
  }
  if (options.queryClient) attach(options.queryClient)
  const unfollowPage = followPage(engine, router, page)

  function assertRunning(call: string): void {
    if (router.isOver) {
      throw new TypeError(
        `Expected a running coalescer, got ${call} after stop(). A stopped coalescer does not start again: create a new one with createCoalescer().`,
      )
    }
  }

  const coalescer: AnyCoalescer = {
    actor,
    scheduleInvalidate(queryKey, invalidate = noOptions) {
      expectQueryKey(queryKey)
      expectObject(
        'options',
        'an object { exact?, refetchType?, urgent?, source? }',
        invalidate,
        'Leave it out for the defaults.',
      )
      if (router.tryEnqueue(queryKey, invalidate)) return
      // Not of each call of a burst, which is to cost next to nothing; its first one comes here.
      warnOfInvalidate(invalidate, warn)
      coalescer.send({ ...invalidate, type: 'INVALIDATE', queryKeys: [queryKey] })
    },
    scheduleRefetch(queryKey, typeOrOptions = 'active') {
      expectQueryKey(queryKey)
      const { type, source } = readRefetchOptions(typeOrOptions, warn)
      coalescer.send({ type: 'REFETCH', queryKeys: [queryKey], queryType: type, source })
    },
    send(event) {
      assertRunning('an event')
      const error = engine.check(event)
      if (error) throw error
      if (event.type === 'SWITCH_STRATEGY') warnOfStrategy(event.strategy, warn)
      engine.checked = event
      router.take(event)
      engine.checked = undefined
    },
    switchStrategy(strategy) {
      coalescer.send({ type: 'SWITCH_STRATEGY', strategy })
    },
    async flush(flush = noOptions) {
      assertRunning('flush()')
      const { queryKey } = readFlushOptions(flush, warn)
      // Inside the coalescer's own calls of the app, the flush would run only after this function has looked for it.
      if (engine.containment.depth > 0) await Promise.resolve()
      const led = (engine.waiters.collecting = new Set<Entry>())
      router.take({ type: 'FLUSH' })
      engine.waiters.collecting = undefined
      // What was urgent, or the first of a burst, has been flushed already; `direct` has flushed each event.
      const isEach = queryKey !== undefined || engine.strategy.name === 'direct'
      for (const entry of engine.fetches.owing()) if (isEach || engine.waiters.isOfTurn(entry)) led.add(entry)
      const isAwaited = ({ query }: Entry): boolean => !queryKey || partialMatchKey(query.queryKey, queryKey)
      await whenAnswered(engine.fetches.awaiting, [...led].filter(isAwaited))
    },
    async settled() {
      if (router.isOver || engine.isSettled) return
      const settled = engine.waiters.whenSettled()
      engine.fetches.holds.look()
      await settled
    },
    getSnapshot: () => snapshots.read(),
    subscribe(listener) {
      expectFunction('listener', listener)
      return notifier.subscribe(listener)
    },
    on(name, listener) {
      expectOneOf('name', name, emittedNames)
      expectFunction('listener', listener)
      return emitter.on(name, listener)
    },
    explain(queryHashOrKey) {
      const entry = engine.entryOf(readQueryHash(queryHashOrKey, engine.queryClient))
      if (!entry?.cause) return undefined
      return { reason: entry.cause.reason, keys: causesOf(entry) }
    },
    reset() {
      router.take({ type: 'RESET' })
    },
    stop(stop = {}) {
      const pending = readStopOptions(stop, warn)
      // Code of the app that runs meanwhile may ask for the end at once; a change is waited for.
      if (router.state === 'stopped' || (router.isOver && engine.changing.isOn)) return
      if (!router.isOver) endCount()
      router.isOver = true
      unfollowPage()
      finishWork(engine, pending, resolved, () => {
        snapshots.freeze()
        router.send({ type: 'STOP' })
        router.state = 'stopped'
        actor.stop()
        release(engine)
        notifier.notify()
      })
    },
  }

  registerInternals(coalescer, {
    registry,
    report,
    warn,
    now: engine.now,
    queryClient: () => engine.queryClient,
    pending: engine.queue,
    asChange: (rows, run) => engine.changing.run(() => engine.queue.during(rows, run)),
    held: () => engine.fetches.holds.describe(),
    answerOf: (mutation) => engine.fetches.holds.mutations.answerOf(mutation),
    entryOf: (queryHash) => engine.entryOf(queryHash),
    logicalNow: () => engine.logicalNow,
    buffersChanges: () => engine.buffersChanges,
    newLogicalTime: () => engine.queue.tick(),
    date: (event, moment) => void engine.queue.moments.set(event, moment),
    applyChange: (change, handler, sink, cameAt) => engine.applyChange(change, handler, sink, cameAt),
    handlerFailed: (record) => engine.handlerFailed(record),
    takeLate: (event) => router.takeLate(event),
    isStopped: () => router.isOver,
    actorOptions,
    fetchLost: (queryKeys, sources, moment) => router.fetchLost(queryKeys, sources, moment),
    callsPort: {
      queue: engine.queue,
      fetches: engine.fetches,
      isHeld: engine.isHeld,
      schedule: (call) => router.take({ type: 'SCHEDULE', call }),
      hurry: (keyIds) => router.hurry(keyIds),
    },
    attach(queryClient) {
      expectQueryClient(queryClient)
      if (!engine.queryClient) attach(queryClient)
      else if (engine.queryClient.getQueryCache() !== queryClient.getQueryCache()) {
        throw new TypeError(
          'Expected `queryClient` to be the one this coalescer has, got another (object). A coalescer belongs to one QueryClient: create one for each.',
        )
      }
    },
  })
  // The registry is that of `Strategies`: nobody can have switched to a strategy it does not have.
  return coalescer as Coalescer<NameOf<Strategies>, OptionOf<Strategies>>
}
