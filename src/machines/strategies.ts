import { type Timing, type TimingOptions, defaultTiming, pickTiming } from '../actions/timing.ts'
import { expectOneOf, failType } from '../actions/validate.ts'
import { batchMachine } from './batch.ts'
import { debounceMachine } from './debounce.ts'
import { directMachine } from './direct.ts'
import { hybridMachine } from './hybrid.ts'
import { perKeyMachine } from './perKey.ts'

const windowOptions = ['quietMs', 'maxWaitMs', 'leading', 'jitterMs'] as const

/**
 * Every strategy: its machine, its default quiet window, the timing options its object form takes, and whether
 * changes are buffered with their handlers unread. A new strategy is registered here.
 */
export const strategies = {
  debounce: { machine: debounceMachine, quietMs: 150, options: windowOptions, buffersChanges: false },
  batch: {
    machine: batchMachine,
    quietMs: 80,
    options: [...windowOptions, 'maxBufferedChanges'],
    buffersChanges: true,
  },
  perKey: { machine: perKeyMachine, quietMs: 100, options: windowOptions, buffersChanges: false },
  hybrid: {
    machine: hybridMachine,
    quietMs: 150,
    options: [...windowOptions, 'refetchDelayMs'],
    buffersChanges: false,
  },
  direct: { machine: directMachine, quietMs: 0, options: windowOptions, buffersChanges: false },
} as const satisfies Record<string, StrategyEntry>

interface StrategyEntry {
  readonly machine: object
  readonly quietMs: number
  readonly options: readonly (keyof Timing)[]
  readonly buffersChanges: boolean
}

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
