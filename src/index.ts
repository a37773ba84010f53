export { coalesceQueryClient } from './integration/query/coalesceQueryClient.ts'
export type { CoalesceQueryClientOptions } from './integration/query/coalesceQueryClient.ts'
export { createCoalescer } from './integration/query/createCoalescer.ts'
export type {
  Coalescer,
  CoalescerActorRef,
  CoalescerActorSnapshot,
  CoalescerSnapshot,
  FetchExplanation,
  FlushOptions,
  InvalidateOptions,
  RefetchOptions,
  StopOptions,
} from './integration/query/coalescer.ts'
export type { CoalescerOptions } from './integration/query/options.ts'
export type { CoalescerClock } from './actions/clock.ts'
export type { ErrorReporter } from './actions/report.ts'
export type { Timing, TimingOptions } from './actions/timing.ts'
export type {
  Change,
  ChangeEffects,
  ChangeEvent,
  ChangeHandler,
  CoalescerStats,
  DeleteChange,
  ErrorInfo,
  FlushReason,
  FlushedKey,
  FlushedRecord,
  HandlerFailedRecord,
  InsertOrUpdateChange,
  InvalidateEvent,
  Patch,
  QueryKey,
  RefetchEvent,
  RefetchFailedRecord,
  RefetchQueryType,
  RefetchType,
} from './actions/types.ts'
export type { CoalescerEvent, EmittedEvent, EmittedRecords, StrategySwitchedRecord } from './machines/events.ts'
export type { ResolvedStrategy, StrategyName, StrategyOption } from './machines/strategies.ts'
