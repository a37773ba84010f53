import { coalescerMachines } from 'realtime-coalescer/testing'
import { expect, it } from 'vitest'
import { type AnyStateMachine, type AnyStateNode, createMachine } from 'xstate'
import { chartsOf } from '../../src/machines/charts.ts'
import { strategies } from '../../src/machines/strategies.ts'

const { orchestrator, strategies: machines } = chartsOf(strategies)

const idsOf = (node: AnyStateNode): string[] => [node.id, ...Object.values(node.states).flatMap(idsOf)]

it.each(Object.entries<AnyStateMachine>({ orchestrator, ...machines }))(
  '%s as JSON has the states and events of the chart',
  (name, machine) => {
    const rebuilt = createMachine(coalescerMachines()[name] as Parameters<typeof createMachine>[0])
    expect(idsOf(rebuilt.root)).toEqual(idsOf(machine.root))
    expect(rebuilt.events).toEqual(machine.events)
  },
)
