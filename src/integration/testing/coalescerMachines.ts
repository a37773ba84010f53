import type { AnyStateMachine } from 'xstate'
import { failType } from '../../actions/validate.ts'
import { chartsOf } from '../../machines/charts.ts'
import { connectionMachine } from '../../machines/connection.ts'
import { feedMachine } from '../../machines/feed.ts'
import { type StrategyRegistry, expectRegistry } from '../../machines/registry.ts'
import { strategies as builtIn } from '../../machines/strategies.ts'
import { surroundingsMachine } from '../../machines/surroundings.ts'
import { tabsMachine } from '../../machines/tabs.ts'
import { type ChartModel, createChartModel } from './chartModel.ts'

/** A statechart as plain JSON: a configuration that `createMachine` takes, its actions and guards by name. */
export type ChartConfig = Readonly<Record<string, unknown>>

/** A statechart for tools. */
export interface CoalescerMachine extends ChartModel {
  /** The chart itself, for Stately's import and for drawings. */
  readonly json: ChartConfig
}

/** A statechart by name: `orchestrator`, `surroundings`, `feed`, `connection` and `tabs`, and each strategy by its own name. */
export type CoalescerMachines = Readonly<
  Record<'orchestrator' | 'surroundings' | 'feed' | 'connection' | 'tabs', CoalescerMachine> &
    Record<string, CoalescerMachine>
>

/**
 * The statecharts of the orchestrator, of its surroundings, of every strategy, and of the feed, its connections and tabs. Each comes as plain
 * JSON, and as a machine to walk: delays and invoked actors are events (`after joinTimeout`, `done authorize`), and
 * guards are answered by `is` of the event, so that it needs no port, no clock and no input.
 *
 * @param strategies those of your app, by name.
 * @throws TypeError for strategies that `defineStrategy` has not returned.
 */
export function coalescerMachines(strategies: StrategyRegistry = builtIn): CoalescerMachines {
  const { orchestrator, strategies: machines } = chartsOf(expectRegistry(strategies, 'strategies'))
  const own = {
    orchestrator,
    surroundings: surroundingsMachine,
    feed: feedMachine,
    connection: connectionMachine,
    tabs: tabsMachine,
  }
  const taken = Object.keys(own).find((name) => name in machines)
  if (taken !== undefined) failType('a name of strategies', 'none of the other charts', taken, 'Rename the strategy.')
  const all: Record<string, AnyStateMachine> = { ...machines, ...own }
  const entries = Object.entries(all).map(([name, { config }]) => {
    const json = JSON.parse(JSON.stringify(config)) as ChartConfig
    return [name, { json, ...createChartModel(json) }] as const
  })
  // The five are among the names above.
  return Object.fromEntries(entries) as unknown as CoalescerMachines
}
