import { type Timing, type TimingOptions, defaultTiming, pickTiming } from '../actions/timing.ts'
import { expectObject, expectOneOf, failType } from '../actions/validate.ts'
import type { StrategyDefinition } from './strategyDefinition.ts'
import { direct } from './direct.ts'

/** Strategies by the names a coalescer knows them by. */
export type StrategyRegistry = Readonly<Record<string, StrategyDefinition>>

/** The names of a registry. */
export type NameOf<Strategies extends StrategyRegistry> = keyof Strategies & string

/** A strategy of a registry by name, or with timing of its own that wins over the options of the coalescer. */
export type OptionOf<Strategies extends StrategyRegistry> =
  | NameOf<Strategies>
  | {
      [Name in NameOf<Strategies>]: { readonly name: Name } & Pick<TimingOptions, Strategies[Name]['options'][number]>
    }[NameOf<Strategies>]

/** A strategy with all of its timing settled. */
export interface ResolvedStrategy {
  readonly name: string
  readonly timing: Timing
}

/** What takes the place of a strategy that has died. */
export const FALLBACK = 'direct'

/** A name becomes a state and an actor of the orchestrator's chart, and a property of plain objects. */
const isUsableName = (name: string): boolean =>
  /^[\w$-]+$/.test(name) && name !== 'choosing' && name !== 'surroundings' && !(name in {})

/** @throws TypeError for anything but definitions under usable names. */
export function expectRegistry(registry: unknown, name: string): StrategyRegistry {
  const expected = [
    name,
    'an object of strategies by name',
    registry,
    'Pass { throttle: defineStrategy(…) }, for instance.',
  ] as const
  expectObject(...expected)
  const strategies = Object.entries(registry as StrategyRegistry)
  if (strategies.length === 0) failType(...expected)
  for (const [key, definition] of strategies) {
    if (!isUsableName(key)) {
      failType(`a name of ${name}`, "letters, digits, '_', '$' or '-', and not taken", key, 'Rename the strategy.')
    }
    if (typeof (definition as Partial<StrategyDefinition> | undefined)?.machineFor !== 'function') {
      failType(`${name}.${key}`, 'a strategy', definition, 'Pass what defineStrategy() returned.')
    }
    if (key === FALLBACK && definition !== direct) {
      failType(
        `${name}.${key}`,
        'the built-in `direct`',
        definition,
        'It stands in for strategies that die: rename yours.',
      )
    }
  }
  return registry as StrategyRegistry
}

/** The timing of a strategy: its own wins over what holds for all strategies, which wins over the defaults. */
export function resolveStrategy(
  registry: StrategyRegistry,
  strategy: OptionOf<StrategyRegistry>,
  shared: TimingOptions,
): ResolvedStrategy {
  const names = Object.keys(registry)
  if (typeof strategy !== 'string' && (typeof strategy !== 'object' || strategy === null)) {
    failType('strategy', `a strategy name or an object { name, ...timing }`, strategy, `Names: ${names.join(', ')}.`)
  }
  const own: TimingOptions = typeof strategy === 'string' ? {} : strategy
  const name = expectOneOf('strategy', typeof strategy === 'string' ? strategy : strategy.name, names)
  return {
    name,
    timing: { ...defaultTiming, quietMs: registry[name]?.quietMs ?? 0, ...pickTiming(shared), ...pickTiming(own) },
  }
}
