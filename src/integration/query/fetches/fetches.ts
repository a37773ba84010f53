import { type Query, onlineManager } from '@tanstack/react-query'
import type { FlushedRecord } from '../../../actions/types.ts'
import type { FetchOutcome, Ledger, LedgerListener, Entry } from './ledger.ts'
import { Slots, type SlotsPort } from './slots.ts'
import { isAnswered, isAnswering, isHeldUp, isPaused, isStillWanted } from './owed.ts'
import { WorkList, callWaiters } from './workList.ts'

export interface FetchesPort extends Omit<SlotsPort, 'work' | 'ledger' | 'continued'> {
  fetchStarted(entry: Entry): void
  fetchFailed(entry: Entry, own: boolean): void
  /** A fetch that was to answer events was cancelled by someone else. */
  fetchLost(query: Query): void
  /** Something ended or moved on, so that waiting promises may be due. */
  changed(): void
}

/**
 * Starts the fetches that flushes ask for: one at a time per query, at most `maxConcurrentRefetches` at once, none
 * while the page is hidden, and one to follow where an older fetch is still running.
 */
export class Fetches implements LedgerListener {
  ledger: Ledger | undefined
  readonly work = new WorkList()
  readonly slots: Slots
  readonly #port: FetchesPort
  /** Records to look at again in the next microtask, because their fetch has ended. */
  #ended = new Set<Entry>()
  #isLookingAgain = false

  constructor(port: FetchesPort) {
    this.#port = port
    this.slots = new Slots({
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
  demand(entry: Entry, seq: number): void {
    entry.wantedAt = Math.max(entry.wantedAt, seq)
    if (entry.running) {
      this.#follow(entry)
      if (!isAnswering(entry)) entry.query.invalidate()
      return
    }
    if (!this.slots.startInRun(entry)) this.work.move(entry, 'queued')
  }

  /** Marks a query and owes it a fetch, held back until `releaseMarked`. */
  demandLater(entry: Entry, seq: number): void {
    entry.wantedAt = Math.max(entry.wantedAt, seq)
    if (entry.stage === 'none') this.work.move(entry, 'marked')
    this.mark(entry)
  }

  /**
   * Marks a query stale. One in the queue is not marked until its fetch starts: stale, TanStack would fetch it at the
   * next focus or mount, past `maxConcurrentRefetches`.
   */
  mark(entry: Entry): void {
    if (entry.stage !== 'queued') entry.query.invalidate()
  }

  /** Notes what is still to be done if the fetch that is running ends without answering these events. */
  note(entry: Entry, markSeq: number, ifShownSeq: number, cause: FlushedRecord): void {
    if (!entry.running) return
    entry.markedAt = Math.max(entry.markedAt, markSeq)
    if (ifShownSeq > (entry.ifShown?.seq ?? 0)) entry.ifShown = { seq: ifShownSeq, cause }
    if (entry.markedAt > 0 || entry.ifShown) this.work.noted.add(entry)
  }

  releaseMarked(): void {
    for (const entry of this.work.marked) {
      if (entry.running) this.#follow(entry)
      else this.work.move(entry, 'queued')
    }
    this.slots.pump()
    this.#port.changed()
  }

  /** Calls back once the fetch a query owes has ended, is paused, or will not come. */
  whenAnswered(entry: Entry, done: () => void): void {
    if (entry.wantedAt === 0 || isHeldUp(entry) || (entry.stage === 'queued' && this.#isBlocked)) done()
    else entry.waiters.push(done)
  }

  /** Drops everything owed, and what is known of fetches in flight. */
  forget(): void {
    for (const entry of this.work.all()) {
      entry.own = false
      this.work.unnote(entry)
      this.work.settle(entry)
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
    for (const entry of running) {
      entry.cause = undefined
      this.#port.containment.run(() => void entry.query.cancel({ revert: true }).catch(() => undefined), entry.query)
    }
    // Stale, TanStack would fetch it at the next focus or reconnect, for a user who is gone.
    for (const { query } of marked) {
      if (query.state.isInvalidated) this.#port.containment.run(() => query.setState({ isInvalidated: false }), query)
    }
  }

  /** Lets paused fetches go on that TanStack resumes only for a mounted client, on return to the page or network. */
  resumePaused(): void {
    for (const entry of [...this.work.running, ...this.work.awaiting]) {
      if (isPaused(entry)) this.#port.containment.run(() => entry.query.onOnline(), entry.query)
    }
  }

  /** Lets go of everyone who waits for what is deferred from now on. */
  releaseDeferred(): void {
    for (const entry of [...this.work.marked, ...this.work.queued, ...this.work.awaiting]) {
      if (!isAnswering(entry)) callWaiters(entry)
    }
    this.#port.changed()
  }

  /** The queries that owe a fetch which is not deferred. */
  owing(): Entry[] {
    const owing = [...this.work.queued, ...this.work.awaiting]
    return this.#port.isHeld() ? owing.filter(isAnswering) : owing
  }

  started(entry: Entry, wasOwn: boolean): void {
    if (entry.markedAt > entry.startedAt) this.work.noted.add(entry)
    if (entry.own) {
      this.work.running.add(entry)
      this.#port.fetchStarted(entry)
    }
    if (entry.wantedAt > 0) this.work.move(entry, 'awaiting')
    if (wasOwn && !entry.own) {
      this.work.running.delete(entry)
      this.#lookAgain(entry)
    }
  }

  ended(entry: Entry, outcome: FetchOutcome, wasOwn: boolean): void {
    this.work.running.delete(entry)
    const answers = entry.wantedAt > 0 && isAnswered(entry)
    if (outcome === 'error' && (wasOwn || answers)) this.#port.fetchFailed(entry, wasOwn)
    if (answers) this.work.settle(entry)
    if (wasOwn || entry.wantedAt > 0 || this.work.noted.has(entry)) this.#lookAgain(entry)
  }

  paused(entry: Entry): void {
    callWaiters(entry)
    this.#releaseBlocked()
    this.#port.changed()
  }

  removed(entry: Entry): void {
    this.work.running.delete(entry)
    this.#ended.delete(entry)
    this.work.unnote(entry)
    this.work.settle(entry)
    this.#lookAgain(undefined)
  }

  /** Waits for the end of the fetch that is running. */
  #follow(entry: Entry): void {
    this.work.move(entry, 'awaiting')
    // TanStack resumes it by itself only for a mounted client, and only when the network or the page returns.
    if (isPaused(entry) && onlineManager.isOnline()) entry.query.onOnline()
  }

  #releaseBlocked(): void {
    if (this.#isBlocked) for (const entry of this.work.queued) callWaiters(entry)
  }

  // A fetch that follows must not start inside the cache event that ends the one before: other listeners of the
  // cache would see the start before the end.
  #lookAgain(entry: Entry | undefined): void {
    if (entry) this.#ended.add(entry)
    if (this.#isLookingAgain) return
    this.#isLookingAgain = true
    queueMicrotask(() => {
      this.#isLookingAgain = false
      const ended = this.#ended
      this.#ended = new Set()
      for (const one of ended) this.#port.containment.run(() => this.#afterEnd(one), one.query)
      this.slots.pump()
      this.#releaseBlocked()
      this.#port.changed()
    })
  }

  #afterEnd(entry: Entry): void {
    if (entry.running) return
    // A success has cleared the flag; a cancellation has restored the state from before it was set.
    const { ifShown } = entry
    if (entry.markedAt > entry.startedAt) entry.query.invalidate()
    this.work.unnote(entry)
    if (entry.stage === 'none' && ifShown && ifShown.seq > entry.startedAt && isStillWanted(entry)) {
      entry.cause = ifShown.cause
      entry.direct = true
      this.demand(entry, ifShown.seq)
    }
    if (entry.stage !== 'awaiting') return
    entry.query.invalidate()
    if (!isStillWanted(entry)) this.work.settle(entry)
    else if (entry.outcome === 'cancelled') {
      this.work.settle(entry)
      this.#port.fetchLost(entry.query)
    } else this.work.move(entry, 'queued')
  }
}
