import { type Query, type QueryKey, replaceEqualDeep } from '@tanstack/react-query'
import type { LogicalClock } from '../../../actions/clock.ts'
import { copyKey } from '../../../actions/queryKeys.ts'
import type { CalledKey } from '../../../actions/filterCall.ts'
import type { PendingKey } from '../../../actions/pendingKey.ts'
import type { Containment } from '../../../actions/containment.ts'
import { createMatcher } from '../match.ts'
import type { Ledger } from './ledger.ts'
import { noteOlderData } from './runs.ts'
import { type Entry, isOpen, isRunning } from './way.ts'

/** So many keys at least are remembered after their flush, and at most twice as many. */
const MAX_KEYS = 1000

interface FlushedKey {
  readonly queryKey: QueryKey
  readonly exact: boolean
  /** When its newest event came, by the clock that data is dated with. */
  atMs: number
  /** The same in logical time. */
  seq: number
  /** The generation of keys that it was remembered with last. */
  generation: number
}

export interface PutInPort {
  readonly logicalClock: LogicalClock
  readonly containment: Containment
  /** Within this time, a request from before an event may still bring another tab an answer. */
  readonly stuckAfterMs: number
  readonly ledger: () => Ledger | undefined
  /** Owes queries a fetch again, for events with these labels. */
  fetchLost(queryKeys: readonly QueryKey[], sources: readonly string[]): void
  readonly owing: {
    /** The query is to be stale for an event, should the request that is running not answer it. */
    noteMark(entry: Entry, seq: number): void
    /** The request that is running answers an event: without it, the query owes a fetch. */
    leanOnOpen(entry: Entry, seq: number): void
  }
}

/**
 * Finds data that is older than an event which has been flushed already: restored or hydrated later, put in by another
 * tab, or handed out by a persister. What is remembered is bounded: of keys beyond, all data counts as too old that was
 * read before the newest of them.
 */
export class PutIn {
  readonly #port: PutInPort
  /** The keys of the newest generation, and of the one before it, by id. */
  readonly #flushed = new Map<string, FlushedKey>()
  #generation = 0
  /** How many keys are of the newest generation: there are `MAX_KEYS` in one. */
  #generationSize = 0
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

  /** @param nowMs the time by the clock of the coalescer, by which the keys are dated */
  remember(keys: readonly PendingKey[], nowMs: number): void {
    const dateMs = Date.now()
    // A query that owes a fetch again has not changed.
    const told = keys.filter(({ events }) => events > 0)
    // So many that the generations after them would have these forgotten by the end, and all that came before.
    let surplus = told.length - MAX_KEYS - (told.length % MAX_KEYS)
    if (surplus > 0) this.#endGeneration()
    for (const key of told) {
      const atMs = dateMs - (nowMs - key.lastAtMs)
      const seq = key.markSeq || this.#port.logicalClock.value
      if (surplus > 0) this.#forgetUpTo(atMs, seq)
      else this.#remember(key.id, key.queryKey, key.exact, atMs, seq)
      surplus -= 1
    }
  }

  /** Remembers what filters have been judged for: what comes into the cache after the call is not matched any more. */
  rememberCall({ id, queryKey, exact }: CalledKey, seq: number): void {
    this.#remember(id, copyKey(queryKey), exact, Date.now(), seq)
  }

  #remember(id: string, queryKey: QueryKey, exact: boolean, atMs: number, seq: number): void {
    let key = this.#flushed.get(id)
    if (!key) this.#flushed.set(id, (key = { queryKey, exact, atMs, seq, generation: -1 }))
    key.atMs = atMs
    key.seq = seq
    if (atMs > this.#newestAtMs) this.#newestAtMs = atMs
    this.#match = undefined
    if (key.generation === this.#generation) return
    key.generation = this.#generation
    this.#generationSize += 1
    if (this.#generationSize >= MAX_KEYS) this.#forgetOldest()
  }

  #endGeneration(): void {
    this.#generation += 1
    this.#generationSize = 0
  }

  #forgetOldest(): void {
    this.#flushed.forEach(({ generation, atMs, seq }, id) => {
      if (generation === this.#generation) return
      this.#flushed.delete(id)
      this.#forgetUpTo(atMs, seq)
    })
    this.#endGeneration()
  }

  #forgetUpTo(atMs: number, seq: number): void {
    if (atMs > this.#newestAtMs) this.#newestAtMs = atMs
    if (atMs > this.#forgottenAtMs) this.#forgottenAtMs = atMs
    if (seq > this.#forgottenSeq) this.#forgottenSeq = seq
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
    // What it brings is newer than the event, and than this; without it, the query owes a fetch.
    if (isRunning(entry) && entry.hasAsked && entry.startedAt >= event.seq) {
      noteOlderData(entry, event.seq)
      this.#port.owing.noteMark(entry, event.seq)
      if (query.isActive()) this.#port.owing.leanOnOpen(entry, event.seq)
      return
    }
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
    if (queryKeys.length > 0) this.#port.fetchLost(queryKeys, [])
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
    const keys = [...this.#flushed.values()]
    const match = createMatcher(keys, found, (error) => this.#port.containment.failed(error))
    return (query) => {
      newest = undefined
      match(query)
      return newest
    }
  }
}
