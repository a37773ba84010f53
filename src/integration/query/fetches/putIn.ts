import { type Query, type QueryKey, replaceEqualDeep } from '@tanstack/react-query'
import type { LogicalClock } from '../../../actions/clock.ts'
import { copyKey } from '../../../actions/queryKeys.ts'
import type { CalledKey, PendingKey } from '../../../actions/pendingKey.ts'
import type { Containment } from '../../../actions/containment.ts'
import { createMatcher } from '../flush/match.ts'
import type { Ledger } from './ledger.ts'
import { isOpen, isRunning } from './way.ts'

/** How many keys are remembered after their flush. */
const MAX_KEYS = 1000

interface FlushedKey {
  readonly queryKey: QueryKey
  readonly exact: boolean
  /** When its newest event came, by the clock that data is dated with. */
  readonly atMs: number
  /** The same in logical time. */
  readonly seq: number
}

export interface PutInPort {
  readonly logicalClock: LogicalClock
  readonly containment: Containment
  /** Within this time, a request from before an event may still bring another tab an answer. */
  readonly stuckAfterMs: number
  readonly ledger: () => Ledger | undefined
  /** Owes queries a fetch again. */
  fetchLost(queryKeys: readonly QueryKey[]): void
}

/**
 * Finds data that is older than an event which has been flushed already: restored or hydrated later, put in by another
 * tab, or handed out by a persister. What is remembered is bounded: of keys beyond, all data counts as too old that was
 * read before the newest of them.
 */
export class PutIn {
  readonly #port: PutInPort
  /** By id, the newest last. */
  readonly #flushed = new Map<string, FlushedKey>()
  #forgottenAtMs = -Infinity
  #forgottenSeq = 0
  #newestAtMs = -Infinity
  #match: ((query: Query) => FlushedKey | undefined) | undefined
  readonly #stale = new Map<Query, number>()
  /** The event that a query has been fetched again for, because another tab's state was put in. */
  readonly #doubted = new WeakMap<Query, number>()

  constructor(port: PutInPort) {
    this.#port = port
  }

  /** @param agoMs how long ago, by the clock of the coalescer, a pending key's newest event came */
  remember(keys: readonly PendingKey[], agoMs: (key: PendingKey) => number): void {
    const nowMs = Date.now()
    for (const key of keys) {
      // A query that owes a fetch again has not changed.
      if (key.events > 0) this.#remember(key, nowMs - agoMs(key), newestSeq(key) || this.#port.logicalClock.value)
    }
    this.#forgetOldest()
  }

  /** Remembers what filters have been judged for: what comes into the cache after the call is not matched any more. */
  rememberCall(key: CalledKey, seq: number): void {
    this.#remember(key, Date.now(), seq)
    this.#forgetOldest()
  }

  #remember({ id, queryKey, exact }: CalledKey, atMs: number, seq: number): void {
    this.#flushed.delete(id)
    this.#flushed.set(id, { queryKey: copyKey(queryKey), exact, atMs, seq })
    this.#newestAtMs = Math.max(this.#newestAtMs, atMs)
    this.#match = undefined
  }

  #forgetOldest(): void {
    for (const [id, { atMs, seq }] of this.#flushed) {
      if (this.#flushed.size <= MAX_KEYS) break
      this.#flushed.delete(id)
      this.#forgottenAtMs = Math.max(this.#forgottenAtMs, atMs)
      this.#forgottenSeq = Math.max(this.#forgottenSeq, seq)
    }
  }

  forget(): void {
    this.#flushed.clear()
    this.#stale.clear()
    this.#forgottenAtMs = this.#newestAtMs = -Infinity
    this.#match = undefined
  }

  /** Marks a query whose data, read at this time, is older than its events, and has it fetched if it is on screen. */
  check(query: Query, readAtMs = -Infinity): void {
    if (readAtMs > this.#newestAtMs || readAtMs >= Date.now()) return
    const event = this.#newestEvent(query)
    if (event && event.atMs >= readAtMs) this.#found(query, event)
  }

  /**
   * Looks after a state that another tab has put in place of what the latest request has brought. Which of the two is
   * newer nobody knows: it is found out by a fetch, once for an event, so that tabs never answer each other for ever.
   */
  checkState(query: Query): void {
    const { data, dataUpdatedAt } = query.state
    const entry = this.#port.ledger()?.entryOf(query)
    if (!entry || Date.now() - this.#port.stuckAfterMs > this.#newestAtMs) return this.check(query, dataUpdatedAt)
    const event = this.#newestEvent(query)
    if (!event) return
    const isKnown = entry.answer !== undefined && replaceEqualDeep(entry.answer, data) === entry.answer
    const isDoubtful = !isKnown && !isOpen(entry) && this.#doubted.get(query) !== event.seq
    if (isDoubtful) this.#doubted.set(query, event.seq)
    if (isDoubtful || event.atMs >= dataUpdatedAt) this.#found(query, event)
  }

  #found(query: Query, event: Pick<FlushedKey, 'seq'>): void {
    const ledger = this.#port.ledger()
    if (!ledger) return
    const entry = ledger.entryOf(query)
    // What it brings is newer than the event, and than this.
    if (isRunning(entry) && entry.hasAsked && entry.startedAt >= event.seq) return
    const seq = (this.#port.logicalClock.value += 1)
    if (this.#stale.size === 0) queueMicrotask(() => this.#port.containment.run(() => this.#fetchStale(ledger)))
    this.#stale.set(query, seq)
    query.invalidate()
  }

  #fetchStale(ledger: Ledger): void {
    const queryKeys: QueryKey[] = []
    for (const [query, seq] of this.#stale) {
      const entry = ledger.entryOf(query)
      const isFetched = entry.startedAt >= seq
      if (!isFetched && (query.isActive() || isOpen(entry))) queryKeys.push(query.queryKey)
    }
    this.#stale.clear()
    if (queryKeys.length > 0) this.#port.fetchLost(queryKeys)
  }

  /** The newest event of a query that has been flushed. */
  #newestEvent(query: Query): Pick<FlushedKey, 'atMs' | 'seq'> | undefined {
    this.#match ??= this.#createMatch()
    const known = this.#match(query)
    if (known || this.#forgottenAtMs === -Infinity) return known
    return { atMs: this.#forgottenAtMs, seq: this.#forgottenSeq }
  }

  #createMatch(): (query: Query) => FlushedKey | undefined {
    let newest: FlushedKey | undefined
    const found = (key: FlushedKey): void => {
      if (!newest || key.atMs > newest.atMs) newest = key
    }
    const match = createMatcher([...this.#flushed.values()], found, (error) => this.#port.containment.failed(error))
    return (query) => {
      newest = undefined
      match(query)
      return newest
    }
  }
}

const newestSeq = ({ markActiveSeq, markInactiveSeq, fetchActiveSeq, fetchInactiveSeq }: PendingKey): number =>
  Math.max(markActiveSeq, markInactiveSeq, fetchActiveSeq, fetchInactiveSeq)
