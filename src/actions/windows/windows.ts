import type { Gate } from '../gate.ts'
import type { PendingQueue, QueueWatcher } from '../pendingQueue.ts'
import type { Timing } from '../timing.ts'
import type { FlushReason, QueryKey } from '../types.ts'

/** What a strategy may look at to decide when to flush. */
export interface StrategyPort {
  readonly queue: PendingQueue
  readonly timing: Timing
  readonly gate: Gate
  /** Milliseconds that never go back. */
  readonly now: () => number
  /** Whether nothing may be fetched now, because the page is hidden under `whenHidden: 'defer'`. */
  readonly isHeld: () => boolean
  /** What keys that change together have in common: their first element, unless the app says otherwise. Never throws. */
  readonly rootOf: (queryKey: QueryKey) => unknown
}

/** What a flush is about. */
export interface Due {
  readonly reason: FlushReason
  /** The keys to flush; everything pending if missing. */
  readonly keyIds?: readonly string[] | undefined
}

/**
 * Why a window waits as long as it does: `learned`, going by the gaps of its root another change is about to come;
 * `quiet`, waiting longer is not known to pay; `silence`, the first change for long is not kept waiting, whatever was
 * learned; `burst`, changes of other roots are coming in; `maxWait`, it has waited as long as it may.
 */
export type WaitCause = 'learned' | 'quiet' | 'silence' | 'burst' | 'maxWait'

/** What is told of a window to people: inspectors and devtools show it. */
export interface WaitExplanation {
  /** What the keys in the window have in common: their first element, or what `rootOf` says. */
  readonly root: string
  /** From its first change to its flush, in milliseconds; while it is open, as things stand. */
  readonly waitedMs: number
  /** How long it waited for the next change after each, in milliseconds. */
  readonly waitMs: number
  readonly because: WaitCause
  /** Whether enough gaps of the root are known to go by. */
  readonly isKnown: boolean
  /** The recent gaps between changes of the root: which share of them is at most so long, and longer than the one before. */
  readonly gaps: readonly { readonly uptoMs: number; readonly share: number }[]
}

/**
 * The rule of a strategy that waits: which windows are open over the pending queue, and when what is in them is due.
 * The chart of windows asks it, runs the timer and has flushed what is due. Only `begin`, `rest`, `look`, `take` and the two of
 * a {@link QueueWatcher} may change it; everything else only reads. None may throw.
 *
 * As a watcher it hears of each event as it enters the queue, also of those that pass by the chart. Where such an event
 * makes an earlier look necessary than the timer will give, it closes `port.gate`: the chart then looks at once, and
 * sets its timer anew.
 */
export interface Windows extends QueueWatcher {
  /** Whether a window is open: over pending work, or over the rest of a burst that was answered at its start. */
  isOpen(): boolean
  /** Whether, at this look at the clock, all windows have come to their end. */
  isOver(): boolean
  /** Milliseconds until the next look at the clock. Asked when the timer is set. */
  untilNext(): number
  /** Whether a window that has opened since the timer was set is due before it fires. */
  isSooner?(): boolean
  /** Whether something is so late that it cannot wait for the timer; then `due` has it. Asked at events that reach the chart. */
  isOverdue(): boolean
  /** From when on events must reach the chart, because something may then be overdue. Asked when the gate opens. */
  overdueAtMs(): number
  /** Whether events may pass by the chart now, which would only note them. */
  mayPassBy(): boolean
  /** What is due now; `undefined` to wait on. */
  due(): Due | undefined
  /** What an event for these keys has flushed at once, as the first of a burst under `leading`; `undefined` for nothing. */
  dueAtOnce(keyIds: readonly string[], isCollecting: boolean): Due | undefined
  /** What an urgent event for these keys has flushed. */
  dueUrgently(keyIds: readonly string[]): Due
  /** A window opens: the chart starts to collect. */
  begin?(): void
  /** A flush has run, or all windows are over. */
  rest?(): void
  /** The chart has looked at the clock and found nothing due. */
  look?(): void
  /** This is flushed now. */
  take(due: Due): void
  /** Why the open windows wait as long as they do; of these keys, why the windows waited that they were last flushed from by time. */
  explain?(flushed?: readonly QueryKey[]): readonly WaitExplanation[]
}
