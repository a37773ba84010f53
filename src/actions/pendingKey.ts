import type { FlushedKey, QueryKey } from './types.ts'
import type { Wants } from './wants.ts'

/** What events ask for, as the logical time of the newest that asks for it, 0 for never. */
export interface Asks {
  markActiveSeq: number
  markInactiveSeq: number
  fetchActiveSeq: number
  fetchInactiveSeq: number
  /** Events that a flush per event would answer with a fetch of each active query, or of each inactive one. */
  fetchActiveEvents: number
  fetchInactiveEvents: number
}

/** A query key that waits for a flush. */
export interface PendingKey extends Asks {
  readonly id: string
  readonly queryKey: QueryKey
  readonly exact: boolean
  firstAtMs: number
  lastAtMs: number
  events: number
  /** How many of the events fetches have seen since an earlier time than that of their arrival. */
  datedEvents: number
  sources: Set<string> | undefined
  /** The queries that filters matched when they were called, with what is asked of each: the key is not matched again. */
  matched: Map<object, Asks> | undefined
  /** Whether one of those calls asks for a fetch in place of one that is running. */
  cancels: boolean
}

/** A query that filters have matched, and what the call asks of it. */
export interface Matched {
  /** Stands for the query. */
  readonly target: object
  /** What the query is called when it counts by its own key. */
  readonly id: string
  readonly queryKey: QueryKey
  readonly wants: Wants
}

/** The key that a call of the coalesced client counts by. */
export interface CalledKey {
  readonly id: string
  readonly queryKey: QueryKey
  readonly exact: boolean
}

/** A call of the coalesced client, its filters judged. */
export interface FilterCall {
  /** When it was made, in logical time. */
  readonly seq: number
  /** The key its filters name, if they name nothing else; without one, each query it matched counts by its own. */
  readonly filter: CalledKey | undefined
  readonly matched: readonly Matched[]
  readonly cancels: boolean
  /** What an inspector shows of it. */
  toJSON(): unknown
}

const effects = ['markActiveSeq', 'markInactiveSeq', 'fetchActiveSeq', 'fetchInactiveSeq'] as const

export const createAsks = (): Asks => ({
  markActiveSeq: 0,
  markInactiveSeq: 0,
  fetchActiveSeq: 0,
  fetchInactiveSeq: 0,
  fetchActiveEvents: 0,
  fetchInactiveEvents: 0,
})

// One literal, because a burst makes thousands of them.
export const createPendingKey = (id: string, queryKey: QueryKey, exact: boolean, atMs: number): PendingKey => ({
  id,
  queryKey,
  exact,
  firstAtMs: atMs,
  lastAtMs: atMs,
  events: 0,
  datedEvents: 0,
  sources: undefined,
  matched: undefined,
  cancels: false,
  markActiveSeq: 0,
  markInactiveSeq: 0,
  fetchActiveSeq: 0,
  fetchInactiveSeq: 0,
  fetchActiveEvents: 0,
  fetchInactiveEvents: 0,
})

/** Notes what a call asks of a query it has matched. */
export function addMatched(key: PendingKey, { target, wants }: Matched, seq: number): void {
  key.matched ??= new Map()
  let asks = key.matched.get(target)
  if (!asks) key.matched.set(target, (asks = createAsks()))
  addWants(asks, wants, seq)
}

/** Notes that the event of time `seq` asks for `wants`. */
export function addWants(asks: Asks, wants: Wants, seq: number): void {
  if (wants.markActive && seq > asks.markActiveSeq) asks.markActiveSeq = seq
  if (wants.markInactive && seq > asks.markInactiveSeq) asks.markInactiveSeq = seq
  if (wants.fetchActive) {
    asks.fetchActiveEvents += 1
    if (seq > asks.fetchActiveSeq) asks.fetchActiveSeq = seq
  }
  if (wants.fetchInactive) {
    asks.fetchInactiveEvents += 1
    if (seq > asks.fetchInactiveSeq) asks.fetchInactiveSeq = seq
  }
}

/** Makes what is asked by `older` be asked by `newer` as well, without counting its events again. */
export function keepNewest(newer: PendingKey, older: PendingKey): void {
  keepNewestAsks(newer, older)
  newer.cancels ||= older.cancels
  for (const [target, asks] of older.matched ?? []) {
    const known = newer.matched?.get(target)
    if (known) keepNewestAsks(known, asks)
    else newer.matched?.set(target, asks)
  }
}

function keepNewestAsks(newer: Asks, older: Asks): void {
  for (const effect of effects) newer[effect] = Math.max(newer[effect], older[effect])
}

/** What a record tells of a flushed key. */
export const describeKey = (key: PendingKey): FlushedKey => ({
  queryKey: key.queryKey,
  events: key.events,
  sources: key.sources ? [...key.sources] : [],
})
