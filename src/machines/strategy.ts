import type { ActorRef, AnyStateMachine, Snapshot } from 'xstate'
import type { FlushReason } from '../actions/types.ts'
import type { StrategyPort } from '../actions/windows/windows.ts'

/** What a strategy is told. */
export type StrategyEvent =
  /** Events came in; their keys are in the queue. Without keys: look at the clock. */
  | { readonly type: 'PENDING'; readonly keyIds: readonly string[]; readonly urgent: boolean }
  /** Flush all that is pending now, if anything may be fetched. */
  | { readonly type: 'FLUSH'; readonly reason: FlushReason }
  /** The flush that was asked for has run; `marked` queries still wait for a fetch. */
  | { readonly type: 'FLUSHED'; readonly marked: number }

/** What a strategy says to the orchestrator. */
export type StrategyReport =
  | {
      readonly type: 'DUE'
      readonly reason: FlushReason
      /** The keys to flush; all of them if missing. */
      readonly keyIds?: readonly string[] | undefined
      /** `'later'` only marks; the fetches start at `REFETCH_DUE`. */
      readonly fetch: 'now' | 'later'
    }
  | { readonly type: 'REFETCH_DUE' }

export type StrategyParentRef = ActorRef<Snapshot<unknown>, StrategyReport>

/** What a strategy is started with. */
export interface StrategyInput {
  readonly parentRef: StrategyParentRef
  readonly port: StrategyPort
}

/**
 * A statechart that serves as a strategy: it takes `StrategyInput` and `StrategyEvent`s, and carries the tags
 * `collecting` and `flushing`. Named here so that declarations of the package do not spell out the types XState
 * infers, whose number of parameters changes between its minor versions.
 */
export type StrategyMachine = AnyStateMachine
