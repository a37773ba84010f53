import { type QueryClient, onlineManager } from '@tanstack/react-query'
import type { FlushedRecord } from '../../../actions/types.ts'
import { Afterwards } from './afterwards.ts'
import { Awaiting } from './awaiting.ts'
import { followEnd, isOwedAsShown } from './followEnd.ts'
import type { Counters } from './counters.ts'
import type { Ledger, LedgerListener } from './ledger.ts'
import { Holds, type HoldsPort } from './holds.ts'
import { resetFetches } from './reset.ts'
import { Slots, type SlotsPort } from './slots.ts'
import { isAnswering, isMoving, isPaused } from './owed.ts'
import { type Entry, type FetchOutcome, isAnswered, isOpen, isOwnRun, isRunning, noteReported } from './way.ts'
import { Ways } from './ways.ts'
import { disownRun } from './runs.ts'
import { PutIn, type PutInPort } from './putIn.ts'
import { RUNNING } from './waiting.ts'
import { type StuckPort, StuckWatch, giveUp } from './stuck.ts'

export interface FetchesPort
  extends
    Omit<SlotsPort, 'ways' | 'ledger' | 'continued' | 'isMutating' | 'mayHold'>,
    Omit<HoldsPort, 'ways' | 'release'>,
    StuckPort,
    Pick<PutInPort, 'fetchLost' | 'logicalClock'> {
  readonly counters: Counters
  /** The latest fetch of a query has failed, which nobody has been told of yet. */
  fetchFailed(entry: Entry): void
  /** A request has run for so long that nobody waits for it any more. */
  fetchStuck(entry: Entry): void
  /** A query is gone. */
  removed(entry: Entry): void
  /** Something ended or moved on, so that waiting promises may be due. */
  changed(): void
}

/**
 * Starts the fetches that flushes ask for: one at a time per query, at most `maxConcurrentRefetches` at once, none
 * while the page is hidden, and one to follow where an older fetch is still running.
 */
export class Fetches implements LedgerListener {
  ledger: Ledger | undefined
  readonly ways = new Ways()
  readonly slots: Slots
  readonly data: PutIn
  readonly #stuck: StuckWatch
  readonly holds: Holds
  readonly awaiting: Awaiting
  readonly #port: FetchesPort
  /** Queries whose fetch has ended, or that are shown while they owe one. */
  readonly #ended = new Afterwards<Entry>((entries) => this.#afterEnds(entries))

  constructor(port: FetchesPort) {
    this.#port = port
    this.slots = new Slots({
      ...port,
      ways: this.ways,
      ledger: () => this.ledger,
      continued: () => port.changed(),
      isMutating: () => this.holds.mutations.isAny,
      mayHold: (entry) => this.holds.mayHold(entry),
    })
    this.data = new PutIn({ ...port, ledger: () => this.ledger, owing: this })
    this.#stuck = new StuckWatch(port, (entries) => this.#giveUp(entries))
    this.holds = new Holds({ ...port, ways: this.ways, release: (entries) => this.#release(entries) })
    this.awaiting = new Awaiting({ ...port, ways: this.ways, holds: this.holds })
  }

  /** Follows a client, whose queries the ledger knows. */
  attach(ledger: Ledger, queryClient: QueryClient): void {
    this.ledger = ledger
    this.holds.mutations.attach(queryClient)
  }

  /** Fetches of ours that TanStack is running, paused ones not counted. */
  get inFlight(): number {
    let count = 0
    for (const entry of this.ways.running) if (!isPaused(entry)) count += 1
    return count
  }

  /** Whether nothing runs or waits, other than what is deferred while hidden or paused offline. */
  get isSettled(): boolean {
    const { running, marked, queued, fetching } = this.ways
    if (!this.#ended.isEmpty || isMoving(running)) return false
    if (this.#port.isHeld()) return true
    if (this.holds.isMoving || this.holds.mutations.isResuming) return false
    return !isMoving(fetching) && marked.size === 0 && (queued.size === 0 || this.awaiting.isBlocked)
  }

  /** Owes a query a fetch for an event: started at once where it may, else queued, or to follow one that is running. */
  demand(entry: Entry, seq: number): void {
    this.ways.owe(entry, seq)
    if (isRunning(entry)) {
      this.#follow(entry)
      if (!isAnswering(entry)) entry.query.invalidate()
      return
    }
    if (!this.holds.mayHold(entry)) this.slots.queue(entry)
  }

  /** The request that is open, if one is, answers an event: cancelled, it would owe the query a fetch. */
  leanOnOpen(entry: Entry, seq: number): void {
    if (isRunning(entry)) this.demand(entry, seq)
    else if (isOpen(entry)) this.ways.givenUp.add(entry)
  }

  /** Marks a query and owes it a fetch, held back until `releaseMarked`. */
  demandLater(entry: Entry, seq: number): void {
    this.ways.owe(entry, seq)
    if (!isRunning(entry) && this.holds.mayHold(entry)) return
    const { at } = entry.debt
    if (at === 'due' || at === 'held' || at === 'unseen') this.ways.move(entry, 'marked')
    entry.query.invalidate()
  }

  /** Notes what is still to be done if the fetch that is running ends without answering these events. */
  note(entry: Entry, markSeq: number, ifShownSeq: number, cause: FlushedRecord): void {
    if (!isOpen(entry)) return
    this.ways.note(entry, markSeq, ifShownSeq > 0 ? { seq: ifShownSeq, cause } : undefined)
  }

  releaseMarked(): void {
    this.#release(this.ways.marked)
  }

  /** Notes that a query is to be stale for an event, also once the request that is running ends. */
  noteMark(entry: Entry, seq: number): void {
    if (isOpen(entry)) this.ways.note(entry, seq, undefined)
  }

  /** Tells of the failure of a query's latest fetch, once. */
  reportFailure(entry: Entry): void {
    if (entry.reportedAt === entry.startedAt && entry.startedAt > 0) return
    noteReported(entry)
    this.#port.fetchFailed(entry)
  }

  /** Drops everything owed, and what is known of fetches in flight. */
  forget(): void {
    this.slots.markAgain()
    for (const entry of this.ways.all()) {
      disownRun(entry)
      this.ways.endRunning(entry)
      this.ways.unnote(entry)
      this.ways.discharge(entry)
    }
    for (const entry of this.ways.waiting.entries()) this.ways.waiting.release(entry)
    this.data.forget()
    this.#ended.clear()
    this.#port.changed()
  }

  /** Leaves no timer. */
  stop(): void {
    this.forget()
    this.#stuck.stop()
    this.holds.stop()
  }

  /** Drops everything owed and cancels the fetches in flight. What is marked stale stays so. */
  reset(): void {
    resetFetches(this, this.#port.containment)
  }

  /**
   * Lets paused fetches go on that TanStack resumes only for a mounted client, on return to the page or network: after
   * the paused mutations, as it does.
   */
  resumePaused(): void {
    if (this.holds.mutations.isResuming) return
    const paused = new Set([...this.ways.running, ...this.ways.fetching].filter(isPaused))
    for (const { query } of paused) this.#port.containment.run(() => query.onOnline(), query)
    this.#port.changed()
  }

  /** What waits is deferred from now on. */
  releaseDeferred(): void {
    this.awaiting.releaseDeferred()
    this.#port.changed()
  }

  /** The queries that owe a fetch which is not deferred. */
  owing(): Entry[] {
    const owing = [...this.ways.held, ...this.ways.queued, ...this.ways.fetching]
    return this.#port.isHeld() ? owing.filter(isAnswering) : owing
  }

  started(entry: Entry, wasOwn: boolean): void {
    this.#stuck.add(entry)
    const wasGivenUp = this.ways.endRunning(entry)
    // Replaced, it was still the answer to its events, which one more page does not renew.
    if (wasGivenUp && this.#port.logicalClock.value > entry.endedStartedAt) this.ways.oweAgain(entry)
    if (isOwnRun(entry)) {
      this.ways.running.add(entry)
      this.#port.counters.fetchStarted(entry)
    } else if (wasOwn) this.#ended.add(entry)
    if (entry.debt.at !== 'nowhere') this.ways.move(entry, 'fetching')
  }

  ended(entry: Entry, outcome: FetchOutcome, wasOwn: boolean): void {
    this.#stuck.delete(entry)
    const wasGivenUp = this.ways.endRunning(entry)
    // Given up, it was still the answer to its events, which are owed again.
    if (wasGivenUp && outcome === 'cancelled') this.ways.oweAgain(entry)
    const answers = entry.debt.at !== 'nowhere' && isAnswered(entry)
    if (outcome === 'error' && wasOwn) this.#port.counters.failed += 1
    if (outcome === 'error' && (wasOwn || answers)) this.reportFailure(entry)
    const upTo = outcome === 'cancelled' ? RUNNING : entry.startedAt
    this.ways.waiting.release(entry, -1, upTo, outcome === 'error' ? entry : undefined)
    if (answers) this.ways.discharge(entry)
    if (wasOwn || answers || entry.debt.at !== 'nowhere' || this.ways.noted.has(entry)) this.#ended.add(entry)
  }

  /** In a microtask, by when TanStack has started a fetch of its own where it does. */
  shown(entry: Entry): void {
    if (entry.debt.at === 'unseen' || (!isRunning(entry) && isOwedAsShown(entry))) this.#ended.add(entry)
  }

  written(entry: Entry): void {
    this.holds.written(entry)
  }

  paused(entry: Entry): void {
    this.ways.waiting.release(entry)
    this.awaiting.releaseBlocked()
    this.#port.changed()
  }

  removed(entry: Entry): void {
    this.#stuck.delete(entry)
    this.ways.endRunning(entry)
    this.#ended.delete(entry)
    this.ways.unnote(entry)
    this.ways.discharge(entry)
    this.ways.waiting.release(entry)
    this.#port.removed(entry)
    this.#ended.look()
  }

  /** Waits for the end of the fetch that is running. */
  #follow(entry: Entry): void {
    if (entry.debt.at !== 'fetching') this.ledger?.watchRun(entry.query)
    this.ways.move(entry, 'fetching')
    // TanStack resumes it by itself only for a mounted client, and only when the network or the page returns.
    if (isPaused(entry) && onlineManager.isOnline() && !this.holds.mutations.isResuming) entry.query.onOnline()
  }

  #release(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      if (isRunning(entry)) this.#follow(entry)
      else this.slots.queue(entry)
    }
    this.slots.pump()
    this.#port.changed()
  }

  /** Waits no longer for requests that run for too long; a query that owes a later fetch has it started in place. */
  #giveUp(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (giveUp(this.ways, entry)) this.#port.fetchStuck(entry)
      if (isOwedAsShown(entry)) this.#ended.add(entry)
    }
    this.slots.pump()
    this.awaiting.releaseBlocked()
    this.#port.changed()
  }

  #afterEnds(ended: ReadonlySet<Entry>): void {
    const follow = (one: Entry): void => followEnd(one, this, this.#port)
    for (const one of ended) this.#port.containment.runWith(follow, one, one.query)
    this.slots.pump()
    this.awaiting.releaseBlocked()
    this.#port.changed()
  }
}
