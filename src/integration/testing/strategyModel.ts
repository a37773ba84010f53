import { failType } from '../../actions/validate.ts'
import { chartsOf } from '../../machines/charts.ts'
import type { StrategyDefinition } from '../../machines/strategyDefinition.ts'
import { type StrategyRule, strategyRules } from './strategyRules.ts'
import { type StrategyWorld, inStrategyWorld, registryOf } from './strategyWorld.ts'
import { TransitionCoverage } from './transitionCoverage.ts'

/** One promise a strategy has to keep. */
export interface StrategyCase {
  /** The rule, as in `'G3: no event waits longer than maxWaitMs'`. */
  readonly name: string
  /** Resolves if the strategy keeps it; rejects with an error that names the rule otherwise. Sets no timer. */
  readonly run: () => Promise<void>
}

/** The conformance cases of a strategy. */
export interface StrategyModel {
  readonly cases: readonly StrategyCase[]
  /** The transitions of its statechart that no case has taken so far: what tests of your own are left to cover. */
  missedTransitions(): readonly string[]
}

/**
 * The promises a strategy of the app has to keep, each as a case for the test runner at hand:
 * `for (const { name, run } of strategyModel(throttle).cases) test(name, run)`. Each is played twice: as in production,
 * and with an inspector that watches, which sends every event through the chart.
 *
 * @throws TypeError for what `defineStrategy` has not returned.
 */
export function strategyModel(definition: StrategyDefinition): StrategyModel {
  if (typeof (definition as StrategyDefinition | undefined)?.machineFor !== 'function') {
    failType('definition', 'what `defineStrategy` returned', definition, 'Pass a strategy.')
  }
  const registry = registryOf(definition)
  const { tested } = chartsOf(registry).strategies
  const coverage = new TransitionCoverage(tested ? [tested] : [])
  const caseOf = ([name, rule]: [string, StrategyRule]): StrategyCase => {
    const play = async (world: StrategyWorld): Promise<void> => {
      try {
        await rule(world, definition)
        const { strategy } = world.coalescer.getSnapshot()
        if (strategy !== 'tested' && strategy !== 'other') throw new Error('the strategy has died')
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message.replace(/\.$/, '')}.`, { cause: error })
      }
    }
    return {
      name,
      async run() {
        await inStrategyWorld(registry, play)
        await inStrategyWorld(registry, play, coverage.inspect)
      },
    }
  }
  return { cases: Object.entries(strategyRules).map(caseOf), missedTransitions: () => coverage.missed() }
}
