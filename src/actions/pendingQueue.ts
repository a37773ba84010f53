import type { LogicalClock } from './clock.ts'
import { type Moment, type PendingKey, addSource, addWantsOf, createPendingKey, keepNewest } from './pendingKey.ts'
import type { Onlookers } from './onlookers.ts'
import type { Change, ChangeHandler, QueryKey } from './types.ts'
import { identifyKey } from './queryKeys.ts'
import { type Wants, wantsFor } from './wants.ts'

/** A change whose handler has not run yet. */
export interface BufferedChange {
  readonly change: Change
  readonly handler: ChangeHandler
  readonly atMs: number
  readonly seq: number
  readonly moment: Moment | undefined
}

/** Whoever is told what enters the queue, also of what passes by the charts. */
export interface QueueWatcher {
  /** A key became pending. */
  noteKey?(key: PendingKey): void
  /** An event of the app for a pending key, which came at `atMs`; after `noteKey`, for a key that it made pending. */
  noteEvent?(key: PendingKey, atMs: number): void
}

/**
 * Everything that waits for a flush. It outlives the strategies, so that switching them hands nothing over.
 */
export class PendingQueue {
  readonly keys = new Map<string, PendingKey>()
  /** The moments of events of which fetches may have seen what they tell before they came. */
  readonly moments = new WeakMap<object, Moment>()
  changes: BufferedChange[] = []
  /** When the newest event came, pending or not. */
  lastEventAtMs = -Infinity
  eventsReceived = 0
  /** The rule of the strategy at work, if it wants to know. */
  watcher: QueueWatcher | undefined
  /** Whoever watches, if anybody ever has. */
  onlookers: Onlookers | undefined
  /** What a rule has learned from the events, kept while another one is at work; forgotten with what waits. */
  learned: object | undefined
  readonly #clock: LogicalClock
  readonly #hashExact: (queryKey: QueryKey) => string
  #oldestAtMs = Infinity

  constructor(clock: LogicalClock, hashExact: (queryKey: QueryKey) => string) {
    this.#clock = clock
    this.#hashExact = hashExact
  }

  /** How many keys and buffered changes wait. */
  get size(): number {
    return this.keys.size + this.changes.length
  }

  /** When the oldest pending event came; `Infinity` with nothing pending. */
  get oldestAtMs(): number {
    return this.#oldestAtMs
  }

  /** The id a key has, pending or not. */
  idOf(queryKey: QueryKey, exact: boolean): string {
    return exact ? `:!${this.#hashExact(queryKey)}` : identifyKey(queryKey)
  }

  /**
   * Notes that an event asks for `wants` on the queries of a key, whose `idOf` is passed in.
   *
   * @param moment tells since when fetches have seen what the event tells, if they may have before now
   */
  add(
    id: string,
    queryKey: QueryKey,
    wants: Wants,
    atMs: number,
    exact: boolean,
    source: string | undefined,
    moment?: Moment,
  ): PendingKey {
    this.lastEventAtMs = atMs
    const key = this.#count(this.#merge(id, queryKey, wants, atMs, this.tick(), exact, source, moment), atMs, source)
    if (moment?.seenSince !== undefined) key.datedEvents += 1
    return key
  }

  /** Runs what one change, or with 0 rows one event of the app, leads to. */
  during<Result>(rows: number, run: () => Result): Result {
    return this.onlookers ? this.onlookers.during(rows, run) : run()
  }

  /** The logical time of something that happens now. */
  tick(): number {
    this.#clock.value += 1
    return this.#clock.value
  }

  /** Counts an event for a key, whose `idOf` or other name is passed in, that asks for nothing by itself. */
  touch(id: string, queryKey: QueryKey, atMs: number, exact: boolean): PendingKey {
    this.lastEventAtMs = atMs
    return this.#count(this.#enter(id, queryKey, atMs, exact), atMs)
  }

  /** Forgets that filters have matched a query, which is gone. */
  forgetMatched(target: object): void {
    for (const key of this.keys.values()) key.matched?.delete(target)
  }

  /** Owes a query a fetch again, without a new event of the app; `sources` are the labels of what it was owed for. */
  restore(queryKey: QueryKey, atMs: number, sources: readonly string[] = [], moment?: Moment): PendingKey {
    this.lastEventAtMs = atMs
    const id = this.idOf(queryKey, true)
    const key = this.#merge(id, queryKey, wantsFor.active, atMs, this.tick(), true, undefined, moment)
    for (const source of sources) addSource(key, source)
    return key
  }

  /** Like `add` for a key that a buffered change turned out to touch: the change's own time counts. */
  addFromChange(queryKey: QueryKey, wants: Wants, from: BufferedChange, source: string): PendingKey {
    const { atMs, seq, moment } = from
    const id = this.idOf(queryKey, false)
    return this.#count(this.#merge(id, queryKey, wants, atMs, seq, false, source, moment), atMs, source)
  }

  /** Keeps a change, with its handler unread. */
  bufferChange(change: Change, handler: ChangeHandler, atMs: number, moment?: Moment): void {
    this.lastEventAtMs = atMs
    this.changes.push({ change, handler, atMs, seq: this.tick(), moment })
    if (atMs < this.#oldestAtMs) this.#oldestAtMs = atMs
  }

  /** Removes and returns the buffered changes, in arrival order. */
  takeChanges(): BufferedChange[] {
    const taken = this.changes
    this.changes = []
    this.#findOldest()
    return taken
  }

  /** Removes and returns the given keys, or all of them. */
  takeKeys(ids?: readonly string[]): PendingKey[] {
    let taken: PendingKey[] = []
    if (ids === undefined) {
      taken = [...this.keys.values()]
      this.keys.clear()
    } else {
      for (const id of ids) {
        const key = this.keys.get(id)
        if (key && this.keys.delete(id)) taken.push(key)
      }
    }
    this.#findOldest()
    return taken
  }

  /** Makes keys that were taken pending again. */
  putBack(keys: readonly PendingKey[]): void {
    for (const key of keys) {
      const newer = this.keys.get(key.id)
      if (!newer) this.keys.set(key.id, key)
      else keepNewest(newer, key)
    }
    this.#findOldest()
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.keys.clear()
    this.changes = []
    this.learned = undefined
    this.#oldestAtMs = Infinity
  }

  /** Does not count the time from `sinceMs` to `untilMs` as waiting. */
  forgive(sinceMs: number, untilMs: number): void {
    const shift = (atMs: number): number => atMs + untilMs - Math.max(sinceMs, atMs)
    for (const key of this.keys.values()) {
      key.firstAtMs = shift(key.firstAtMs)
      key.lastAtMs = shift(key.lastAtMs)
    }
    this.changes = this.changes.map((buffered) => ({ ...buffered, atMs: shift(buffered.atMs) }))
    this.#findOldest()
  }

  /** What an inspector shows of the queue: small, and safe to turn into JSON. */
  toJSON(): { pending: number; changes: number; first: readonly QueryKey[] } {
    const first: QueryKey[] = []
    for (const key of this.keys.values()) {
      if (first.length === 10) break
      first.push(key.queryKey)
    }
    return { pending: this.keys.size, changes: this.changes.length, first }
  }

  #count(key: PendingKey, atMs: number, source?: string): PendingKey {
    this.eventsReceived += 1
    key.events += 1
    this.watcher?.noteEvent?.(key, atMs)
    this.onlookers?.noteEvent(key, source)
    return key
  }

  #findOldest(): void {
    // Keys enter in order of arrival, but a key of a buffered change may be older than those before it.
    let oldest = this.changes[0]?.atMs ?? Infinity
    for (const key of this.keys.values()) if (key.firstAtMs < oldest) oldest = key.firstAtMs
    this.#oldestAtMs = oldest
  }

  #merge(
    id: string,
    queryKey: QueryKey,
    wants: Wants,
    atMs: number,
    seq: number,
    exact: boolean,
    source: string | undefined,
    moment: Moment | undefined,
  ): PendingKey {
    const key = this.#enter(id, queryKey, atMs, exact)
    addWantsOf(key, wants, seq, moment)
    if (source !== undefined) addSource(key, source)
    return key
  }

  #enter(id: string, queryKey: QueryKey, atMs: number, exact: boolean): PendingKey {
    let key = this.keys.get(id)
    if (key === undefined) {
      key = createPendingKey(id, queryKey, exact, atMs)
      this.keys.set(id, key)
      this.watcher?.noteKey?.(key)
    }
    if (atMs < key.firstAtMs) key.firstAtMs = atMs
    if (atMs > key.lastAtMs) key.lastAtMs = atMs
    if (atMs < this.#oldestAtMs) this.#oldestAtMs = atMs
    return key
  }
}
