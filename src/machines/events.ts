import type {
  ChangeEvent,
  FlushedRecord,
  HandlerFailedRecord,
  InvalidateEvent,
  RefetchEvent,
  RefetchFailedRecord,
} from '../actions/types.ts'
import { expectIdentifiable } from '../actions/queryKeys.ts'
import {
  expectBoolean,
  expectFunction,
  expectObject,
  expectOneOf,
  expectQueryKeys,
  failType,
} from '../actions/validate.ts'
import type { StrategyName, StrategyOption } from './strategies.ts'

/** The events a coalescer takes, through `send` or its actor. */
export type CoalescerEvent<Option = StrategyOption> =
  | InvalidateEvent
  | RefetchEvent
  | ChangeEvent
  /** Flush everything pending now. */
  | { readonly type: 'FLUSH' }
  | { readonly type: 'SWITCH_STRATEGY'; readonly strategy: Option }
  /** Forget everything pending and cancel the fetches the coalescer started. */
  | { readonly type: 'RESET' }

/** The name of the strategy at work: `'direct'` also stands in for one that has died. */
export type ActiveName<Name extends string> = Name | 'direct'

/** A change of strategy, timing, or both. */
export interface StrategySwitchedRecord<Name extends string = StrategyName> {
  readonly from: ActiveName<Name>
  readonly to: ActiveName<Name>
  /** How many keys and buffered changes moved over. */
  readonly pendingKeys: number
}

/** The facts a coalescer emits, by name. */
export interface EmittedRecords<Name extends string = StrategyName> {
  flushed: FlushedRecord
  strategySwitched: StrategySwitchedRecord<Name>
  refetchFailed: RefetchFailedRecord
  handlerFailed: HandlerFailedRecord
}

/** A fact the coalescer emits, as listeners of its actor receive it. */
export type EmittedEvent<Name extends string = StrategyName> = {
  [Fact in keyof EmittedRecords]: { readonly type: Fact } & EmittedRecords<Name>[Fact]
}[keyof EmittedRecords]

const expectSource = (source: unknown): void => {
  if (source !== undefined && typeof source !== 'string') {
    failType('source', 'a string', source, "Pass a label such as 'goals:INSERT', or leave it out.")
  }
}

/** Throws if an INVALIDATE or REFETCH is not well formed. */
export function expectKeyEvent(event: InvalidateEvent | RefetchEvent): void {
  for (const queryKey of expectQueryKeys(event.queryKeys, 'queryKeys')) expectIdentifiable(queryKey)
  if (event.type === 'INVALIDATE') return expectInvalidateOptions(event)
  expectSource(event.source)
  if (event.queryType !== undefined) expectOneOf('queryType', event.queryType, ['active', 'all'])
}

/** Throws if what an INVALIDATE says besides its keys is not well formed. */
export function expectInvalidateOptions({
  exact,
  urgent,
  refetchType,
  source,
}: Pick<InvalidateEvent, 'exact' | 'urgent' | 'refetchType' | 'source'>): void {
  expectSource(source)
  if (exact !== undefined) expectBoolean('exact', exact)
  if (urgent !== undefined) expectBoolean('urgent', urgent)
  if (refetchType !== undefined) expectOneOf('refetchType', refetchType, ['active', 'inactive', 'all', 'none'])
}

/** Throws if a CHANGE lacks its change or its handler. */
export function expectChangeEvent(event: ChangeEvent): void {
  expectFunction('handler', event.handler)
  expectObject(
    'change',
    'a change { schema, table, eventType, new, old, … }',
    event.change,
    'Pass the change of the feed.',
  )
}

export const failEventType = (event: { readonly type?: unknown }): never =>
  failType(
    'event.type',
    "one of 'INVALIDATE', 'REFETCH', 'CHANGE', 'FLUSH', 'SWITCH_STRATEGY', 'RESET'",
    event?.type,
    'Send one of those events.',
  )
