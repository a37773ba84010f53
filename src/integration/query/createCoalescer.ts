import { type NameOf, type OptionOf, type StrategyRegistry, expectRegistry } from '../../machines/registry.ts'
import { type BuiltInStrategies, strategies } from '../../machines/strategies.ts'
import { failType } from '../../actions/validate.ts'
import type { AnyCoalescer, Coalescer } from './coalescer.ts'
import { createCoalescerWith } from './createCoalescerWith.ts'
import type { CoalescerOptions } from './options.ts'

/** The strategies of a coalescer: the built-in ones and the app's own. */
export type WithBuiltIn<Own extends StrategyRegistry> = BuiltInStrategies & Own

/** What `createCoalescer` takes for an app with strategies of its own. */
export interface OptionsWithStrategies<Own extends StrategyRegistry> extends CoalescerOptions<
  OptionOf<WithBuiltIn<NoInfer<Own>>>
> {
  /** Strategies of the app by name, beside the built-in ones. */
  readonly strategies: Own
}

/** Options for a coalescer, whatever its strategies. */
export type AnyOptions = CoalescerOptions<OptionOf<StrategyRegistry>> & {
  readonly strategies?: StrategyRegistry | undefined
}

/** The built-in strategies, and those of the app. @throws TypeError for a bad one, or a name that is taken. */
export function registryOf(own: StrategyRegistry | undefined): StrategyRegistry {
  if (own === undefined) return strategies
  const taken = Object.keys(expectRegistry(own, 'strategies')).find((name) => Object.hasOwn(strategies, name))
  if (taken !== undefined) {
    failType(
      'a name of strategies',
      'a new name',
      taken,
      'Rename it, or use createCoalescerWith() to replace a built-in one.',
    )
  }
  return { ...strategies, ...own }
}

/**
 * Creates a coalescer: it collects what has changed, decides by its strategy when to flush, and then marks and
 * fetches each query of TanStack Query once.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createCoalescer<const Own extends StrategyRegistry>(
  options: OptionsWithStrategies<Own>,
): Coalescer<NameOf<WithBuiltIn<Own>>, OptionOf<WithBuiltIn<Own>>>
export function createCoalescer(options?: CoalescerOptions): Coalescer
export function createCoalescer(options: AnyOptions = {}): AnyCoalescer {
  return createCoalescerWith(registryOf(options?.strategies), options)
}
