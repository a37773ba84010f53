import { direct } from './direct.ts'
import { createOrchestratorMachine } from './orchestrator.ts'
import { FALLBACK, type StrategyRegistry } from './registry.ts'
import type { StrategyMachine } from './strategy.ts'

/** The statecharts over a registry. */
export interface Charts {
  readonly orchestrator: ReturnType<typeof createOrchestratorMachine>
  /** Those of the strategies by name; the fallback is always among them. */
  readonly strategies: Readonly<Record<string, StrategyMachine>>
}

const known = new WeakMap<StrategyRegistry, Charts>()

/** The statecharts over a registry, made once. */
export function chartsOf(registry: StrategyRegistry): Charts {
  let charts = known.get(registry)
  if (!charts) {
    const all: StrategyRegistry = { ...registry, [FALLBACK]: direct }
    const machines = Object.fromEntries(Object.entries(all).map(([name, one]) => [name, one.machineFor(name)]))
    charts = { orchestrator: createOrchestratorMachine(machines), strategies: machines }
    known.set(registry, charts)
  }
  return charts
}
