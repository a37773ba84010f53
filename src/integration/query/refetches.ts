import { type Query, onlineManager } from '@tanstack/react-query'
import type { FlushedRecord } from '../../actions/types.ts'
import type { FetchOutcome, Ledger, LedgerListener, QueryRecord } from './ledger.ts'
import { Starter, type StarterPort } from './starter.ts'
import { isAnswered, isAnswering, isHeldUp, isPaused, isStillWanted } from './wanted.ts'
import { WorkList, callWaiters } from './workList.ts'

export interface RefetchesPort extends Omit<StarterPort, 'work' | 'ledger' | 'continued'> {
  fetchStarted(record: QueryRecord): void
  fetchFailed(record: QueryRecord, own: boolean): void
  /** A fetch that was to answer events was cancelled by someone else. */
  fetchLost(query: Query): void
  /** Something ended or moved on, so that waiting promises may be due. */
  changed(): void
}

/**
 * Starts the fetches that flushes ask for: one at a time per query, at most `maxConcurrentRefetches` at once, none
 * while the page is hidden, and one to follow where an older fetch is still running.
 */
export class Refetches implements LedgerListener {
  ledger: Ledger | undefined
  readonly work = new WorkList()
  readonly starter: Starter
  readonly #port: RefetchesPort
  /** Records to look at again in the next microtask, because their fetch has ended. */
  #ended = new Set<QueryRecord>()
  #isLookingAgain = false

  constructor(port: RefetchesPort) {
    this.#port = port
    this.starter = new Starter({
      ...port,
      work: this.work,
      ledger: () => this.ledger,
      continued: () => port.changed(),
    })
  }

  /** Whether nothing runs or waits, other than what is deferred while hidden or paused offline. */
  get isSettled(): boolean {
    const { running, marked, queued, awaiting } = this.work
    if (this.#ended.size > 0 || this.work.isMoving(running)) return false
    if (this.#port.isHeld()) return true
    return !this.work.isMoving(awaiting) && marked.size === 0 && (queued.size === 0 || this.#isBlocked)
  }

  /** Whether paused fetches hold every slot, so that what is queued waits for the network as they do. */
  get #isBlocked(): boolean {
    const { running } = this.work
    return running.size >= this.#port.maxConcurrentRefetches && !this.work.isMoving(running)
  }

  /** Owes a query a fetch for an event: started at once where it may, else queued, or to follow one that is running. */
  demand(record: QueryRecord, seq: number): void {
    record.wantedAt = Math.max(record.wantedAt, seq)
    if (record.running) {
      this.#follow(record)
      if (!isAnswering(record)) record.query.invalidate()
      return
    }
    if (!this.starter.startInRun(record)) this.work.move(record, 'queued')
  }

  /** Marks a query and owes it a fetch, held back until `releaseMarked`. */
  demandLater(record: QueryRecord, seq: number): void {
    record.wantedAt = Math.max(record.wantedAt, seq)
    if (record.stage === 'none') this.work.move(record, 'marked')
    this.mark(record)
  }

  /**
   * Marks a query stale. One in the queue is not marked until its fetch starts: stale, TanStack would fetch it at the
   * next focus or mount, past `maxConcurrentRefetches`.
   */
  mark(record: QueryRecord): void {
    if (record.stage !== 'queued') record.query.invalidate()
  }

  /** Notes what is still to be done if the fetch that is running ends without answering these events. */
  note(record: QueryRecord, markSeq: number, ifShownSeq: number, cause: FlushedRecord): void {
    if (!record.running) return
    record.markedAt = Math.max(record.markedAt, markSeq)
    if (ifShownSeq > (record.ifShown?.seq ?? 0)) record.ifShown = { seq: ifShownSeq, cause }
    if (record.markedAt > 0 || record.ifShown) this.work.noted.add(record)
  }

  releaseMarked(): void {
    for (const record of this.work.marked) {
      if (record.running) this.#follow(record)
      else this.work.move(record, 'queued')
    }
    this.starter.pump()
    this.#port.changed()
  }

  /** Calls back once the fetch a query owes has ended, is paused, or will not come. */
  whenAnswered(record: QueryRecord, done: () => void): void {
    if (record.wantedAt === 0 || isHeldUp(record) || (record.stage === 'queued' && this.#isBlocked)) done()
    else record.waiters.push(done)
  }

  /** Drops everything owed, and what is known of fetches in flight. */
  forget(): void {
    for (const record of this.work.all()) {
      record.own = false
      this.work.unnote(record)
      this.work.settle(record)
    }
    this.work.running.clear()
    this.#ended.clear()
    this.#port.changed()
  }

  /** Drops everything owed, cancels the fetches in flight, and takes back the marks that were made for them. */
  reset(): void {
    const running = [...this.work.running]
    const marked = [...running, ...this.work.marked, ...this.work.awaiting]
    this.forget()
    for (const record of running) {
      record.cause = undefined
      this.#port.guard.run(() => void record.query.cancel({ revert: true }).catch(() => undefined), record.query)
    }
    // Stale, TanStack would fetch it at the next focus or reconnect, for a user who is gone.
    for (const { query } of marked) {
      if (query.state.isInvalidated) this.#port.guard.run(() => query.setState({ isInvalidated: false }), query)
    }
  }

  /** Lets paused fetches go on that TanStack resumes only for a mounted client, on return to the page or network. */
  resumePaused(): void {
    for (const record of [...this.work.running, ...this.work.awaiting]) {
      if (isPaused(record)) this.#port.guard.run(() => record.query.onOnline(), record.query)
    }
  }

  /** Lets go of everyone who waits for what is deferred from now on. */
  releaseDeferred(): void {
    for (const record of [...this.work.marked, ...this.work.queued, ...this.work.awaiting]) {
      if (!isAnswering(record)) callWaiters(record)
    }
    this.#port.changed()
  }

  /** The queries that owe a fetch which is not deferred. */
  owing(): QueryRecord[] {
    const owing = [...this.work.queued, ...this.work.awaiting]
    return this.#port.isHeld() ? owing.filter(isAnswering) : owing
  }

  started(record: QueryRecord, wasOwn: boolean): void {
    if (record.markedAt > record.startedAt) this.work.noted.add(record)
    if (record.own) {
      this.work.running.add(record)
      this.#port.fetchStarted(record)
    }
    if (record.wantedAt > 0) this.work.move(record, 'awaiting')
    if (wasOwn && !record.own) {
      this.work.running.delete(record)
      this.#lookAgain(record)
    }
  }

  ended(record: QueryRecord, outcome: FetchOutcome, wasOwn: boolean): void {
    this.work.running.delete(record)
    const answers = record.wantedAt > 0 && isAnswered(record)
    if (outcome === 'error' && (wasOwn || answers)) this.#port.fetchFailed(record, wasOwn)
    if (answers) this.work.settle(record)
    if (wasOwn || record.wantedAt > 0 || this.work.noted.has(record)) this.#lookAgain(record)
  }

  paused(record: QueryRecord): void {
    callWaiters(record)
    this.#releaseBlocked()
    this.#port.changed()
  }

  removed(record: QueryRecord): void {
    this.work.running.delete(record)
    this.#ended.delete(record)
    this.work.unnote(record)
    this.work.settle(record)
    this.#lookAgain(undefined)
  }

  /** Waits for the end of the fetch that is running. */
  #follow(record: QueryRecord): void {
    this.work.move(record, 'awaiting')
    // TanStack resumes it by itself only for a mounted client, and only when the network or the page returns.
    if (isPaused(record) && onlineManager.isOnline()) record.query.onOnline()
  }

  #releaseBlocked(): void {
    if (this.#isBlocked) for (const record of this.work.queued) callWaiters(record)
  }

  // A fetch that follows must not start inside the cache event that ends the one before: other listeners of the
  // cache would see the start before the end.
  #lookAgain(record: QueryRecord | undefined): void {
    if (record) this.#ended.add(record)
    if (this.#isLookingAgain) return
    this.#isLookingAgain = true
    queueMicrotask(() => {
      this.#isLookingAgain = false
      const ended = this.#ended
      this.#ended = new Set()
      for (const one of ended) this.#port.guard.run(() => this.#afterEnd(one), one.query)
      this.starter.pump()
      this.#releaseBlocked()
      this.#port.changed()
    })
  }

  #afterEnd(record: QueryRecord): void {
    if (record.running) return
    // A success has cleared the flag; a cancellation has restored the state from before it was set.
    const { ifShown } = record
    if (record.markedAt > record.startedAt) record.query.invalidate()
    this.work.unnote(record)
    if (record.stage === 'none' && ifShown && ifShown.seq > record.startedAt && isStillWanted(record)) {
      record.cause = ifShown.cause
      record.direct = true
      this.demand(record, ifShown.seq)
    }
    if (record.stage !== 'awaiting') return
    record.query.invalidate()
    if (!isStillWanted(record)) this.work.settle(record)
    else if (record.outcome === 'cancelled') {
      this.work.settle(record)
      this.#port.fetchLost(record.query)
    } else this.work.move(record, 'queued')
  }
}
