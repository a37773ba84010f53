import type { AnyStateMachine } from 'xstate'
import { type ChartState, readMachine } from './machineChart.ts'

/**
 * Draws a machine as a Mermaid state diagram. Regions of a parallel state stand side by side as states of their own. A
 * transition from a state into itself stands at the arrow from its start, since it enters the state anew.
 */
export function machineToMermaid(machine: AnyStateMachine): string {
  const chart = readMachine(machine)
  const isInward = (from: string, to: string): boolean => to.startsWith(`${from}_`)
  const lines = ['stateDiagram-v2']
  const writeStarts = (id: string, initial: string | undefined, indent: string): void => {
    const inward = new Map(initial === undefined ? [] : [[initial, [] as readonly string[]]])
    for (const { from, to, labels } of chart.edges) if (from === id && isInward(from, to)) inward.set(to, labels)
    for (const [to, labels] of inward) {
      lines.push(`${indent}[*] --> ${to}${labels.length > 0 ? ` : ${labels.join('<br/>')}` : ''}`)
    }
  }
  const writeState = (state: ChartState, indent: string): void => {
    const name = `${indent}state "${state.name}" as ${state.id}`
    if (state.children.length === 0) return void lines.push(name)
    lines.push(`${name} {`)
    for (const child of state.children) writeState(child, `${indent}  `)
    writeStarts(state.id, state.initial, `${indent}  `)
    lines.push(`${indent}}`)
  }
  for (const state of chart.states) writeState(state, '  ')
  writeStarts(chart.id, chart.initial, '  ')
  for (const { from, to, labels } of chart.edges) {
    if (!isInward(from, to)) lines.push(`  ${from} --> ${to} : ${labels.join('<br/>')}`)
  }
  return `${lines.join('\n')}\n`
}
