import type { RealtimeStatus } from '../actions/feedStatus.ts'

/** Why a catch-up runs; also its `source` label. */
export type CatchUpReason = 'firstConnect' | 'gap' | 'backstop'

/** `'mark'`: mark stale; `'refetchOlder'`: refetch what has not been fetched since the mark; `'refetch'`: all of it. */
export type CatchUpEffect = 'mark' | 'refetchOlder' | 'refetch'

/** What a feed has done for it, outside of any statechart. None of these may throw. */
export interface FeedMachinePort {
  readonly now: () => number
  /** What to do when the feed is live for the first time. */
  readonly firstCatchUp: 'markStale' | 'refetch' | 'off'
  /** Time between two sweeps in milliseconds; `undefined` for none. */
  readonly backstopMs: number | undefined
  /** Brings back what a gap may have missed. */
  catchUp(reason: CatchUpReason, effect: CatchUpEffect): void
  /** Whether the page is visible and online. */
  isAwake(): boolean
}

export type FeedMachineEvent =
  | { readonly type: 'INITIALIZE' }
  | { readonly type: 'STOP' }
  /** How far all channels together have come. */
  | { readonly type: 'STATUS'; readonly status: RealtimeStatus }
  /** A channel has come to life, and now all are live. */
  | { readonly type: 'LIVE' }
  /** A channel has come to life, while others are not live. */
  | { readonly type: 'PARTLY_LIVE' }
  /** A channel that was live is lost. */
  | { readonly type: 'LOST' }
  /** A channel that stays live may have missed changes. */
  | { readonly type: 'GAP_PASSED' }
  /** A channel was attached so late that it may have missed the first changes after that. */
  | { readonly type: 'ATTACHED_LATE' }
  /** The page is visible and online again. */
  | { readonly type: 'PAGE_AWAKE' }
