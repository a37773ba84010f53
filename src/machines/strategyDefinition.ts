import type { Timing } from '../actions/timing.ts'
import type { StrategyMachine } from './strategy.ts'

/** The timing that a strategy takes unless told otherwise. */
export const windowOptions = ['quietMs', 'maxWaitMs', 'leading', 'jitterMs'] as const

/** A strategy, as a coalescer takes it: what `defineStrategy` returned. */
export interface StrategyDefinition<Option extends keyof Timing = keyof Timing> {
  /** Its statechart, for a coalescer that knows the strategy by this name. */
  readonly machineFor: (name: string) => StrategyMachine
  /** Its default for `quietMs`, in milliseconds. */
  readonly quietMs: number
  /** The timing options that its object form takes. */
  readonly options: readonly Option[]
  /** Whether changes wait for the flush with their handlers unread. */
  readonly buffersChanges: boolean
}

interface BuiltInStrategy<Option extends keyof Timing> extends Pick<StrategyDefinition<Option>, 'quietMs' | 'options'> {
  readonly machine: StrategyMachine
  readonly buffersChanges?: boolean
}

/** The definition of a built-in strategy. It needs no checks, which only apps that bring their own then bundle. */
export const definitionOf = <const Option extends keyof Timing>({
  machine,
  quietMs,
  options,
  buffersChanges = false,
}: BuiltInStrategy<Option>): StrategyDefinition<Option> => ({
  machineFor: () => machine,
  quietMs,
  options,
  buffersChanges,
})
