import type { Mutation, QueryClient } from '@tanstack/react-query'
import type { ActorOptions, AnyActorLogic } from 'xstate'
import type { ErrorReporter, Warn } from '../../actions/report.ts'
import { failType } from '../../actions/validate.ts'
import type { Moment } from '../../actions/pendingKey.ts'
import type { PendingQueue } from '../../actions/pendingQueue.ts'
import type { Change, ChangeHandler, HandlerFailedRecord, QueryKey } from '../../actions/types.ts'
import type { ChangeSink } from './intake/applyChange.ts'
import type { CallsPort } from './client/calls.ts'
import type { RecordableEvent } from '../../machines/orchestratorPort.ts'
import type { StrategyRegistry } from '../../machines/registry.ts'
import type { AnyCoalescer } from './coalescer.ts'
import type { HeldQuery } from './fetches/holds.ts'
import type { Entry } from './fetches/way.ts'

export type { ChangeSink }

/** What other edges need of a coalescer beyond its public face. */
export interface CoalescerInternals {
  /** The strategies it can be switched to. */
  readonly registry: StrategyRegistry
  readonly report: ErrorReporter
  readonly warn: Warn
  readonly now: () => number
  readonly isStopped: () => boolean
  /** The clock and inspector that other actors of the same coalescer share. */
  readonly actorOptions: Pick<ActorOptions<AnyActorLogic>, 'clock' | 'inspect'>
  queryClient(): QueryClient | undefined
  /** What waits for a flush. */
  readonly pending: Pick<PendingQueue, 'keys' | 'changes' | 'size' | 'onlookers'>
  /** Runs what a change of so many rows leads to, so that onlookers can tell rows from keys. */
  asChange(rows: number, run: () => void): void
  /** The queries whose fetch waits for mutations, with the keys of those. */
  held(): readonly HeldQuery[]
  /** What the function of a mutation has returned, which its state tells only once its callbacks have run. */
  answerOf(mutation: Mutation<unknown, Error, unknown>): unknown
  /** What is known of the query of a hash, if it is in the cache. */
  entryOf(queryHash: string): Entry | undefined
  /** The time of the newest event, in which the starts of fetches are told. */
  logicalNow(): number
  /** A logical time after everything so far. */
  newLogicalTime(): number
  /** Has an event count from when fetches have seen what it tells, if that is known before its flush. */
  date(event: object, moment: Moment): void
  /** Whether the strategy at work runs the handlers of changes at its flush. */
  buffersChanges(): boolean
  /**
   * Runs the handler of a change now; `sink` is told what is left to do. Does nothing without a query client.
   *
   * @param cameAt since when fetches have seen the change; none has by default
   */
  applyChange(change: Change, handler: ChangeHandler, sink: ChangeSink, cameAt?: number): void
  handlerFailed(record: HandlerFailedRecord): void
  /** Takes what a change asks for in whose middle the coalescer was stopped; ignores what comes after its end. */
  takeLate(event: RecordableEvent): void
  /** What the calls of coalesced clients need. */
  readonly callsPort: CallsPort
  /** Owes queries a fetch again, because a patch has overtaken the one that is running. */
  fetchLost(queryKeys: readonly QueryKey[], sources: readonly string[], moment?: Moment): void
  /** Gives the coalescer its query client, if it has none yet. @throws TypeError for another than it has. */
  attach(queryClient: QueryClient): void
}

const internals = new WeakMap<AnyCoalescer, CoalescerInternals>()

export function registerInternals(coalescer: AnyCoalescer, own: CoalescerInternals): void {
  internals.set(coalescer, own)
}

/** Whether `createCoalescer` has made it. */
export const isCoalescer = (value: object): value is AnyCoalescer => internals.has(value as AnyCoalescer)

/** @throws TypeError for anything that `createCoalescer` did not make. */
export function internalsOf(coalescer: AnyCoalescer): CoalescerInternals {
  const own = internals.get(coalescer)
  if (!own) failType('coalescer', 'a coalescer', coalescer, 'Pass what createCoalescer() returned.')
  return own
}
