import { type AnyStateMachine, type EventFromLogic, type SnapshotFrom, initialTransition, transition } from 'xstate'
import { type StatePath, type TestPath, createTestModel, getAdjacencyMap, getShortestPaths } from 'xstate/graph'

interface PathOptions<Model extends AnyStateMachine> {
  readonly input: unknown
  readonly events: readonly EventFromLogic<Model>[]
  isPossible(state: SnapshotFrom<Model>, event: EventFromLogic<Model>): boolean
  /** What makes two states of the model the same. */
  serializeState(state: SnapshotFrom<Model>): string
}

/** The shortest way to every state of a model, prolonged by every event that is possible there. */
export function everyTransition<Model extends AnyStateMachine>(
  model: Model,
  { input, events, isPossible, serializeState }: PathOptions<Model>,
): TestPath<SnapshotFrom<Model>, EventFromLogic<Model>>[] {
  type State = SnapshotFrom<Model>
  type Event = EventFromLogic<Model>
  // The types of the graph name three parameters of a logic, which `Model` has only as a whole.
  const options = { input, events, serializeState, filterEvents: isPossible } as never

  // States that count as the same may differ in what the last event has led to, so each path is walked anew.
  const walk = (path: readonly Event[]): StatePath<State, Event> => {
    let [state] = initialTransition(model, input as never) as unknown as [State]
    const steps = [{ event: { type: 'xstate.init' } as Event, state }]
    for (const event of path) {
      ;[state] = transition(model, state, event as never) as unknown as [State]
      steps.push({ event, state })
    }
    return { state, steps, weight: path.length }
  }

  const generate = (): StatePath<State, Event>[] => {
    const adjacent = getAdjacencyMap(model, options) as unknown as Record<
      string,
      { transitions: Record<string, { event: Event }> }
    >
    return (getShortestPaths(model, options) as unknown as StatePath<State, Event>[]).flatMap((path) => {
      const before = path.steps.slice(1).map((step) => step.event)
      const next = Object.values(adjacent[serializeState(path.state)]?.transitions ?? {})
      return next.map(({ event }) => walk([...before, event]))
    })
  }
  return createTestModel(model as AnyStateMachine).getPaths(generate as never) as unknown as TestPath<State, Event>[]
}
