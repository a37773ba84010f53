import type { Query } from '@tanstack/react-query'
import { identifyCalled } from '../../../actions/queryKeys.ts'
import type { FlushedRecord } from '../../../actions/types.ts'

/** The request that TanStack runs for a query, as far as it is known. */
export type Run =
  | { readonly is: 'idle' }
  | {
      /**
       * `running`, or paused until network or page return: `attemptAtMs` tells which. `stuck`: running for so long that
       * nobody waits for it any more.
       */
      readonly is: 'running' | 'stuck'
      /** Whether the coalescer started it. */
      readonly own: boolean
    }

/** The fetch that a query owes, and where it waits for it. */
export interface Debt {
  /**
   * `nowhere`: it owes none. `due`: about to be started. `marked`: stale, to be fetched by `hybrid`'s timer. `held`: not
   * before the end of a mutation that has written to the query. `queued`: to be fetched as soon as a slot, the page and
   * the main thread allow. `fetching`: the request that is running answers it, or an older one that it is to follow.
   * `unseen`: by the next request that asks, or as soon as a component shows the query.
   */
  readonly at: 'nowhere' | 'due' | Stage
  /** The newest event that it is owed for; 0 if none is. */
  readonly seq: number
}

/** The stages of a debt that are walked through together. */
export type Stage = 'marked' | 'held' | 'queued' | 'fetching' | 'unseen'

/** What is still to be done if the running request ends without answering these events. */
export interface Notes {
  /** The newest event the query is to be stale for, or 0. */
  readonly markSeq: number
  /** What it will owe if a component shows it by then. */
  readonly ifShown: { readonly seq: number; readonly cause: FlushedRecord } | undefined
}

/** What tells a state that a cancellation brings back from one that is put in from elsewhere. */
export type RevertState = Pick<Query['state'], 'data' | 'dataUpdatedAt' | 'dataUpdateCount'>

export type FetchOutcome = 'success' | 'error' | 'cancelled'

/**
 * What the coalescer knows of a query. Times are logical: a fetch answers an event if it started at or after the
 * event's time. Only the functions of this file, `runs.ts` and `ways.ts` change it.
 */
export interface Entry extends Readonly<Known> {
  readonly query: Query
  readonly debt: Debt
  /** A number of its own. */
  readonly id: number
  /** What it is called where it waits for a flush by itself. */
  readonly calledId: string
}

interface Known {
  /** When the latest fetch started that was not cancelled; 0 if none was seen. */
  startedAt: number
  /** `startedAt` of the latest fetch that ended by itself, to return to when the next one is cancelled. */
  endedStartedAt: number
  /** `startedAt` of the latest failure that was reported. */
  reportedAt: number
  /** How the latest fetch ended. */
  outcome: FetchOutcome | undefined
  /** What the latest fetch failed with, which the query itself forgets when a patch is written. */
  error: Error | null
  /** What the latest request that succeeded has brought. */
  answer: unknown
  run: Run
  /** Whether the query has been removed from the cache. */
  isGone: boolean
  /** Counts the runs, so that what is heard of one that has been replaced can be told from the one that runs. */
  runId: number
  /** Whether the request that is running is known to have asked for the data, and not to hand out what is there. */
  hasAsked: boolean
  /**
   * When the latest attempt of the request began, in milliseconds, or the next one begins at the latest; undefined
   * while the request waits for network or page.
   */
  attemptAtMs: number | undefined
  /** The state that a cancellation of the request brings back. */
  revertsTo: RevertState | undefined
  /** The longest that attempts of the query have taken. */
  longestMs: number
  /** One object for good: a fetch changes it four times. */
  readonly debt: { -readonly [Name in keyof Debt]: Debt[Name] }
  notes: Notes | undefined
  /** The newest event that wants a fetch even if no component shows the query, or 0. */
  inactiveWantedAt: number
  /** The flush that last asked for a fetch. */
  cause: FlushedRecord | undefined
  /** The flush that has left it to a request of the app, should that answer nothing after all. */
  leftBy: FlushedRecord | undefined
  /** The flush that last marked it stale without a fetch. */
  markedBy: FlushedRecord | undefined
  /** Whether `direct` would have started the fetch it owes, too. */
  direct: boolean
  /** The newest event that the coalescer has started a fetch for, or 0. */
  triedFor: number
}

export const idle: Run = { is: 'idle' }

export const createEntry = (query: Query, id: number, nowMs: number): Entry => ({
  query,
  id,
  calledId: identifyCalled(query.queryHash),
  startedAt: 0,
  endedStartedAt: 0,
  reportedAt: 0,
  outcome: undefined,
  error: null,
  answer: undefined,
  // A state that says `fetching` may be another tab's: only a request of this client has a promise.
  run: query.state.fetchStatus === 'idle' || query.promise === undefined ? idle : { is: 'running', own: false },
  isGone: false,
  runId: 0,
  hasAsked: true,
  attemptAtMs: query.state.fetchStatus === 'paused' ? undefined : nowMs,
  revertsTo: undefined,
  longestMs: 0,
  debt: { at: 'nowhere', seq: 0 },
  notes: undefined,
  inactiveWantedAt: 0,
  cause: undefined,
  leftBy: undefined,
  markedBy: undefined,
  direct: false,
  triedFor: 0,
})

/** The one way to change an entry. */
export const open = (entry: Entry): Known => entry

// QUESTIONS

export const isRunning = ({ run }: Entry): boolean => run.is === 'running'

/** Whether a request is open that may still bring something, be it stuck. */
export const isOpen = ({ run }: Entry): boolean => run.is !== 'idle'

/** Whether the request that is open was started by the coalescer. */
export const isOwnRun = ({ run }: Entry): boolean => run.is !== 'idle' && run.own

/** Whether the request that is open waits for network or page; the query's state may be another tab's. */
export const hasPausedRun = ({ run, attemptAtMs }: Entry): boolean => run.is !== 'idle' && attemptAtMs === undefined

/** Whether the latest request has failed, and no other one is open. */
export const hasFailed = (entry: Entry): boolean => entry.outcome === 'error' && !isOpen(entry)

/** The newest event the query owes a fetch for, or 0. */
export const wantedAt = ({ debt }: Entry): number => debt.seq

/** Whether the query's latest fetch started after the newest event that it owes a fetch for. */
export const isAnswered = (entry: Entry): boolean => entry.startedAt >= wantedAt(entry)

export const noteReported = (entry: Entry): void => void (open(entry).reportedAt = entry.startedAt)

// THE DEBT: what flushes ask for

/** Remembers what wants a fetch of the query even if no component shows it. */
export function noteInactive(entry: Entry, seq: number): void {
  if (seq > entry.inactiveWantedAt) open(entry).inactiveWantedAt = seq
}

/** Names the flush that the next fetch of the query is owed to. */
export function noteCause(entry: Entry, cause: FlushedRecord, direct: boolean): void {
  open(entry).cause = cause
  open(entry).leftBy = undefined
  open(entry).direct = direct
}

/** Names the flush that has found a request of the app to answer its events. */
export const noteLeft = (entry: Entry, record: FlushedRecord): void => void (open(entry).leftBy = record)

/** The coalescer has started the fetch that the query owes; returns whether it had before, for the same events. */
export function noteTried(entry: Entry): boolean {
  const isAgain = wantedAt(entry) <= entry.triedFor
  if (!isAgain) open(entry).triedFor = wantedAt(entry)
  return isAgain
}

/** An event of its own asks for the fetch that the coalescer has started in vain. */
export const forgetTried = (entry: Entry): void => void (open(entry).triedFor = 0)

/** Names the flush that has marked the query stale and left the fetch to the next mount. */
export const noteMarked = (entry: Entry, record: FlushedRecord): void => void (open(entry).markedBy = record)

/** The fetch that is running is not to be explained. */
export const forgetCause = (entry: Entry): void => void (open(entry).cause = undefined)
