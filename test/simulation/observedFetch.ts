import type { Query } from '@tanstack/react-query'

/** One run of a query's fetch, retries included, as the query cache shows it. */
export interface ObservedFetch {
  readonly query: Query
  /** Who asked for it: the coalescer, or the app with its mounts, focus refetches and own calls. */
  readonly by: 'coalescer' | 'app'
  /** When it was asked for, in the order of everything that happens in a trace. */
  readonly askedSeq: number
  /** When it started: if it was paused first, when it resumed. */
  seq: number
  /** When its latest attempt started: a retry asks the server anew. */
  attemptSeq: number
  /** Whether it loads one more page, which renews nothing that is there. */
  readonly isFetchMore: boolean
  /** Whether its query was marked stale when it started. */
  readonly wasInvalidated: boolean
  /** How often it has run its `queryFn` (for an infinite query: once per page). */
  runs: number
  outcome: 'running' | 'success' | 'error' | 'cancelled'
  /** When its latest attempt started, in milliseconds. */
  attemptAtMs: number
  /** When it ended, in milliseconds. */
  endedAtMs: number | undefined
  /** Whether it hands out an answer whose request somebody else has made: it renews nothing for sure. */
  isForeign: boolean
  /** Whether a call of the app's own awaits it. */
  isAwaited: boolean
  /** Whether what it is answered with lands nowhere. */
  isAbandoned: boolean
  /** Whether the answer of an older request has landed on top of its own. */
  isOverwritten: boolean
  /** Whether it waits for the network or the page, whatever another tab's state says. */
  isPaused: boolean
  /** When it was let go on after a pause. */
  resumedSeq: number | undefined
}

/**
 * The latest time that a fetch may count from. "A paused fetch that resumes counts as started then" (G8): pages ask by
 * the options from before the pause, where nobody sees when they do so.
 */
export const countsFrom = ({ query, seq, resumedSeq }: ObservedFetch): number =>
  query.queryType === 'infinite' ? (resumedSeq ?? seq) : seq
