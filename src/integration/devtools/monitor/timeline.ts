import type { FlushReason, FlushedKey } from '../../../actions/types.ts'
import type { WaitExplanation } from '../../../actions/windows/windows.ts'
import { formatValue } from './format.ts'

/** A key of a flush as text. */
export interface TimelineKey {
  readonly text: string
  readonly events: number
  readonly sources: readonly string[]
}

export type TimelineFetchState = 'waiting' | 'fetching' | 'paused' | 'success' | 'error' | 'cancelled'

/** A fetch that a flush decided on. */
export interface TimelineFetch {
  readonly text: string
  /** The flushed keys that match its query, with the changes behind them. */
  readonly causes: readonly TimelineKey[]
  state: TimelineFetchState
  startedAtMs: number | undefined
  tookMs: number | undefined
}

/** One line of the timeline. */
export type TimelineEntry = { readonly id: number; readonly atMs: number } & (
  | {
      readonly type: 'flush'
      readonly reason: FlushReason
      readonly waitedMs: number
      readonly events: number
      readonly keyCount: number
      readonly keys: readonly TimelineKey[]
      readonly fetchCount: number
      readonly fetches: readonly TimelineFetch[]
      readonly skippedFresh: number
      readonly markedStale: number
      /** Why its windows waited, under a strategy that finds that out. */
      readonly waits: readonly WaitExplanation[]
    }
  | { readonly type: 'switch'; readonly from: string; readonly to: string; readonly pendingKeys: number }
  | { readonly type: 'failure'; readonly what: string; readonly message: string }
)

/** How much of one flush is kept in detail; the rest is counted. */
export const MAX_DETAILS = 25
const MAX_SOURCES = 8

export function describeKeys(keys: readonly FlushedKey[]): TimelineKey[] {
  return keys.slice(0, MAX_DETAILS).map(({ queryKey, events, sources }) => ({
    text: formatValue(queryKey),
    events,
    sources:
      sources.length > MAX_SOURCES
        ? [...sources.slice(0, MAX_SOURCES), `${sources.length - MAX_SOURCES} more`]
        : sources,
  }))
}
