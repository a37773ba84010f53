import { warnInConsole, warnOfUnknown } from '../actions/report.ts'
import { type Timing, timingReaders } from '../actions/timing.ts'
import { expectBoolean, expectDelay, expectFunction, expectObject, expectOneOf, failType } from '../actions/validate.ts'
import type { StrategyPort, Windows } from '../actions/windows/windows.ts'
import { describe } from './describe.ts'
import type { StrategyMachine } from './strategy.ts'
import { type StrategyDefinition, windowOptions } from './strategyDefinition.ts'
import { createWindowsMachine } from './windowsChart.ts'

interface StrategyRule<Option extends keyof Timing> {
  /** How long the feed must be quiet before a flush, in milliseconds, unless an option says otherwise. */
  readonly quietMs: number
  /**
   * The timing options that the object form `{ name, ... }` takes.
   * @default ['quietMs', 'maxWaitMs', 'leading', 'jitterMs']
   */
  readonly options?: readonly Option[] | undefined
  /** Whether changes wait for the flush with their handlers unread, as under `batch`. @default false */
  readonly buffersChanges?: boolean | undefined
}

/** A strategy over the chart of windows that most strategies share. */
export interface WindowsStrategy<Option extends keyof Timing> extends StrategyRule<Option> {
  /** Makes the rule that decides when to flush. */
  readonly windows: (port: StrategyPort) => Windows
  /** What inspectors and devtools say of it. */
  readonly description?: string | undefined
  readonly machine?: undefined
}

/** A strategy with a statechart of its own. */
export interface MachineStrategy<Option extends keyof Timing> extends StrategyRule<Option> {
  /**
   * A machine of XState that takes `StrategyInput` and `StrategyEvent`s, sends `StrategyReport`s to `input.parentRef`, and
   * has the tags `collecting` and `flushing`.
   */
  readonly machine: StrategyMachine
  readonly windows?: undefined
  readonly description?: undefined
}

/** Every property; the type has it complete. */
const definitionNames: Record<keyof WindowsStrategy<never> | keyof MachineStrategy<never>, true> = {
  windows: true,
  machine: true,
  quietMs: true,
  options: true,
  buffersChanges: true,
  description: true,
}

/**
 * Defines a strategy of the app: a rule for when to flush. Give it to `createCoalescer({ strategies })`, or to
 * `createCoalescerWith`.
 *
 * @throws TypeError or RangeError for a definition that cannot work.
 */
export function defineStrategy<const Option extends keyof Timing = (typeof windowOptions)[number]>(
  definition: WindowsStrategy<Option> | MachineStrategy<Option>,
): StrategyDefinition<Option> {
  expectObject('definition', 'an object { windows | machine, quietMs }', definition, 'See `defineStrategy`.')
  warnOfUnknown('properties of a strategy', definition, definitionNames, warnInConsole)
  const { windows, machine, quietMs, buffersChanges = false, description } = definition
  if ((windows === undefined) === (machine === undefined)) {
    failType(
      'definition',
      'either `windows` or `machine`',
      definition,
      'Give a rule for the chart of windows, or a chart.',
    )
  }
  if (windows !== undefined) expectFunction('windows', windows)
  else if (typeof machine?.provide !== 'function') {
    failType('machine', 'a state machine of XState', machine, 'Pass what setup(…).createMachine(…) returned.')
  }
  // The default of `Option` is what is taken by default.
  const options = (definition.options ?? windowOptions) as readonly Option[]
  if (!Array.isArray(options)) failType('options', 'an array of names of timing options', options, 'Leave it out.')
  for (const option of options) expectOneOf('options', option, Object.keys(timingReaders))
  const machineFor =
    windows === undefined
      ? () => machine as StrategyMachine
      : (name: string) =>
          createWindowsMachine({
            id: name,
            description: description ?? describe(`The app's own strategy '${name}'.`),
            windows,
          })
  return {
    machineFor,
    quietMs: expectDelay('quietMs', quietMs),
    options,
    buffersChanges: expectBoolean('buffersChanges', buffersChanges),
  }
}
