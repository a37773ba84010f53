import type { ActorRef, AnyActorRef, AnyStateMachine, Snapshot, StateValue } from 'xstate'
import type { TimingOptions } from '../../actions/timing.ts'
import type {
  CoalescerStats,
  FlushedKey,
  FlushReason,
  QueryKey,
  RefetchQueryType,
  RefetchType,
} from '../../actions/types.ts'
import type { ActiveName, CoalescerEvent, EmittedEvent, EmittedRecords } from '../../machines/events.ts'
import type { OptionOf, ResolvedStrategy, StrategyRegistry } from '../../machines/registry.ts'
import type { StrategyName, StrategyOption } from '../../machines/strategies.ts'

/** How `scheduleInvalidate` treats the queries of its key. */
export interface InvalidateOptions {
  /** Match only the query of exactly this key. @default false */
  readonly exact?: boolean | undefined
  /** Which matching queries are fetched; the others are only marked stale. @default 'active' */
  readonly refetchType?: RefetchType | undefined
  /** Flush at once, for changes that cannot wait. @default false */
  readonly urgent?: boolean | undefined
  /** A label for `flushed` records that explains the fetches this leads to, such as `'goals:INSERT'`. */
  readonly source?: string | undefined
}

/** How `scheduleRefetch` treats the queries of its key. */
export interface RefetchOptions {
  /** Which matching queries are fetched. @default 'active' */
  readonly type?: RefetchQueryType | undefined
  /** A label for `flushed` records that explains the fetches this leads to, such as `'goals:UPDATE'`. */
  readonly source?: string | undefined
}

/** What `flush` waits for. */
export interface FlushOptions {
  /** Wait for the queries of this key only: a form need not wait for an unrelated slow query. @default every query */
  readonly queryKey?: QueryKey | undefined
}

/** What the coalescer is doing, as `getSnapshot` tells it. */
export interface CoalescerSnapshot<Name extends string = StrategyName> {
  readonly strategy: ActiveName<Name>
  /** `collecting`: something is pending. `flushing`: it is being applied, or marked queries wait for their fetch. */
  readonly phase: 'idle' | 'collecting' | 'flushing'
  /** Distinct keys (and, under `batch`, changes) that wait for a flush. */
  readonly pendingKeys: number
  /** Fetches the coalescer has started that are running now; fetches paused offline do not count. */
  readonly inFlight: number
  /** Queries whose fetch waits for the end of a mutation that has written to them; missing while there are none. */
  readonly held?: number
  readonly stats: CoalescerStats
}

/** What happens to unfinished work at `stop`. */
export interface StopOptions {
  /**
   * For all that is pending, queued, to follow, or in flight from before its event: `'markStale'` marks it, so that
   * the next mount or focus fetches it; `'flush'` fetches it now; `'drop'` forgets it.
   * @default 'markStale'
   */
  readonly pending?: 'markStale' | 'flush' | 'drop' | undefined
}

/** Why a query was last fetched by the coalescer. */
export interface FetchExplanation {
  readonly reason: FlushReason
  /** The flushed keys that match the query. */
  readonly keys: readonly FlushedKey[]
}

/**
 * The orchestrator's snapshot: `value.strategy` names the strategy at work, `children.strategy` is its actor, and
 * `children.surroundings` follows what keeps fetches back from outside.
 */
export type CoalescerActorSnapshot = Snapshot<unknown> & {
  readonly value: StateValue
  readonly context: { readonly strategy: ResolvedStrategy }
  readonly children: { readonly strategy?: AnyActorRef | undefined; readonly surroundings?: AnyActorRef | undefined }
}

/** The orchestrator's actor. Its listeners receive the emitted records with their name as `type`. */
export type CoalescerActorRef = ActorRef<
  CoalescerActorSnapshot,
  CoalescerEvent<OptionOf<StrategyRegistry>>,
  EmittedEvent<string>
> & {
  /** The orchestrator's machine, for tools that draw or walk it. */
  readonly logic: AnyStateMachine
}

/** How strategies of these names are asked for. */
export type OptionFor<Name extends string> = [StrategyName, Name] extends [Name, StrategyName]
  ? StrategyOption
  : Name | ({ readonly name: Name } & TimingOptions)

/** Collects what has changed and fetches each query once. `Name` and `Option` are the strategies it knows. */
export interface Coalescer<Name extends string = StrategyName, Option = OptionFor<Name>> {
  /**
   * Marks the queries of a key stale and fetches what is on screen, at the next flush.
   *
   * @throws TypeError or RangeError for bad arguments, after `stop`, or without a query client.
   */
  scheduleInvalidate(queryKey: QueryKey, options?: InvalidateOptions): void
  /**
   * Fetches the queries of a key at the next flush: the mounted ones, or all with `'all'`.
   *
   * @throws TypeError or RangeError for bad arguments, after `stop`, or without a query client.
   */
  scheduleRefetch(queryKey: QueryKey, typeOrOptions?: RefetchQueryType | RefetchOptions): void
  /** Sends an event to the orchestrator. @throws TypeError or RangeError for a bad event, after `stop`, or without a query client. */
  send(event: CoalescerEvent<Option>): void
  /** Changes the strategy, its timing, or both. Pending work moves over. @throws TypeError or RangeError for a bad strategy. */
  switchStrategy(strategy: Option): void
  /**
   * Flushes now. Resolves when the fetches this leads to, those to follow included, succeed, fail, pause or are ended:
   * also those of what has just been flushed for being urgent or the first of a burst. With a `queryKey`, when its
   * queries owe no fetch any more, whenever they were flushed.
   */
  flush(options?: FlushOptions): Promise<void>
  /** Resolves when nothing is pending or in flight; work deferred while hidden or paused offline does not count. */
  settled(): Promise<void>
  /** The same object while nothing changes. */
  getSnapshot(): CoalescerSnapshot<Name>
  /** Calls back after each change of the snapshot; returns a function that ends it. */
  subscribe(listener: () => void): () => void
  /** Listens to one kind of record; returns a function that ends it. */
  on<Fact extends keyof EmittedRecords>(name: Fact, listener: (record: EmittedRecords<Name>[Fact]) => void): () => void
  /**
   * Why the coalescer last fetched the query of this hash or key; `undefined` if it never did, or the query is gone.
   *
   * @throws TypeError for what is neither.
   */
  explain(queryHashOrKey: string | QueryKey): FetchExplanation | undefined
  /** Forgets everything pending, queued and to follow and cancels the fetches it started: for sign-out. */
  reset(): void
  /** Ends the coalescer for good. It leaves no timer and no subscription. */
  stop(options?: StopOptions): void
  /** The orchestrator's actor, for inspectors and `useSelector`. */
  readonly actor: CoalescerActorRef
}

/** A coalescer, whatever its strategies. */
export type AnyCoalescer = Coalescer<string, OptionOf<StrategyRegistry>>
