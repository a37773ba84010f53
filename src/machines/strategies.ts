import { adaptive } from './adaptive.ts'
import { batch } from './batch.ts'
import { debounce } from './debounce.ts'
import { direct } from './direct.ts'
import { hybrid } from './hybrid.ts'
import { perKey } from './perKey.ts'
import type { NameOf, OptionOf } from './registry.ts'

/** Every built-in strategy. A new one is registered here. */
export const strategies = { debounce, batch, perKey, hybrid, adaptive, direct }

export const strategyNames = Object.keys(strategies) as StrategyName[]

/** The strategies that `createCoalescer` knows by itself. */
export type BuiltInStrategies = typeof strategies

/** The built-in rules for when to flush. `'direct'` flushes each event at once, for comparison. */
export type StrategyName = NameOf<BuiltInStrategies>

/** A built-in strategy by name, or with timing of its own that wins over the options of `createCoalescer`. */
export type StrategyOption = OptionOf<BuiltInStrategies>
