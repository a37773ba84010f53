import type { AnyStateMachine, StateValue } from 'xstate'

/** One state of a machine, with the id it has in drawings. */
export interface ChartState {
  readonly id: string
  readonly name: string
  readonly description: string | undefined
  readonly isParallel: boolean
  /** The id of the state that is entered first, if there is one. */
  readonly initial: string | undefined
  readonly children: readonly ChartState[]
}

/** All transitions from one state to another. */
export interface ChartEdge {
  readonly from: string
  readonly to: string
  readonly labels: readonly string[]
}

/** What a state does about an event without leaving. */
export interface ChartReaction {
  readonly state: string
  readonly label: string
  readonly actions: readonly string[]
}

/** A machine as its own definition tells it, ready to be drawn. */
export interface MachineChart {
  readonly id: string
  readonly description: string | undefined
  readonly isParallel: boolean
  readonly initial: string | undefined
  readonly states: readonly ChartState[]
  readonly edges: readonly ChartEdge[]
  readonly reactions: readonly ChartReaction[]
}

type StateNode = AnyStateMachine['root']
type Transition = StateNode['always'] extends readonly (infer T)[] | undefined ? NonNullable<T> : never

const idOf = (machineId: string, path: readonly string[]): string => [machineId, ...path].join('_')

/** Reads a machine's states and transitions. */
export function readMachine(machine: AnyStateMachine): MachineChart {
  const { root } = machine
  const edges = new Map<string, { from: string; to: string; labels: string[] }>()
  const reactions: ChartReaction[] = []
  const nodeId = (node: StateNode): string => idOf(machine.id, node.path)
  const initialOf = (node: StateNode): string | undefined => {
    const target = node.type === 'compound' ? node.initial.target?.[0] : undefined
    return target && nodeId(target)
  }

  const readState = (node: StateNode): ChartState => {
    for (const { label, transition } of transitionsOf(node)) {
      const targets = transition.target ?? []
      if (targets.length === 0) {
        reactions.push({ state: node.path.join('.'), label, actions: transition.actions.map(nameOf) })
      }
      for (const target of targets) {
        const [from, to] = [nodeId(node), nodeId(target)]
        const edge = edges.get(`${from} ${to}`) ?? { from, to, labels: [] }
        if (!edge.labels.includes(label)) edge.labels.push(label)
        edges.set(`${from} ${to}`, edge)
      }
    }
    return {
      id: nodeId(node),
      name: node.key,
      description: node.description,
      isParallel: node.type === 'parallel',
      initial: initialOf(node),
      children: Object.values(node.states).map(readState),
    }
  }

  const { children, initial, isParallel } = readState(root)
  return {
    id: machine.id,
    description: root.description,
    isParallel,
    initial,
    states: children,
    edges: [...edges.values()],
    reactions,
  }
}

/** Whether an id is that of a state or of one within it. */
export const isWithin = (parent: string, id: string): boolean => id === parent || id.startsWith(`${parent}_`)

/** Of the ids of states, those that no other one is within. */
export const innermost = (ids: readonly string[]): string[] =>
  ids.filter((id) => !ids.some((other) => other !== id && isWithin(id, other)))

/** The ids of all states that a state value is in, parents included. */
export function activeStates(machineId: string, value: StateValue): string[] {
  const ids: string[] = []
  const walk = (path: readonly string[], at: StateValue): void => {
    if (typeof at === 'string') ids.push(idOf(machineId, [...path, at]))
    else {
      for (const [name, inner] of Object.entries(at)) {
        ids.push(idOf(machineId, [...path, name]))
        if (inner !== undefined) walk([...path, name], inner)
      }
    }
  }
  walk([], value)
  return ids
}

function* transitionsOf(node: StateNode): Generator<{ label: string; transition: Transition }> {
  for (const transition of node.always ?? []) yield { label: withGuard('', transition), transition }
  const delays = new Map(node.after.map((transition) => [transition.eventType as string, String(transition.delay)]))
  // An invocation without an id of its own has a long one made from its path: what it runs says more.
  const actors = new Map(node.invoke.map(({ id, src }) => [id, id.endsWith(node.id) ? nameOf(src) : id]))
  for (const [eventType, transitions] of node.transitions) {
    for (const transition of transitions) {
      yield { label: withGuard(eventName(eventType, delays, actors), transition), transition }
    }
  }
}

function eventName(
  eventType: string,
  delays: ReadonlyMap<string, string>,
  actors: ReadonlyMap<string, string>,
): string {
  const delay = delays.get(eventType)
  if (delay !== undefined) return `after ${delay}`
  const [, outcome, actor] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(eventType) ?? []
  if (outcome && actor) return `${outcome} of ${actors.get(actor) ?? actor}`
  return eventType === '*' ? 'any other event' : eventType
}

function withGuard(label: string, { guard }: Transition): string {
  if (guard === undefined) return label === '' ? 'always' : label
  const params = (guard as { params?: unknown }).params
  const values = typeof params === 'object' && params !== null ? Object.values(params).join(', ') : ''
  return `${label} [${nameOf(guard)}${values && ` ${values}`}]`.trim()
}

function nameOf(named: unknown): string {
  if (typeof named === 'string') return named
  if (typeof named === 'function') return named.name || 'inline'
  return String((named as { type?: unknown } | null)?.type ?? 'inline')
}
