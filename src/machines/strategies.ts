import { type Timing, type TimingOptions, defaultTiming, pickTiming } from '../actions/timing.ts'
import { expectOneOf, failType } from '../actions/validate.ts'
import { batchMachine } from './batch.ts'
import { debounceMachine } from './debounce.ts'
import { directMachine } from './direct.ts'
import { hybridMachine } from './hybrid.ts'
import { perKeyMachine } from './perKey.ts'
import type { StrategyMachine } from './strategy.ts'

const windowOptions = ['quietMs', 'maxWaitMs', 'leading', 'jitterMs'] as const

interface StrategyEntry<Option extends keyof Timing> {
  readonly machine: StrategyMachine
  readonly quietMs: number
  /** The timing options its object form takes. */
  readonly options: readonly Option[]
  /** Whether changes wait for the flush with their handlers unread. */
  readonly buffersChanges: boolean
}

const strategy = <Option extends keyof Timing>(
  machine: StrategyMachine,
  quietMs: number,
  options: readonly Option[],
  buffersChanges = false,
): StrategyEntry<Option> => ({ machine, quietMs, options, buffersChanges })

/** Every strategy: its machine, its default quiet window, and its options. A new strategy is registered here. */
export const strategies = {
  debounce: strategy(debounceMachine, 150, windowOptions),
  batch: strategy(batchMachine, 80, [...windowOptions, 'maxBufferedChanges'], true),
  perKey: strategy(perKeyMachine, 100, windowOptions),
  hybrid: strategy(hybridMachine, 150, [...windowOptions, 'refetchDelayMs']),
  direct: strategy(directMachine, 0, windowOptions),
}

/** The rules for when to flush. `'direct'` flushes each event at once, for comparison. */
export type StrategyName = keyof typeof strategies

/** A strategy by name, or with timing of its own that wins over the options of `createCoalescer`. */
export type StrategyOption =
  | StrategyName
  | {
      [Name in StrategyName]: { readonly name: Name } & Pick<
        TimingOptions,
        (typeof strategies)[Name]['options'][number]
      >
    }[StrategyName]

/** A strategy with all of its timing settled. */
export interface ResolvedStrategy {
  readonly name: StrategyName
  readonly timing: Timing
}

export const strategyNames = Object.keys(strategies) as StrategyName[]

/** The timing of a strategy: its own wins over what holds for all strategies, which wins over the defaults. */
export function resolveStrategy(strategy: StrategyOption, shared: TimingOptions): ResolvedStrategy {
  if (typeof strategy !== 'string' && (typeof strategy !== 'object' || strategy === null)) {
    failType(
      'strategy',
      `a strategy name or an object { name, ...timing }`,
      strategy,
      `Names: ${strategyNames.join(', ')}.`,
    )
  }
  const own: TimingOptions = typeof strategy === 'string' ? {} : strategy
  const name = expectOneOf('strategy', typeof strategy === 'string' ? strategy : strategy.name, strategyNames)
  return {
    name,
    timing: { ...defaultTiming, quietMs: strategies[name].quietMs, ...pickTiming(shared), ...pickTiming(own) },
  }
}
