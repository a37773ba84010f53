import { type QueryKey, partialMatchKey } from '@tanstack/react-query'
import type { FlushedKey } from '../../../actions/types.ts'
import type { Holds } from './holds.ts'
import { isStillWanted } from './owed.ts'
import { type Entry, forgetTried, isRunning, noteCause, wantedAt } from './way.ts'
import type { Ways } from './ways.ts'

interface Owing {
  readonly ways: Ways
  readonly holds: Holds
  /** Owes a query a fetch for an event, and sees to it. */
  demand(entry: Entry, seq: number): void
}

interface EndPort {
  /** Owes queries a fetch again, for events with these labels. */
  fetchLost(queryKeys: readonly QueryKey[], sources: readonly string[]): void
}

/**
 * Does what is left for a query whose request has ended, or that is shown while it owes a fetch. A request that has been
 * cancelled has paid no debt, nor has one that was too old.
 */
export function followEnd(entry: Entry, owing: Owing, port: EndPort): void {
  const { ways, holds } = owing
  if (isRunning(entry)) return
  if (entry.debt.at === 'fetching' && isStillWanted(entry) && holds.mayHold(entry)) return ways.unnote(entry)
  followNotes(entry, owing)
  const { at } = entry.debt
  if (at === 'unseen') owing.demand(entry, wantedAt(entry))
  if (at !== 'fetching') return
  entry.query.invalidate()
  const isWanted = isStillWanted(entry)
  if (isWanted && entry.outcome !== 'cancelled') return ways.move(entry, 'queued')
  ways.postpone(entry)
  if (!isWanted) return
  forgetTried(entry)
  port.fetchLost(
    [entry.query.queryKey],
    causesOf(entry, entry.leftBy).flatMap(({ sources }) => sources),
  )
}

/** The flushed keys that asked for the query's latest fetch, or for that of another flush. */
export const causesOf = ({ query, cause }: Entry, record = cause): readonly FlushedKey[] =>
  record?.keys.filter(({ queryKey }) => partialMatchKey(query.queryKey, queryKey)) ?? []

/** Whether a component shows a query that owes a fetch in that case, which the request that is open does not answer. */
export const isOwedAsShown = (entry: Entry): boolean => {
  const ifShown = entry.notes?.ifShown
  return entry.debt.at === 'nowhere' && ifShown !== undefined && ifShown.seq > entry.startedAt && isStillWanted(entry)
}

/** A success has cleared the flag; a cancellation has restored the state from before it was set. */
function followNotes(entry: Entry, owing: Owing): void {
  const { markSeq, ifShown } = entry.notes ?? { markSeq: 0, ifShown: undefined }
  const isOwed = isOwedAsShown(entry)
  if (markSeq > entry.startedAt) entry.query.invalidate()
  owing.ways.unnote(entry)
  if (isOwed && ifShown) {
    noteCause(entry, ifShown.cause, true)
    owing.demand(entry, ifShown.seq)
  }
}
