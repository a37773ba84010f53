import type { AnyStateMachine } from 'xstate'
import { type ChartState, type MachineChart, isWithin, readMachine } from './machineChart.ts'

/** One diagram of a machine. */
export interface MermaidDiagram {
  /** The region it shows, of a machine whose regions are drawn apart. */
  readonly region: string | undefined
  readonly mermaid: string
}

/**
 * Draws a machine as Mermaid state diagrams: one, or one for each region of a parallel machine. A transition from a
 * state into itself stands at the arrow from its start, since it enters the state anew.
 */
export function machineToMermaid(machine: AnyStateMachine): readonly MermaidDiagram[] {
  const chart = readMachine(machine)
  const { id, initial, states } = chart
  const regionOf = (stateId: string): string | undefined => states.find((region) => isWithin(region.id, stateId))?.id
  const isApart = chart.isParallel && chart.edges.every(({ from, to }) => regionOf(from) === regionOf(to))
  if (!isApart) return [{ region: undefined, mermaid: writeDiagram(chart, { id, initial, states }) }]
  return states.map((region) => ({
    region: region.name,
    mermaid: writeDiagram(chart, { id: region.id, initial: region.initial, states: region.children }),
  }))
}

/** More states are drawn from top to bottom: in a row, nobody could read them. */
const MAX_IN_A_ROW = 8

const countStates = (states: readonly ChartState[]): number =>
  states.reduce((sum, { children }) => sum + 1 + countStates(children), 0)

interface Scope {
  readonly id: string
  readonly initial: string | undefined
  readonly states: readonly ChartState[]
}

function writeDiagram({ edges }: MachineChart, scope: Scope): string {
  const lines = ['stateDiagram-v2', `  direction ${countStates(scope.states) > MAX_IN_A_ROW ? 'TB' : 'LR'}`]
  const isInward = (from: string, to: string): boolean => from !== to && isWithin(from, to)
  const writeStarts = (id: string, initial: string | undefined, indent: string): void => {
    const inward = new Map(initial === undefined ? [] : [[initial, [] as readonly string[]]])
    for (const { from, to, labels } of edges) if (from === id && isInward(from, to)) inward.set(to, labels)
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
  for (const state of scope.states) writeState(state, '  ')
  writeStarts(scope.id, scope.initial, '  ')
  for (const { from, to, labels } of edges) {
    const isHere = from !== scope.id && isWithin(scope.id, from) && isWithin(scope.id, to)
    if (isHere && !isInward(from, to)) lines.push(`  ${from} --> ${to} : ${labels.join('<br/>')}`)
  }
  return `${lines.join('\n')}\n`
}
