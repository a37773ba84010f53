import { type ChartState, type MachineChart, isWithin } from './machineChart.ts'

/** One diagram of a machine. */
export interface MermaidDiagram {
  /** The region it shows, of a machine whose regions are drawn apart. */
  readonly region: string | undefined
  readonly mermaid: string
}

/**
 * Draws a machine as Mermaid state diagrams: one, or one for each region of a parallel machine. A transition from a
 * state to one inside it, which is taken wherever inside it the machine is, starts at a state drawn for that.
 */
export function chartToMermaid(chart: MachineChart): readonly MermaidDiagram[] {
  const { id, initial, states } = chart
  const regionOf = (stateId: string): string | undefined => states.find((region) => isWithin(region.id, stateId))?.id
  const isApart = chart.isParallel && chart.edges.every(({ from, to }) => regionOf(from) === regionOf(to))
  if (!isApart) return [{ region: undefined, mermaid: writeDiagram(chart, { id, initial, states }) }]
  return states.map((region) => ({
    region: region.name,
    mermaid: writeDiagram(chart, { id: region.id, initial: region.initial, states: region.children }),
  }))
}

/** How the ids begin of what is drawn for transitions from any state of a parent. */
const ANY_STATE = 'anyIn_'

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
  const writeScope = ({ id, initial, states }: Scope, indent: string): void => {
    const inward = edges.filter(({ from, to }) => from === id && isInward(from, to))
    if (inward.length > 0) lines.push(`${indent}state "any state" as ${ANY_STATE}${id}`)
    for (const state of states) writeState(state, indent)
    if (initial !== undefined) lines.push(`${indent}[*] --> ${initial}`)
    for (const { to, labels } of inward) lines.push(`${indent}${ANY_STATE}${id} --> ${to} : ${labels.join('<br/>')}`)
  }
  const writeState = ({ id, name, initial, children }: ChartState, indent: string): void => {
    const head = `${indent}state "${name}" as ${id}`
    if (children.length === 0) return void lines.push(head)
    lines.push(`${head} {`)
    writeScope({ id, initial, states: children }, `${indent}  `)
    lines.push(`${indent}}`)
  }
  writeScope(scope, '  ')
  for (const { from, to, labels } of edges) {
    const isHere = from !== scope.id && isWithin(scope.id, from) && isWithin(scope.id, to)
    if (isHere && !isInward(from, to)) lines.push(`  ${from} --> ${to} : ${labels.join('<br/>')}`)
  }
  return `${lines.join('\n')}\n`
}
