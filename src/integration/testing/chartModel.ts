import { type AnyStateMachine, setup } from 'xstate'
import type { ChartConfig } from './coalescerMachines.ts'

/** Something that happens to a chart, with what holds when it does: `'isOpen'`, or `'isStatus live'` with its parameter. */
export interface ModelEvent {
  readonly type: string
  /** The guards that let pass; all others do not. */
  readonly is: readonly string[]
}

/** A chart without timers and actors, whose guards are answered by its events. */
export interface ChartModel {
  /** For `createTestModel`, `getShortestPaths` and whatever else walks machines. */
  readonly machine: AnyStateMachine
  /** Every event in every situation that may make a difference, for the option `events` of those. */
  readonly events: readonly ModelEvent[]
}

type Guard = string | { readonly type: string; readonly params?: Readonly<Record<string, unknown>> }
type Candidate = string | { readonly target?: string; readonly guard?: Guard; readonly reenter?: boolean }
type Candidates = Candidate | readonly Candidate[]

interface Node {
  readonly on?: Readonly<Record<string, Candidates>>
  readonly after?: Readonly<Record<string, Candidates>>
  readonly always?: Candidates
  readonly invoke?: {
    readonly id?: string
    readonly src: string
    readonly onDone?: Candidates
    readonly onError?: Candidates
  }
  readonly states?: Readonly<Record<string, Node>>
  readonly [other: string]: unknown
}

/** What was found of guards: those of each event, and those that are looked at after any event. */
interface Found {
  readonly ofEvents: Map<string, Set<string>>
  readonly always: Set<string>
}

const listOf = (candidates: Candidates | undefined): readonly Candidate[] =>
  candidates === undefined ? [] : Array.isArray(candidates) ? candidates : [candidates as Candidate]

const nameOf = (guard: Guard): string =>
  typeof guard === 'string' ? guard : [guard.type, ...Object.values(guard.params ?? {}).map(String)].join(' ')

/** The same transitions without actions, each guard answered by the event. */
function withoutActions(candidates: Candidates | undefined, guards: Set<string>): object[] {
  return listOf(candidates).map((candidate) => {
    if (typeof candidate === 'string') return { target: candidate }
    const { target, guard, reenter } = candidate
    const name = guard && nameOf(guard)
    if (name !== undefined) guards.add(name)
    return {
      ...(target !== undefined && { target }),
      ...(reenter !== undefined && { reenter }),
      ...(name !== undefined && { guard: { type: 'holds', params: { name } } }),
    }
  })
}

function modelOf(node: Node, found: Found): object {
  const { on = {}, after = {}, always, invoke, states, entry: _entry, exit: _exit, ...rest } = node
  const happenings: [string, Candidates | undefined][] = [
    ...Object.entries(on).filter(([type]) => type !== '*'),
    ...Object.entries(after).map(([delay, candidates]): [string, Candidates] => [`after ${delay}`, candidates]),
    ...(invoke
      ? ([
          [`done ${invoke.src}`, invoke.onDone],
          [`error ${invoke.src}`, invoke.onError],
        ] as const)
      : []),
  ].filter(([, candidates]) => candidates !== undefined) as [string, Candidates][]
  const transitions = happenings.map(([type, candidates]) => {
    const guards = found.ofEvents.get(type) ?? new Set()
    found.ofEvents.set(type, guards)
    return [type, withoutActions(candidates, guards)]
  })
  return {
    ...rest,
    on: Object.fromEntries(transitions),
    ...(always !== undefined && { always: withoutActions(always, found.always) }),
    ...(states && {
      states: Object.fromEntries(Object.entries(states).map(([name, child]) => [name, modelOf(child, found)])),
    }),
  }
}

/** Every choice of guards, of which at most one of each kind holds: a strategy is one or the other. */
function situationsOf(guards: ReadonlySet<string>): readonly (readonly string[])[] {
  const kinds = new Map<string, string[]>()
  for (const name of guards) {
    const [kind = name] = name.split(' ')
    kinds.set(kind, [...(kinds.get(kind) ?? []), name])
  }
  let situations: string[][] = [[]]
  for (const names of kinds.values()) {
    situations = situations.flatMap((others) => [others, ...names.map((name) => [...others, name])])
  }
  return situations
}

/** Makes the model of a chart. */
export function createChartModel(config: ChartConfig): ChartModel {
  const found: Found = { ofEvents: new Map(), always: new Set() }
  const model = modelOf(config as Node, found)
  const machine = setup({
    types: { events: {} as ModelEvent },
    guards: { holds: ({ event }, { name }: { name: string }) => event.is?.includes(name) ?? false },
  }).createMachine(model)
  // What an event leads to may be decided after it, but not both at once: the next event can decide as well.
  const always = situationsOf(found.always)
  const events = [...found.ofEvents].flatMap(([type, guards]) =>
    [...always, ...[...guards].map((name) => [name])].map((is) => ({ type, is })),
  )
  return { machine, events }
}
