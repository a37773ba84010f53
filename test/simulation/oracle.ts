import { type QueryKey, hashKey, partialMatchKey } from '@tanstack/react-query'
import { type EventKey, eventKeyOf, pool } from './pool.ts'

/** What an event asks of the queries it matches. */
export interface Asks {
  readonly fetchActive: boolean
  readonly fetchInactive: boolean
  readonly mark: boolean
  /** Whether it holds for queries that change between mounted and unmounted after the event. */
  readonly must: boolean
}

/** An event as it concerns one query. */
export interface Need extends Asks {
  /** The key or change that waits for a flush on its behalf. */
  readonly id: string
  readonly seq: number
  /** When it came, in visible time. */
  readonly atMs: number
  /** The version the query has on the server since the event. */
  readonly version: number
}

interface Pending {
  readonly since: number
  /** The longest `maxWaitMs` in force while it waits. */
  maxWaitMs: number
}

/** What the events of a trace demand; knows nothing of how the coalescer works. */
export class Oracle {
  /** Per query of the pool. */
  readonly needs: Need[][] = pool.map(() => [])
  /** The newest event that each query was left stale for by a reset. */
  readonly markedAt: number[] = []
  /** Fetches that may follow without a need of their own: a patch came while an older fetch was running. */
  readonly allowedAt: number[] = pool.map(() => 0)
  /** The version that the newest patch of each query has brought in. */
  readonly patched: number[] = pool.map(() => 0)
  readonly pending = new Map<string, Pending>()
  eventsReceived = 0
  /**
   * Keys that may be pending twice: an event from within a flush is pending beside the key of the same name that is
   * being flushed; and what filters match is "judged at the call", so that a call is pending apart from events.
   */
  readonly #besidesItself = new Set<string>()
  readonly #versionOf: (queryKey: QueryKey) => number

  constructor(versionOf: (queryKey: QueryKey) => number) {
    this.#versionOf = versionOf
  }

  /** An event for a key, after its write. */
  event(key: EventKey, asks: Asks, seq: number, atMs: number, id = idOf(key)): void {
    for (const [index, { queryKey }] of pool.entries()) {
      if (!matches(key, queryKey)) continue
      this.needs[index]?.push({ ...asks, id, seq, atMs, version: this.#versionOf(queryKey) })
    }
  }

  /** A key is pending apart from events for it that came in another way. */
  setApart(key: EventKey): void {
    this.#besidesItself.add(idOf(key))
  }

  count(id: string, since: number, maxWaitMs: number): void {
    const known = this.pending.get(id)
    if (!known || since < known.since) this.pending.set(id, { since, maxWaitMs: known?.maxWaitMs ?? maxWaitMs })
  }

  /**
   * An event from within a callback of the coalescer counts when it comes to it, which may be after a fetch that
   * starts meanwhile: until promises have settled, one more fetch is right.
   */
  reentered(key: EventKey): void {
    this.setApart(key)
    for (const [index, { queryKey }] of pool.entries()) if (matches(key, queryKey)) this.allowedAt[index] = Infinity
  }

  /** By now the coalescer has come to all events. */
  settleReentries(seq: number): void {
    for (const [index, allowed] of this.allowedAt.entries()) if (allowed === Infinity) this.allowedAt[index] = seq
  }

  /** Data has come in that no request of this client has asked for: it is older than the events so far, if any. */
  putIn(index: number, seq: number): void {
    if (this.newest(index, () => true)) this.allowedAt[index] = seq
  }

  /**
   * How long the oldest of these keys has waited; `undefined` if the coalescer may have added one by itself, or one has
   * waited since a time when the page turned silently.
   */
  waitedMs(queryKeys: readonly QueryKey[], now: number, knownSinceMs: number): number | undefined {
    let oldest = Infinity
    for (const queryKey of queryKeys) {
      const key = eventKeyOf.get(queryKey)
      const pending = key && this.pending.get(idOf(key))
      if (!pending || key.exact || this.#besidesItself.has(idOf(key)) || pending.since < knownSinceMs) return undefined
      oldest = Math.min(oldest, pending.since)
    }
    return now - oldest
  }

  /** A flush took these keys; returns how long each waited beyond what it may. */
  flushed(queryKeys: readonly QueryKey[], now: number, knownSinceMs: number): { id: string; lateMs: number }[] {
    const late: { id: string; lateMs: number }[] = []
    for (const queryKey of queryKeys) {
      const key = eventKeyOf.get(queryKey)
      const id = key && idOf(key)
      const known = id === undefined ? undefined : this.pending.get(id)
      if (id === undefined || !known) continue
      this.pending.delete(id)
      late.push({ id, lateMs: now - Math.max(known.since, knownSinceMs) - known.maxWaitMs })
    }
    return late.filter(({ lateMs }) => lateMs > 0)
  }

  timingChanged(maxWaitMs: number): void {
    for (const pending of this.pending.values()) pending.maxWaitMs = Math.max(pending.maxWaitMs, maxWaitMs)
  }

  reset(): void {
    this.pending.clear()
    for (const index of this.needs.keys()) {
      // Of data that was put in, too.
      const putInSeq = this.allowedAt[index] === Infinity ? 0 : (this.allowedAt[index] ?? 0)
      const newestSeq = this.newest(index, () => true)?.seq ?? 0
      this.markedAt[index] = Math.max(this.markedAt[index] ?? 0, newestSeq, putInSeq)
    }
    for (const needs of this.needs) needs.length = 0
    this.patched.fill(0)
    this.allowedAt.fill(0)
  }

  /** The newest event that asks for something on a query. */
  newest(index: number, asks: (need: Need) => boolean): Need | undefined {
    return this.needs[index]?.findLast(asks)
  }
}

export const idOf = (key: EventKey): string => `${key.exact ? '!' : ''}${hashKey(key.queryKey)}`

export function matches(key: EventKey, queryKey: QueryKey): boolean {
  return key.exact ? hashKey(key.queryKey) === hashKey(queryKey) : partialMatchKey(queryKey, key.queryKey)
}
