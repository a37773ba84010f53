import type { AnyStateMachine } from 'xstate'
import { type ChartState, readMachine } from './machineChart.ts'

/**
 * Draws a machine as a Mermaid state diagram. Regions of a parallel state stand side by side as states with no start.
 */
export function machineToMermaid(machine: AnyStateMachine): string {
  const chart = readMachine(machine)
  const lines = ['stateDiagram-v2']
  const writeState = (state: ChartState, indent: string): void => {
    const name = `${indent}state "${state.name}" as ${state.id}`
    if (state.children.length === 0) return void lines.push(name)
    lines.push(`${name} {`)
    for (const child of state.children) writeState(child, `${indent}  `)
    if (state.initial) lines.push(`${indent}  [*] --> ${state.initial}`)
    lines.push(`${indent}}`)
  }
  for (const state of chart.states) writeState(state, '  ')
  if (chart.initial) lines.push(`  [*] --> ${chart.initial}`)
  for (const { from, to, labels } of chart.edges) lines.push(`  ${from} --> ${to} : ${labels.join('<br/>')}`)
  return `${lines.join('\n')}\n`
}
