import { copyKey, isAsCopied } from './queryKeys.ts'
import type { FlushedKey, QueryKey } from './types.ts'
import type { Wants } from './wants.ts'

/** What events ask for, as the logical time of the newest that asks for it, 0 for never. */
export interface Asks {
  /** Of all: each marks what it matches, so that no other is newer. */
  markSeq: number
  fetchActiveSeq: number
  fetchInactiveSeq: number
  /** Events that a flush per event would answer with a fetch of each active query, or of each inactive one. */
  fetchActiveEvents: number
  fetchInactiveEvents: number
}

/** At most this many distinct `source` labels are kept per key. */
export const MAX_SOURCES = 50
/** Changes of these many commits are kept apart per key, while it may become known that fetches have seen them. */
export const MAX_MOMENTS = 50

/** The commit of a change, of which it may become known while the change waits that fetches have seen it already. */
export interface Moment {
  /** Since when they have, in logical time; `undefined` while that is not known. */
  seenSince: number | undefined
  /** Whether it was not known when the change came. */
  readonly wasOpen: boolean
}

/** What changes of one moment ask for. */
interface SeenAsks extends Asks {
  /** When the first of them came. */
  readonly firstSeq: number
  /** The newest event before it that a flush per event fetches for in any case: of active queries, and inactive ones. */
  readonly before: readonly number[]
}

/** What changes ask for, by their moments, or by since when fetches have seen them if that was known as they came. */
export type AsksByMoment = Map<Moment | number, SeenAsks>

/** A query key that waits for a flush. */
export interface PendingKey extends Asks {
  readonly id: string
  /** The key as it was at the event. */
  readonly queryKey: QueryKey
  /** The app's own array, which it may have changed since. */
  readonly given: QueryKey
  readonly exact: boolean
  firstAtMs: number
  lastAtMs: number
  events: number
  /** How many of the events fetches have seen since an earlier time than that of their arrival. */
  datedEvents: number
  /** What is asked for by changes that fetches may have seen, besides. */
  moments: AsksByMoment | undefined
  sources: Set<string> | undefined
  /**
   * The queries that filters matched when they were called, with what is asked of each: the key is not matched again.
   * It is a call's (`identifyCalled`) with them, and else an event's: of one id either all keys have them, or none.
   */
  matched: Map<object, Asks> | undefined
  /** Whether one of those calls asks for a fetch in place of one that is running. */
  cancels: boolean
}

const fetching = ['fetchActiveSeq', 'fetchInactiveSeq'] as const
const effects = ['markSeq', ...fetching] as const
const counts = ['fetchActiveEvents', 'fetchInactiveEvents'] as const

export const createAsks = (): Asks => ({
  markSeq: 0,
  fetchActiveSeq: 0,
  fetchInactiveSeq: 0,
  fetchActiveEvents: 0,
  fetchInactiveEvents: 0,
})

// One literal, because a burst makes thousands of them.
export const createPendingKey = (id: string, queryKey: QueryKey, exact: boolean, atMs: number): PendingKey => ({
  id,
  queryKey: copyKey(queryKey),
  given: queryKey,
  exact,
  firstAtMs: atMs,
  lastAtMs: atMs,
  events: 0,
  datedEvents: 0,
  moments: undefined,
  sources: undefined,
  matched: undefined,
  cancels: false,
  markSeq: 0,
  fetchActiveSeq: 0,
  fetchInactiveSeq: 0,
  fetchActiveEvents: 0,
  fetchInactiveEvents: 0,
})

/** Notes that the event of time `seq` asks for `wants`. */
export function addWants(asks: Asks, wants: Wants, seq: number): void {
  if (seq > asks.markSeq) asks.markSeq = seq
  if (wants.fetchActive) {
    asks.fetchActiveEvents += 1
    if (seq > asks.fetchActiveSeq) asks.fetchActiveSeq = seq
  }
  if (wants.fetchInactive) {
    asks.fetchInactiveEvents += 1
    if (seq > asks.fetchInactiveSeq) asks.fetchInactiveSeq = seq
  }
}

export function addSource(key: PendingKey, source: string): void {
  key.sources ??= new Set()
  if (key.sources.size < MAX_SOURCES) key.sources.add(source)
}

/** Notes that the event of time `seq`, a change of `moment`, asks for `wants`. */
export function addWantsOf(key: PendingKey, wants: Wants, seq: number, moment: Moment | undefined): void {
  if (!moment) return addWants(key, wants, seq)
  const { seenSince = seq, wasOpen } = moment
  const id = wasOpen ? moment : seenSince
  key.moments ??= new Map()
  let asks = key.moments.get(id)
  if (!asks) {
    if (key.moments.size === MAX_MOMENTS) return addWants(key, wants, Math.min(seq, seenSince))
    const { moments } = key
    const before = fetching.map((effect) => newestFetch(key, moments, effect))
    moments.set(id, (asks = { ...createAsks(), firstSeq: seq, before }))
  }
  addWants(asks, wants, seq)
}

/** The newest event that a flush per event would have fetched for, whatever fetches have seen. */
function newestFetch(
  key: Asks,
  moments: Iterable<readonly [Moment | number, Asks]>,
  effect: (typeof fetching)[number],
): number {
  let newest = key[effect]
  for (const [id, asks] of moments) if (typeof id === 'object') newest = Math.max(newest, asks[effect])
  return newest
}

/**
 * Adds what changes ask for of a query that fetches may have seen: as of since when they have, if one of the query has.
 *
 * @param asks what other events ask for, of all keys that match the query
 * @param keys the changes, by key
 * @param seenAt when the latest fetch of the query started that has not failed
 */
export function addSeen(asks: Asks, keys: readonly AsksByMoment[], seenAt: number): void {
  const groups = keys.flatMap((moments) => [...moments]).sort(([, a], [, b]) => a.firstSeq - b.firstSeq)
  const fetched = [
    ...groups.map(([, { before }]) => before),
    fetching.map((effect) => newestFetch(asks, groups, effect)),
  ]
  for (const [moment, more] of groups) {
    const wasOpen = typeof moment === 'object'
    const seenSince = (wasOpen ? moment.seenSince : moment) ?? Infinity
    const isSeen = seenAt >= seenSince
    for (const effect of effects) {
      asks[effect] = Math.max(asks[effect], isSeen ? Math.min(more[effect], seenSince) : more[effect])
    }
    // A flush per event would fetch once for all of these, unless it has fetched for another since then.
    const isFetched = (at: number | undefined = 0): boolean => at >= seenSince && at <= more.firstSeq
    for (const [index, events] of counts.entries()) {
      if (wasOpen) asks[events] += more[events]
      else if (!isSeen && more[events] > 0 && !fetched.some((at) => isFetched(at[index]))) {
        asks[events] += 1
        fetched.push(index === 0 ? [more.firstSeq] : [0, more.firstSeq])
      }
    }
  }
}

/** Makes what is asked by `older` be asked by `newer` as well, without counting its events again. */
export function keepNewest(newer: PendingKey, older: PendingKey): void {
  keepNewestAsks(newer, older)
  newer.cancels ||= older.cancels
  if (older.moments) newer.moments = new Map([...older.moments, ...(newer.moments ?? [])])
  const { matched } = newer
  if (!matched) return
  for (const [target, asks] of older.matched ?? []) {
    const known = matched.get(target)
    if (known) keepNewestAsks(known, asks)
    else matched.set(target, asks)
  }
}

function keepNewestAsks(newer: Asks, older: Asks): void {
  for (const effect of effects) newer[effect] = Math.max(newer[effect], older[effect])
}

/** What a record tells of a flushed key: as the app's own array, by which the app may know it, unless that has changed. */
export const describeKey = (key: PendingKey): FlushedKey => ({
  queryKey: isAsCopied(key.given, key.queryKey) ? key.given : copyKey(key.queryKey),
  events: key.events,
  sources: key.sources ? [...key.sources] : [],
})
