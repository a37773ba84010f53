import { type QueryClient, notifyManager } from '@tanstack/react-query'
import { type Gate, createGate } from '../../../actions/gate.ts'
import type { PendingKey } from '../../../actions/pendingKey.ts'
import { PendingQueue } from '../../../actions/pendingQueue.ts'
import type {
  Change,
  ChangeHandler,
  CoalescerStats,
  FlushedRecord,
  HandlerFailedRecord,
  QueryKey,
} from '../../../actions/types.ts'
import type { Wants } from '../../../actions/wants.ts'
import type { EmittedRecords } from '../../../machines/events.ts'
import type {
  AnyCoalescerEvent,
  FlushRequest,
  OrchestratorPort,
  RecordableEvent,
} from '../../../machines/orchestratorPort.ts'
import { FALLBACK, type ResolvedStrategy, resolveStrategy } from '../../../machines/registry.ts'
import { type ChangeSink, type ChangesPort, applyChange } from '../intake/applyChange.ts'
import { Counters } from '../fetches/counters.ts'
import { Flushes } from '../flush/flushes.ts'
import { Changing } from '../intake/changing.ts'
import { Containment } from '../../../actions/containment.ts'
import { type IntakePort, checkEvent, drainChanges, recordEvent } from '../intake/enqueue.ts'
import { Ledger } from '../fetches/ledger.ts'
import type { Entry } from '../fetches/way.ts'
import { identifyExact } from '../match.ts'
import { HiddenTime } from './hiddenTime.ts'
import { type EnginePort, containRootOf } from './enginePort.ts'
import { Waiters } from '../fetches/waiters.ts'
import { createFetches } from './createFetches.ts'
import type { Fetches } from '../fetches/fetches.ts'

/** Does what the orchestrator decides: keeps the queue, applies flushes to the query cache, runs handlers, counts. */
export class Engine implements OrchestratorPort {
  readonly gate: Gate = createGate()
  readonly containment: Containment
  readonly queue: PendingQueue
  readonly fetches: Fetches
  readonly waiters = new Waiters()
  readonly changing = new Changing()
  readonly now: () => number
  readonly isHeld: () => boolean
  readonly rootOf: OrchestratorPort['rootOf']
  queryClient: QueryClient | undefined
  strategy: ResolvedStrategy
  recordedIds: readonly string[] = []
  /** The event on its way to the actor that has been found usable, so that the chart's guard need not look again. */
  checked: unknown
  readonly #port: EnginePort
  readonly #intake: IntakePort
  readonly #clock = { value: 0 }
  readonly #counters = new Counters()
  #ledger: Ledger | undefined
  #flushes: Flushes | undefined
  readonly #hidden: HiddenTime

  constructor(port: EnginePort) {
    this.#port = port
    this.now = port.now
    this.isHeld = port.isHeld
    this.strategy = port.options.strategy
    this.containment = new Containment(port.report)
    this.rootOf = containRootOf(port.options.rootOf, this.containment)
    this.queue = new PendingQueue(this.#clock, (key) => identifyExact(this.queryClient, key, this.containment))
    this.#hidden = new HiddenTime(this.queue, this.now)
    this.#intake = {
      queue: this.queue,
      now: this.now,
      isHeld: port.isHeld,
      containment: this.containment,
      changing: this.changing,
      buffersChanges: () => this.buffersChanges,
      maxBufferedChanges: () => this.strategy.timing.maxBufferedChanges,
      changes: () => this.#changesPort(),
    }
    this.fetches = createFetches(port, {
      isAwaited: () => this.waiters.hasSettledWaiters,
      logicalClock: this.#clock,
      containment: this.containment,
      counters: this.#counters,
      changed: () => this.changed(),
      failed: (entry) => this.#reportFailure(entry),
      removed: (entry) => this.queue.forgetMatched(entry),
    })
  }

  get stats(): CoalescerStats {
    return this.#counters.stats(this.queue.eventsReceived)
  }

  /** Whether changes wait for the flush with their handlers unread. */
  get buffersChanges(): boolean {
    return this.#port.options.registry[this.strategy.name]?.buffersChanges ?? false
  }

  get markedCount(): number {
    return this.fetches.ways.marked.size
  }

  get isDeferring(): boolean {
    return this.#hidden.isRunning
  }

  get isSettled(): boolean {
    return (this.queue.size === 0 || this.isHeld()) && this.fetches.isSettled
  }

  attach(queryClient: QueryClient): void {
    this.queryClient = queryClient
    const { now, fetches, containment, waiters } = this
    const ledger = new Ledger(queryClient, { clock: this.#clock, now, listener: fetches, containment })
    this.#ledger = ledger
    fetches.attach(ledger, queryClient)
    this.#flushes = new Flushes({ queryClient, ledger, fetches, containment, waiters, counters: this.#counters })
  }

  /** Follows the query cache no longer, and changes nothing in it. */
  detach(): void {
    this.#ledger?.stop()
    this.#flushes = undefined
  }

  changed(): void {
    if (this.waiters.hasSettledWaiters && this.isSettled) this.waiters.resolveSettled()
    this.#port.changed()
  }

  check(event: AnyCoalescerEvent): Error | undefined {
    if (this.checked !== undefined && event === this.checked) return undefined
    return checkEvent(event, this.#port.options, this.queryClient !== undefined)
  }

  reportBadEvent(event: unknown, error: Error): void {
    this.#port.report(error, { type: 'badEvent', event })
  }

  resolve(strategy: Parameters<OrchestratorPort['resolve']>[0]): ResolvedStrategy {
    const { registry, timing } = this.#port.options
    return resolveStrategy(registry, strategy, timing)
  }

  record(event: RecordableEvent): readonly string[] {
    try {
      this.recordedIds = recordEvent(this.#intake, event)
    } catch (error) {
      this.reportBadEvent(event, error as Error)
      this.recordedIds = []
    }
    return this.recordedIds
  }

  /** Like `record`, for a caller who is to see the error. */
  recordOrThrow(event: RecordableEvent): void {
    recordEvent(this.#intake, event)
    this.changed()
  }

  /** Puts one key into the queue: the shortest way in. */
  enqueue(queryKey: QueryKey, wants: Wants, atMs: number, exact: boolean, source: string | undefined): void {
    this.queue.add(this.queue.idOf(queryKey, exact), queryKey, wants, atMs, exact, source)
    this.changed()
  }

  flush({ reason, keyIds, fetch }: FlushRequest): void {
    if (this.#ledger) {
      // One batch, so that no component renders between the patches and marks of one flush.
      const flush = (): void => {
        if (keyIds === undefined) this.#readAll()
        this.#apply(this.queue.takeKeys(keyIds), reason, fetch)
        if (fetch === 'now') this.fetchMarked()
      }
      this.containment.run(() => notifyManager.batch(flush))
    }
    this.changed()
  }

  /** Marks what is pending stale and starts no fetch. */
  markPending(reason: FlushedRecord['reason']): void {
    if (!this.#ledger) return
    this.containment.run(() => {
      this.#readAll()
      this.#apply(this.queue.takeKeys(), reason, 'never')
    })
  }

  fetchMarked(): void {
    for (const entry of this.fetches.ways.marked) this.waiters.collecting?.add(entry)
    this.containment.run(() => this.fetches.releaseMarked())
  }

  /** Ends the flushes that are on their way and makes their keys pending again, for whoever is to treat them. */
  interruptFlushes(): void {
    this.queue.putBack(this.#flushes?.interrupt() ?? [])
  }

  reset(): void {
    this.interruptFlushes()
    this.queue.clear()
    this.fetches.reset()
    this.changed()
  }

  strategySwitched(from: ResolvedStrategy, to: ResolvedStrategy): void {
    this.strategy = to
    if (!this.buffersChanges) drainChanges(this.#intake)
    this.fetchMarked()
    this.emit('strategySwitched', { from: from.name, to: to.name, pendingKeys: this.queue.size })
  }

  strategyDied(error: unknown): void {
    this.strategy = { ...this.strategy, name: FALLBACK }
    drainChanges(this.#intake)
    this.#port.report(error, { type: 'actorDied' })
    this.fetchMarked()
  }

  gaveUp(error: unknown): void {
    this.#port.gaveUp(error)
  }

  pageHidden(): void {
    if (this.#port.options.whenHidden === 'refetch') return
    this.#hidden.begin()
    this.fetches.releaseDeferred()
  }

  pageVisible(): void {
    this.#hidden.forgive()
    this.fetches.slots.pump()
  }

  emit<Name extends keyof EmittedRecords>(name: Name, record: EmittedRecords<string>[Name]): void {
    this.containment.run(() => this.#port.emitter.emit(name, record))
    this.#port.emitFromActor(name, record)
  }

  /** What a handler's cancels and patches need, once there is a query client. */
  #changesPort(): ChangesPort | undefined {
    const { queryClient } = this
    const ledger = this.#ledger
    if (!queryClient || !ledger || !this.#flushes) return undefined
    return {
      queryClient,
      ledger,
      mutations: this.fetches.holds.mutations,
      report: this.#port.report,
      handlerFailed: (record) => this.handlerFailed(record),
    }
  }

  handlerFailed(record: HandlerFailedRecord): void {
    this.#port.report(record.error, { type: 'handlerFailed', change: record.change })
    this.emit('handlerFailed', record)
  }

  /** Runs the handler of a change now, and tells what is left to do. */
  applyChange(change: Change, handler: ChangeHandler, sink: ChangeSink, cameAt?: number): void {
    const port = this.#changesPort()
    if (port) applyChange(port, change, handler, sink, cameAt)
  }

  /** The time of the newest event, by which the ledger dates the starts of fetches. */
  get logicalNow(): number {
    return this.#clock.value
  }

  /** What is known of the query of a hash, if it is in the cache. */
  entryOf(queryHash: string): Entry | undefined {
    const query = this.queryClient?.getQueryCache().get(queryHash)
    return query && this.#ledger?.entryOf(query)
  }

  #apply(keys: readonly PendingKey[], reason: FlushedRecord['reason'], fetch: 'now' | 'later' | 'never'): void {
    if (!this.#flushes || keys.length === 0) return
    // What was pending at a switch came under the strategy before, which may have saved something.
    const isDirect = this.strategy.name === 'direct' && reason !== 'switch'
    const options = { reason, fetch, isDirect, waitedMs: this.#counters.noteWait(keys, this.now()) }
    const record = this.#flushes.apply(keys, options, this.#port.options.maxConcurrentRefetches === Infinity)
    this.fetches.data.remember(keys, this.now())
    this.#counters.flushes += 1
    this.waiters.noteFlush(record)
    this.queue.onlookers?.flushed(record, keys)
    this.emit('flushed', record)
  }

  #readAll(): void {
    this.#hidden.forgive()
    drainChanges(this.#intake)
  }

  #reportFailure({ query: { queryKey, queryHash }, error }: Entry): void {
    this.#port.report(error, { type: 'refetchFailed', queryKey, queryHash })
    this.emit('refetchFailed', { queryKey, queryHash, error })
  }
}
