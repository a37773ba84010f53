import type { FlushReason, QueryKey } from '../actions/types.ts'
import type { FilterCall } from '../actions/filterCall.ts'
import type { StrategyPort } from '../actions/windows/windows.ts'
import type { CoalescerEvent, EmittedEvent } from './events.ts'
import type { OptionOf, ResolvedStrategy, StrategyRegistry } from './registry.ts'
import type { StrategyReport } from './strategy.ts'
import type { SurroundingsEvent, SurroundingsPort, SurroundingsReport } from './surroundingsPort.ts'

/** What a coalescer of any strategies takes. */
export type AnyCoalescerEvent = CoalescerEvent<OptionOf<StrategyRegistry>>

export interface FlushRequest {
  readonly reason: FlushReason
  /** The keys to flush; all of them if missing. */
  readonly keyIds?: readonly string[] | undefined
  readonly fetch: 'now' | 'later'
}

/** What the orchestrator has done for it, outside of any statechart. None of these may throw. */
export interface OrchestratorPort extends Omit<StrategyPort, 'timing'>, SurroundingsPort {
  /** Why an event is unusable, if it is. */
  check(event: AnyCoalescerEvent): Error | undefined
  reportBadEvent(event: unknown, error: Error): void
  /** Puts an event's keys or change into the queue. A bad key is reported. */
  record(event: RecordableEvent): void
  /** The ids of the keys that were put into the queue last. */
  readonly recordedIds: readonly string[]
  /** Applies pending keys. */
  flush(request: FlushRequest): void
  /** How many queries wait for `fetchMarked`. */
  readonly markedCount: number
  /** Fetches what flushes with `fetch: 'later'` have marked. */
  fetchMarked(): void
  /** Forgets all that is pending, queued and to follow, and cancels the fetches in flight. */
  reset(): void
  /** The strategy and timing that an option means. */
  resolve(strategy: OptionOf<StrategyRegistry>): ResolvedStrategy
  strategySwitched(from: ResolvedStrategy, to: ResolvedStrategy): void
  strategyDied(error: unknown): void
  /** No strategy lives any more: what comes from now on is flushed without the chart. */
  gaveUp(error: unknown): void
}

/** Queries whose running fetch no longer answers the events it was to answer: cancelled, or overtaken by a patch. */
export interface FetchLostEvent {
  readonly type: 'FETCH_LOST'
  readonly queryKeys: readonly QueryKey[]
  /** The labels of those events. */
  readonly sources: readonly string[]
}

/** What a call of the coalesced client asks for, or keys of such calls that are not to wait any longer. */
export interface ScheduleEvent {
  readonly type: 'SCHEDULE'
  readonly call?: FilterCall
  readonly urgentKeyIds?: readonly string[]
}

export type RecordableEvent =
  | Extract<AnyCoalescerEvent, { type: 'INVALIDATE' | 'REFETCH' | 'CHANGE' }>
  | FetchLostEvent
  | ScheduleEvent

export type OrchestratorEvent =
  | AnyCoalescerEvent
  | FetchLostEvent
  | ScheduleEvent
  | StrategyReport
  /** The coalescer is stopped for good. */
  | { readonly type: 'STOP' }
  | SurroundingsEvent
  | SurroundingsReport
  /** Something woke the app up: a timer that was throttled may be late. */
  | { readonly type: 'WAKE' }
  /** A fact for the listeners of the actor. */
  | { readonly type: 'REPORT'; readonly emitted: EmittedEvent<string> }
