import { type Query, notifyManager } from '@tanstack/react-query'
import type { FlushedRecord } from '../../actions/types.ts'
import { fetchStale } from './fetchStale.ts'
import type { Guard } from './guard.ts'
import type { FetchOutcome, Ledger, LedgerListener, QueryRecord } from './ledger.ts'
import { eachMostUrgent } from './urgency.ts'
import { isAnswering, isPaused, isStillWanted } from './wanted.ts'
import { SLICE_MS, canYield, yieldToMain } from './yielding.ts'

export interface RefetchesPort {
  readonly maxConcurrentRefetches: number
  readonly isHeld: () => boolean
  readonly now: () => number
  /** Whether time is real, so that a long run of starts may give the main thread a turn. */
  readonly mayYield: boolean
  fetchStarted(record: QueryRecord): void
  fetchFailed(record: QueryRecord, own: boolean): void
  /** A fetch that was to answer events was cancelled by someone else. */
  fetchLost(query: Query): void
  /** Something ended or moved on, so that waiting promises may be due. */
  changed(): void
  readonly guard: Guard
}

function callWaiters(record: QueryRecord): void {
  const { waiters } = record
  if (waiters.length === 0) return
  record.waiters = []
  for (const done of waiters) done()
}

/**
 * Starts the fetches that flushes ask for: one at a time per query, at most `maxConcurrentRefetches` at once, none
 * while the page is hidden, and one to follow where an older fetch is still running.
 */
export class Refetches implements LedgerListener {
  ledger: Ledger | undefined
  readonly running = new Set<QueryRecord>()
  readonly marked = new Set<QueryRecord>()
  readonly queued = new Set<QueryRecord>()
  readonly awaiting = new Set<QueryRecord>()
  /** Records whose running fetch does not answer all their events, so that its end is looked after. */
  readonly noted = new Set<QueryRecord>()
  readonly #port: RefetchesPort
  /** Records to look at again in the next microtask, because their fetch has ended. */
  #ended = new Set<QueryRecord>()
  #isPumping = false
  /** Whether a flush is on its way whose fetches start at once. */
  #isRunOpen = false
  #sliceEndMs = Infinity
  /** Whether the rest of the queue waits for the main thread to come back. */
  #hasYielded = false
  #isLookingAgain = false

  constructor(port: RefetchesPort) {
    this.#port = port
  }

  /** Fetches of ours that TanStack is running, paused ones not counted. */
  get inFlight(): number {
    let count = 0
    for (const record of this.running) if (!isPaused(record)) count += 1
    return count
  }

  /** Whether nothing runs or waits, other than what is deferred while hidden or paused offline. */
  get isSettled(): boolean {
    if (this.#ended.size > 0 || this.inFlight > 0) return false
    if (this.#port.isHeld()) return true
    for (const record of this.awaiting) if (!isPaused(record)) return false
    return this.marked.size === 0 && (this.queued.size === 0 || this.#isBlocked)
  }

  /** Whether paused fetches hold every slot, so that what is queued waits for the network as they do. */
  get #isBlocked(): boolean {
    return this.running.size > 0 && this.running.size >= this.#port.maxConcurrentRefetches && this.inFlight === 0
  }

  /** Owes a query a fetch for an event: started at once where it may, else queued, or to follow one that is running. */
  demand(record: QueryRecord, seq: number): void {
    if (seq > record.wantedAt) record.wantedAt = seq
    if (record.running) {
      this.#move(record, 'awaiting')
      if (!isAnswering(record)) record.query.invalidate()
    } else if (this.#mayStartAtOnce()) this.#startAtOnce(record)
    // Not marked until its fetch starts: stale, TanStack would fetch it at the next focus or mount, past
    // `maxConcurrentRefetches`.
    else this.#move(record, 'queued')
  }

  /** Marks a query and owes it a fetch, held back until `releaseMarked`. */
  demandLater(record: QueryRecord, seq: number): void {
    if (seq > record.wantedAt) record.wantedAt = seq
    if (isAnswering(record)) this.#move(record, 'awaiting')
    else if (record.stage === 'none') this.#move(record, 'marked')
    if (record.stage !== 'queued') record.query.invalidate()
  }

  /** Notes what is still to be done if the fetch that is running ends without answering these events. */
  note(record: QueryRecord, markSeq: number, ifShownSeq: number, cause: FlushedRecord): void {
    if (!record.running) return
    if (markSeq > record.markedAt) record.markedAt = markSeq
    if (ifShownSeq > (record.ifShown?.seq ?? 0)) record.ifShown = { seq: ifShownSeq, cause }
    if (record.markedAt > 0 || record.ifShown) this.noted.add(record)
  }

  releaseMarked(): void {
    for (const record of this.marked) this.#move(record, record.running ? 'awaiting' : 'queued')
    this.pump()
    this.#port.changed()
  }

  /** From here to `endRun`, `demand` starts fetches at once, as far as there is no limit and no reason to wait. */
  beginRun(): void {
    const { maxConcurrentRefetches, isHeld } = this.#port
    this.#isRunOpen = maxConcurrentRefetches === Infinity && !this.#isPumping && !this.#hasYielded && !isHeld()
    this.#sliceEndMs = this.#nextSliceEndMs()
  }

  endRun(): void {
    this.#isRunOpen = false
    this.#pump(this.#sliceEndMs)
  }

  /** Starts what is queued, as far as slots, the page's visibility and the main thread allow. */
  pump(): void {
    this.#pump(this.#nextSliceEndMs())
  }

  #pump(sliceEndMs: number): void {
    if (this.#isPumping || this.#hasYielded || this.#port.isHeld() || this.queued.size === 0) return
    this.#isPumping = true
    try {
      notifyManager.batch(() => this.#startSlice(sliceEndMs))
    } finally {
      this.#isPumping = false
    }
  }

  /** When the main thread is to get a turn; never on a platform that would not come back right after it. */
  #nextSliceEndMs(): number {
    return this.#port.mayYield && canYield() ? this.#port.now() + SLICE_MS : Infinity
  }

  #mayStartAtOnce(): boolean {
    if (this.#isRunOpen && this.#sliceEndMs !== Infinity && this.#port.now() >= this.#sliceEndMs)
      this.#isRunOpen = false
    return this.#isRunOpen
  }

  #startAtOnce(record: QueryRecord): void {
    try {
      this.start(record, false)
    } catch (error) {
      this.#settle(record)
      throw error
    }
  }

  /** Fetches a query now; `cancelRefetch` cancels a fetch of it that is running. */
  start(record: QueryRecord, cancelRefetch: boolean): void {
    const { ledger } = this
    if (!ledger) return
    ledger.starting = record.query
    try {
      fetchStale(record.query, ledger.cache, cancelRefetch)
    } finally {
      ledger.starting = undefined
    }
    if (!record.running) this.#settle(record)
  }

  /** Calls back once the fetch a query owes has ended, is paused, or will not come. */
  whenAnswered(record: QueryRecord, done: () => void): void {
    if (record.wantedAt === 0 || isPaused(record) || (record.stage === 'queued' && this.#isBlocked)) done()
    else record.waiters.push(done)
  }

  /** Drops everything owed, and what is known of fetches in flight. */
  forget(): void {
    for (const record of [...this.marked, ...this.queued, ...this.awaiting, ...this.running, ...this.noted]) {
      record.own = false
      this.#unnote(record)
      this.#settle(record)
    }
    this.running.clear()
    this.#ended.clear()
    this.#port.changed()
  }

  /** Lets go of everyone who waits for what is deferred from now on. */
  releaseDeferred(): void {
    for (const record of [...this.marked, ...this.queued, ...this.awaiting]) {
      if (!isAnswering(record)) callWaiters(record)
    }
    this.#port.changed()
  }

  /** The queries that owe a fetch which is not deferred. */
  owing(): QueryRecord[] {
    const owing = [...this.queued, ...this.awaiting]
    return this.#port.isHeld() ? owing.filter(isAnswering) : owing
  }

  started(record: QueryRecord, wasOwn: boolean): void {
    if (record.markedAt > record.startedAt) this.noted.add(record)
    if (wasOwn) this.running.delete(record)
    if (record.own) {
      this.running.add(record)
      this.#port.fetchStarted(record)
    }
    const answers = record.startedAt >= record.wantedAt
    if (record.wantedAt > 0 && (answers || record.stage !== 'marked')) this.#move(record, 'awaiting')
    if (wasOwn && !record.own) this.#lookAgain(record)
  }

  ended(record: QueryRecord, outcome: FetchOutcome, wasOwn: boolean): void {
    if (wasOwn) this.running.delete(record)
    const answers = record.wantedAt > 0 && record.startedAt >= record.wantedAt
    if (outcome === 'error' && (wasOwn || answers)) this.#port.fetchFailed(record, wasOwn)
    if (answers && outcome !== 'cancelled') this.#settle(record)
    if (wasOwn || record.wantedAt > 0 || this.noted.has(record)) this.#lookAgain(record)
  }

  paused(record: QueryRecord): void {
    callWaiters(record)
    this.#releaseBlocked()
    this.#port.changed()
  }

  #releaseBlocked(): void {
    if (this.queued.size > 0 && this.#isBlocked) for (const record of this.queued) callWaiters(record)
  }

  removed(record: QueryRecord, wasOwn: boolean): void {
    if (wasOwn) this.running.delete(record)
    this.#ended.delete(record)
    this.#unnote(record)
    this.#settle(record)
    this.#lookAgain(undefined)
  }

  #startSlice(endMs: number): void {
    const { maxConcurrentRefetches: limit, guard, now } = this.#port
    if (this.running.size >= limit) return
    for (const record of limit === Infinity ? this.queued : eachMostUrgent(this.queued)) {
      if (endMs !== Infinity && now() >= endMs) return this.#yield()
      if (!guard.run(() => this.#startQueued(record), record.query)) this.#settle(record)
      if (this.running.size >= limit) return
    }
  }

  /** Goes on in a task of its own, with whatever is queued by then. */
  #yield(): void {
    this.#hasYielded = true
    const goOn = (): void => {
      this.#hasYielded = false
      this.pump()
      this.#port.changed()
    }
    yieldToMain().then(goOn, goOn)
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
      if (ended.size > 0) this.#ended = new Set()
      for (const one of ended) this.#port.guard.run(() => this.#afterEnd(one), one.query)
      this.pump()
      this.#releaseBlocked()
      this.#port.changed()
    })
  }

  #afterEnd(record: QueryRecord): void {
    if (record.running) return
    // A success has cleared the flag; a cancellation has restored the state from before it was set.
    const { ifShown } = record
    if (record.markedAt > record.startedAt) record.query.invalidate()
    this.#unnote(record)
    if (record.stage === 'none' && ifShown && ifShown.seq > record.startedAt && isStillWanted(record)) {
      record.cause = ifShown.cause
      record.direct = true
      this.demand(record, ifShown.seq)
    }
    if (record.stage !== 'awaiting') return
    if (record.startedAt >= record.wantedAt) return this.#settle(record)
    record.query.invalidate()
    if (!isStillWanted(record)) this.#settle(record)
    else if (record.outcome === 'cancelled') {
      this.#settle(record)
      this.#port.fetchLost(record.query)
    } else this.#move(record, 'queued')
  }

  #startQueued(record: QueryRecord): void {
    if (record.startedAt >= record.wantedAt) {
      if (record.running) this.#move(record, 'awaiting')
      else this.#settle(record)
    } else if (record.running) this.#move(record, 'awaiting')
    else if (isStillWanted(record)) this.start(record, false)
    else {
      // A patch may have cleared the flag since the flush.
      record.query.invalidate()
      this.#settle(record)
    }
  }

  #unnote(record: QueryRecord): void {
    record.markedAt = 0
    record.ifShown = undefined
    this.noted.delete(record)
  }

  #move(record: QueryRecord, stage: 'marked' | 'queued' | 'awaiting'): void {
    if (record.stage === stage) return
    this.#leaveStage(record)
    record.stage = stage
    this[stage].add(record)
  }

  #leaveStage(record: QueryRecord): void {
    if (record.stage !== 'none') this[record.stage].delete(record)
    record.stage = 'none'
  }

  #settle(record: QueryRecord): void {
    record.wantedAt = 0
    record.inactiveWantedAt = 0
    record.direct = false
    this.#leaveStage(record)
    callWaiters(record)
  }
}
