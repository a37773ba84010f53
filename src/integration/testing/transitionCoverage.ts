import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition, InspectionEvent } from 'xstate'

interface KnownTransition {
  readonly definition: AnyTransitionDefinition
  readonly name: string
}

/** Notes which transitions of some machines are taken. */
export class TransitionCoverage {
  readonly #known: readonly KnownTransition[]
  readonly #taken = new Set<AnyTransitionDefinition>()

  constructor(machines: readonly AnyStateMachine[]) {
    this.#known = machines.flatMap((machine) => transitionsOf(machine.root))
  }

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return
    for (const definition of event._transitions) this.#taken.add(definition)
  }

  /** The transitions that were never taken. */
  missed(): string[] {
    return this.#known.filter(({ definition }) => !this.#taken.has(definition)).map(({ name }) => name)
  }
}

function transitionsOf(node: AnyStateNode): KnownTransition[] {
  const own = [...node.transitions.values(), node.always ?? []]
    .flat()
    .map((definition) => ({ definition, name: nameOf(node, definition) }))
  return [...own, ...Object.values(node.states).flatMap(transitionsOf)]
}

function nameOf(node: AnyStateNode, { eventType, guard, target }: AnyTransitionDefinition): string {
  const condition = typeof guard === 'string' ? ` [${guard}]` : typeof guard === 'object' ? ` [${guard.type}]` : ''
  const to = target?.map((one) => one.id).join() ?? 'itself'
  return `${node.machine.id}: ${node.id} --${eventType || 'always'}${condition}--> ${to}`
}
