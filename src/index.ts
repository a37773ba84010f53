export { coalesceQueryClient } from './integration/query/coalesceQueryClient.ts'
export type { CoalesceQueryClientOptions } from './integration/query/coalesceQueryClient.ts'
export { type OptionsWithStrategies, type WithBuiltIn, createCoalescer } from './integration/query/createCoalescer.ts'
export { createCoalescerWith } from './integration/query/createCoalescerWith.ts'
export { SharedWindow } from './actions/windows/sharedWindow.ts'
export { KeyWindows } from './actions/windows/keyWindows.ts'
export { adaptive } from './machines/adaptive.ts'
export { batch } from './machines/batch.ts'
export { debounce } from './machines/debounce.ts'
export { direct } from './machines/direct.ts'
export { hybrid } from './machines/hybrid.ts'
export { perKey } from './machines/perKey.ts'
export { type MachineStrategy, type WindowsStrategy, defineStrategy } from './machines/defineStrategy.ts'
export type { StrategyDefinition } from './machines/strategyDefinition.ts'
export { createWindowsMachine, type WindowsChartOptions } from './machines/windowsChart.ts'
export type {
  AnyCoalescer,
  Coalescer,
  OptionFor,
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
export type {
  ActiveName,
  CoalescerEvent,
  EmittedEvent,
  EmittedRecords,
  StrategySwitchedRecord,
} from './machines/events.ts'
export type { NameOf, OptionOf, ResolvedStrategy, StrategyRegistry } from './machines/registry.ts'
export type { BuiltInStrategies, StrategyName, StrategyOption } from './machines/strategies.ts'
export type { StrategyEvent, StrategyInput, StrategyMachine, StrategyReport } from './machines/strategy.ts'
export type { Gate } from './actions/gate.ts'
export type { PendingKey } from './actions/pendingKey.ts'
export type { PendingQueue, QueueWatcher } from './actions/pendingQueue.ts'
export type { Due, StrategyPort, WaitCause, WaitExplanation, Windows } from './actions/windows/windows.ts'
