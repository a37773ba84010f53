import { chartsOf } from '../../machines/charts.ts'
import { strategies } from '../../machines/strategies.ts'

/** A statechart as plain JSON: a configuration that `createMachine` takes, its actions and guards by name. */
export type ChartConfig = Readonly<Record<string, unknown>>

/** The statecharts of the orchestrator and of every built-in strategy, by name, as plain JSON for tools. */
export function coalescerMachines(): Readonly<Record<string, ChartConfig>> {
  const { orchestrator, strategies: machines } = chartsOf(strategies)
  const configs = Object.entries({ orchestrator, ...machines }).map(([name, { config }]) => [name, config])
  return JSON.parse(JSON.stringify(Object.fromEntries(configs))) as Record<string, ChartConfig>
}
