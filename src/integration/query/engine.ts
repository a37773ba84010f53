import { type Query, type QueryClient, hashKey } from '@tanstack/react-query'
import { sourceOf } from '../../actions/effects.ts'
import { type Gate, createGate } from '../../actions/gate.ts'
import { identifyKey } from '../../actions/queryKeys.ts'
import { type PendingKey, PendingQueue } from '../../actions/pendingQueue.ts'
import type { Emitter, ErrorReporter } from '../../actions/report.ts'
import type { CoalescerStats, FlushedRecord, QueryKey } from '../../actions/types.ts'
import { wantsOf } from '../../actions/wants.ts'
import {
  type CoalescerEvent,
  type EmittedRecords,
  expectChangeEvent,
  expectKeyEvent,
  failEventType,
} from '../../machines/events.ts'
import type { FlushRequest, OrchestratorPort, RecordableEvent } from '../../machines/orchestrator.ts'
import { type ResolvedStrategy, type StrategyOption, resolveStrategy, strategies } from '../../machines/strategies.ts'
import { type ChangesPort, applyChange } from './changes.ts'
import { type FlushPort, flushEachEvent, flushKeys } from './flush.ts'
import { Ledger, type QueryRecord } from './ledger.ts'
import type { ResolvedOptions } from './options.ts'
import { Promises } from './promises.ts'
import { Refetches } from './refetches.ts'

export interface EnginePort {
  readonly options: ResolvedOptions
  readonly now: () => number
  readonly isHeld: () => boolean
  readonly report: ErrorReporter
  readonly emitter: Emitter<EmittedRecords>
  /** Tells the actor's own listeners of a fact. */
  emitFromActor<Name extends keyof EmittedRecords>(name: Name, record: EmittedRecords[Name]): void
  /** Tells the orchestrator of queries that owe a fetch again. */
  fetchLost(queryKeys: readonly QueryKey[]): void
  /** Something of the snapshot has changed outside of a transition. */
  changed(): void
}

/** Does what the orchestrator decides: keeps the queue, applies flushes to the query cache, runs handlers, counts. */
export class Engine implements OrchestratorPort {
  readonly gate: Gate = createGate()
  readonly queue: PendingQueue
  readonly refetches: Refetches
  readonly promises = new Promises()
  readonly now: () => number
  readonly isHeld: () => boolean
  queryClient: QueryClient | undefined
  strategy: ResolvedStrategy
  /** How deep the engine is in code of the app, where a flush cannot run at once. */
  depth = 0
  readonly #port: EnginePort
  readonly #clock = { value: 0 }
  #ledger: Ledger | undefined
  #hiddenSinceMs = 0
  #counts = { flushes: 0, started: 0, would: 0, failed: 0, longestWaitMs: 0 }

  constructor(port: EnginePort) {
    this.#port = port
    this.now = port.now
    this.isHeld = port.isHeld
    this.strategy = port.options.strategy
    this.queue = new PendingQueue(this.#clock, (queryKey) => this.#hashExact(queryKey))
    this.refetches = new Refetches({
      maxConcurrentRefetches: port.options.maxConcurrentRefetches,
      isHeld: port.isHeld,
      guard: (query, run) => this.#guard(query, run),
      changed: () => this.changed(),
      fetchLost: (query) => port.fetchLost([query.queryKey]),
      fetchStarted: (record) => {
        this.#counts.started += 1
        if (record.direct) this.#counts.would += 1
      },
      fetchFailed: (record, own) => {
        if (own) this.#counts.failed += 1
        this.#reportFailure(record)
      },
    })
  }

  get stats(): CoalescerStats {
    const { flushes, started, would, failed, longestWaitMs } = this.#counts
    return {
      eventsReceived: this.queue.eventsReceived,
      flushes,
      fetchesStarted: started,
      fetchesSaved: would - started,
      fetchesFailed: failed,
      longestWaitMs,
    }
  }

  get isSettled(): boolean {
    return (this.queue.size === 0 || this.isHeld()) && this.refetches.isSettled
  }

  attach(queryClient: QueryClient): void {
    this.queryClient = queryClient
    const guard = (run: () => void): void => void this.#run(run, this.#reportBug)
    this.#ledger = new Ledger(queryClient, this.#clock, this.refetches, guard)
    this.refetches.ledger = this.#ledger
  }

  detach(): void {
    this.#ledger?.stop()
  }

  changed(): void {
    if (this.promises.hasSettledWaiters && this.isSettled) this.promises.settle()
    this.#port.changed()
  }

  check(event: CoalescerEvent): Error | undefined {
    try {
      switch (event.type) {
        case 'INVALIDATE':
        case 'REFETCH':
          expectKeyEvent(event)
          break
        case 'CHANGE':
          expectChangeEvent(event)
          break
        case 'SWITCH_STRATEGY':
          this.resolve(event.strategy)
          break
        default:
          failEventType(event)
      }
      return undefined
    } catch (error) {
      return error as Error
    }
  }

  reportBadEvent(event: unknown, error: Error): void {
    this.#port.report(error, { type: 'badEvent', event })
  }

  resolve(strategy: StrategyOption): ResolvedStrategy {
    return resolveStrategy(strategy, this.#port.options.timing)
  }

  record(event: RecordableEvent): readonly string[] {
    const atMs = this.now()
    switch (event.type) {
      case 'INVALIDATE':
      case 'REFETCH': {
        const wants = wantsOf(event)
        const exact = event.type === 'INVALIDATE' && event.exact === true
        return event.queryKeys.map((queryKey) => this.queue.add(queryKey, wants, atMs, exact, event.source).id)
      }
      case 'SCHEDULE':
        return event.queryKeys.map((key) => this.queue.add(key, event.wants, atMs, event.exact, undefined).id)
      case 'FETCH_LOST':
        return event.queryKeys.map((queryKey) => this.queue.restore(queryKey, atMs).id)
      case 'CHANGE': {
        this.queue.bufferChange(event.change, event.handler, atMs)
        const isFull = this.queue.changes.length >= this.strategy.timing.maxBufferedChanges
        if (strategies[this.strategy.name].buffersChanges && !(isFull && this.isHeld())) return []
        return this.#drainChanges()
      }
    }
  }

  flush({ reason, keyIds, fetch }: FlushRequest): number {
    const port = this.#flushPort()
    if (!port) return 0
    this.#run(() => {
      if (keyIds === undefined) this.#drainChanges()
      const keys = this.queue.takeKeys(keyIds)
      if (keys.length > 0) {
        const options = { reason, waitedMs: this.#noteWait(keys), fetch }
        const mayRestart = this.#port.options.maxConcurrentRefetches === Infinity
        const record =
          reason === 'direct' ? flushEachEvent(port, keys, options, mayRestart) : flushKeys(port, keys, options)
        this.#noteFlush(keys, record)
      }
      if (fetch === 'now') this.refetches.releaseMarked()
    }, this.#reportBug)
    this.changed()
    return this.refetches.marked.size
  }

  /** Marks what is pending stale and starts no fetch. */
  markPending(reason: FlushedRecord['reason']): void {
    const port = this.#flushPort()
    if (!port) return
    this.#run(() => {
      this.#drainChanges()
      const keys = this.queue.takeKeys()
      if (keys.length === 0) return
      this.#noteFlush(keys, flushKeys(port, keys, { reason, waitedMs: this.#noteWait(keys), fetch: 'never' }))
    }, this.#reportBug)
  }

  fetchMarked(): void {
    for (const record of this.refetches.marked) this.promises.collecting?.add(record)
    this.#run(() => this.refetches.releaseMarked(), this.#reportBug)
  }

  reset(): void {
    const running = [...this.refetches.running]
    this.queue.clear()
    this.refetches.forget()
    for (const record of running) {
      record.cause = undefined
      this.#guard(record.query, () => void record.query.cancel({ revert: true }).catch(() => undefined))
    }
    this.promises.releaseWatches()
    this.changed()
  }

  strategySwitched(from: ResolvedStrategy, to: ResolvedStrategy): void {
    this.strategy = to
    if (!strategies[to.name].buffersChanges) this.#drainChanges()
    this.fetchMarked()
    this.emit('strategySwitched', { from: from.name, to: to.name, pendingKeys: this.queue.size })
  }

  strategyDied(error: unknown): void {
    this.strategy = { ...this.strategy, name: 'direct' }
    this.#drainChanges()
    this.#port.report(error, { type: 'actorDied' })
    this.fetchMarked()
  }

  pageHidden(): void {
    this.#hiddenSinceMs = this.now()
    this.refetches.releaseDeferred()
    this.promises.releaseWatches()
  }

  pageVisible(): void {
    this.queue.forgive(this.#hiddenSinceMs, this.now())
    this.refetches.pump()
  }

  /** Lets paused fetches go on that TanStack resumes only for a mounted client. */
  online(): void {
    for (const { query } of [...this.refetches.running, ...this.refetches.awaiting]) {
      if (query.state.fetchStatus === 'paused') this.#guard(query, () => query.onOnline())
    }
  }

  emit<Name extends keyof EmittedRecords>(name: Name, record: EmittedRecords[Name]): void {
    this.#run(() => this.#port.emitter.emit(name, record), this.#reportBug)
    this.#port.emitFromActor(name, record)
  }

  /** What a handler's cancels and patches need, once there is a query client. */
  changesPort(): ChangesPort | undefined {
    const { queryClient } = this
    return queryClient && this.#ledger
      ? {
          queryClient,
          ledger: this.#ledger,
          report: this.#port.report,
          handlerFailed: (record) => {
            this.#port.report(record.error, { type: 'handlerFailed', change: record.change })
            this.emit('handlerFailed', record)
          },
        }
      : undefined
  }

  /** The flush that last asked for a fetch of a query. */
  causeOf(query: Query): FlushedRecord | undefined {
    return this.#ledger?.record(query).cause
  }

  #drainChanges(): string[] {
    const port = this.changesPort()
    if (!port || this.queue.changes.length === 0) return []
    const ids: string[] = []
    for (const buffered of this.queue.takeChanges()) {
      this.#run(() => {
        const applied = applyChange(port, buffered.change, buffered.handler)
        const source = sourceOf(buffered.change)
        const add = (queryKey: QueryKey, event: Parameters<typeof wantsOf>[0]): void => {
          ids.push(this.queue.addFromChange(queryKey, wantsOf(event), buffered, source).id)
        }
        for (const queryKey of applied.invalidate) add(queryKey, { type: 'INVALIDATE', queryKeys: [] })
        for (const { queryKey, type } of applied.refetch)
          add(queryKey, { type: 'REFETCH', queryKeys: [], queryType: type })
        for (const queryKey of applied.overtaken) ids.push(this.queue.restore(queryKey, buffered.atMs).id)
      }, this.#reportBug)
    }
    return ids
  }

  #flushPort(): FlushPort | undefined {
    const { queryClient } = this
    const ledger = this.#ledger
    if (!queryClient || !ledger) return undefined
    return {
      queryClient,
      ledger,
      refetches: this.refetches,
      wouldHaveFetched: (count) => (this.#counts.would += count),
      reportFailure: (record) => this.#reportFailure(record),
      reportHashFailure: this.#reportBug,
      guard: (query, run) => this.#guard(query, run),
      watches: (key) => this.promises.watches(key),
      matched: (key, record) => this.promises.matched(key, record),
    }
  }

  #noteWait(keys: readonly PendingKey[]): number {
    const oldest = keys.reduce((first, key) => Math.min(first, key.firstAtMs), Infinity)
    const waitedMs = Math.max(0, this.now() - oldest)
    if (waitedMs > this.#counts.longestWaitMs) this.#counts.longestWaitMs = waitedMs
    return waitedMs
  }

  #noteFlush(keys: readonly PendingKey[], record: FlushedRecord): void {
    this.#counts.flushes += 1
    this.promises.flushed(keys)
    this.emit('flushed', record)
  }

  #reportFailure(record: QueryRecord): void {
    const { query, startedAt } = record
    if (record.reportedAt === startedAt && startedAt > 0) return
    record.reportedAt = startedAt
    const { queryKey, queryHash } = query
    const { error } = query.state
    this.#port.report(error, { type: 'refetchFailed', queryKey, queryHash })
    this.emit('refetchFailed', { queryKey, queryHash, error })
  }

  #hashExact(queryKey: QueryKey): string {
    try {
      return (this.queryClient?.getDefaultOptions().queries?.queryKeyHashFn ?? hashKey)(queryKey)
    } catch (error) {
      this.#reportBug(error)
      return identifyKey(queryKey)
    }
  }

  readonly #reportBug = (error: unknown): void => {
    this.#port.report(error, { type: 'queryFailed', queryKey: [], queryHash: '' })
  }

  #guard(query: Query, run: () => void): boolean {
    return this.#run(run, (error) => {
      this.#port.report(error, { type: 'queryFailed', queryKey: query.queryKey, queryHash: query.queryHash })
    })
  }

  /** Runs what may call code of the app. */
  #run(run: () => void, failed: (error: unknown) => void): boolean {
    this.depth += 1
    try {
      run()
      return true
    } catch (error) {
      failed(error)
      return false
    } finally {
      this.depth -= 1
    }
  }
}
