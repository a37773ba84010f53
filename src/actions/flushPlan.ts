import type { Asks, AsksByMoment } from './pendingKey.ts'

/** What all pending keys that match one query ask for together. */
export interface Demand extends Asks {
  keys: number
  /** Of changes that fetches of the query may have seen, besides. */
  seen: AsksByMoment[] | undefined
}

// One literal: a spread of `createAsks()` behind other properties takes many times as long.
export const createDemand = (): Demand => ({
  keys: 0,
  seen: undefined,
  markSeq: 0,
  fetchActiveSeq: 0,
  fetchInactiveSeq: 0,
  fetchActiveEvents: 0,
  fetchInactiveEvents: 0,
})

export function addToDemand(demand: Demand, asks: Asks & { readonly moments?: AsksByMoment | undefined }): void {
  demand.keys += 1
  if (asks.markSeq > demand.markSeq) demand.markSeq = asks.markSeq
  if (asks.fetchActiveSeq > demand.fetchActiveSeq) demand.fetchActiveSeq = asks.fetchActiveSeq
  if (asks.fetchInactiveSeq > demand.fetchInactiveSeq) demand.fetchInactiveSeq = asks.fetchInactiveSeq
  demand.fetchActiveEvents += asks.fetchActiveEvents
  demand.fetchInactiveEvents += asks.fetchInactiveEvents
  if (asks.moments) (demand.seen ??= []).push(asks.moments)
}

/** What a flush does with one query. */
export interface Verdict {
  /**
   * `fresh`: leave it alone, its latest fetch started after the newest event. `mark`: mark it stale. `fetch`: mark it
   * and fetch it. `none`: no event asks for anything on it.
   */
  readonly effect: 'none' | 'fresh' | 'mark' | 'fetch'
  /** The newest event, which it is to be stale for. */
  readonly markSeq: number
  /** The newest event it is to be fetched for, 0 if none may or need fetch it. */
  readonly fetchSeq: number
  /** The newest event it would be fetched for if a component showed it, 0 if one does. */
  readonly ifShownSeq: number
  /** How many fetches a flush per event would have started. */
  readonly fetchEvents: number
}

/**
 * Decides from logical times alone: a fetch answers every event up to the time it started at.
 *
 * @param startedAt when the query's latest uncancelled fetch started
 */
export function judge(demand: Asks, isActive: boolean, isFetchable: boolean, startedAt: number): Verdict {
  const { markSeq } = demand
  const fetchSeq = !isFetchable ? 0 : isActive ? demand.fetchActiveSeq : demand.fetchInactiveSeq
  const fetchEvents = fetchSeq === 0 ? 0 : isActive ? demand.fetchActiveEvents : demand.fetchInactiveEvents
  const effect = markSeq === 0 ? 'none' : startedAt >= markSeq ? 'fresh' : fetchSeq > startedAt ? 'fetch' : 'mark'
  const ifShownSeq = isActive ? 0 : demand.fetchActiveSeq
  return { effect, markSeq, fetchSeq, ifShownSeq, fetchEvents }
}
