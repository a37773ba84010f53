import type { AnyActorRef, AnyStateMachine, InspectionEvent } from 'xstate'
import { readMachine } from '../../devtools/chart/machineChart.ts'
import { type KnownEvent, type Sanitizers, describe, statusOf, valueOf } from '../describe.ts'
import { toJsonSafe } from '../jsonSafe.ts'
import { FLUSH, type Lane, OUTSIDE } from './lanes.ts'
import type { ActorState, RecordedActor, Recording } from './recording.ts'

/** Writes inspection events into a recording. */
export class Recorder {
  readonly #recording: Recording
  readonly #sanitizers: Sanitizers
  /** The state each actor was last in, in parts. */
  #service: string | undefined
  readonly #last = new WeakMap<object, readonly string[]>()

  constructor(recording: Recording, sanitizers: Sanitizers) {
    this.#recording = recording
    this.#sanitizers = sanitizers
  }

  take(event: KnownEvent): void {
    const recording = this.#recording
    const actorRef = event.actorRef as AnyActorRef
    if (!recording.hasActor(actorRef.sessionId)) this.#addActor(actorRef)
    if (event.type === '@xstate.actor') return
    const lane = laneOf(actorRef)
    const described = describe(event, this.#sanitizers, () => undefined)
    if (event.type === '@xstate.event') return this.#addEvent(event, lane, (described as typeof event).event)
    const { snapshot } = described as typeof event
    const state = stateOf(snapshot)
    const before = this.#last.get(actorRef) ?? []
    const parts = partsOf(state)
    this.#last.set(actorRef, parts)
    const entered = parts.filter((part) => !before.includes(part))
    if (entered.length === 0 && parts.length === before.length && state.status === 'active') return
    recording.add({
      atMs: Date.now(),
      from: lane,
      to: lane,
      label: state.status === 'active' ? (entered.length > 0 ? entered : parts).join(', ') : state.status,
      detail: { type: 'state', ...state, context: (snapshot as { readonly context?: unknown }).context },
      moved: { actor: actorRef.sessionId, state },
    })
  }

  #addEvent(event: Extract<InspectionEvent, { type: '@xstate.event' }>, lane: string, shown: { type: string }): void {
    const recording = this.#recording
    const source = event.sourceRef as AnyActorRef | undefined
    // What XState tells an actor itself, such as that it starts, comes from nowhere.
    if (!source && shown.type.startsWith('xstate.')) return
    if (!source) recording.addLane(fromOf(event.event.type, recording))
    else if (!recording.hasActor(source.sessionId)) this.#addActor(source)
    recording.add({
      atMs: Date.now(),
      from: source ? laneOf(source) : fromOf(event.event.type, recording).id,
      // What a realtime service has made of a change bears the table's name.
      via: source || !isOfFeed(event.event) ? undefined : recording.lanes.find(({ id }) => id === this.#service)?.id,
      to: lane,
      label: labelOf(shown),
      detail: shown,
    })
  }

  #addActor(actorRef: AnyActorRef): void {
    if (isService(actorRef)) this.#service = laneOf(actorRef)
    const actor: RecordedActor = {
      id: actorRef.sessionId,
      name: nameOf(actorRef),
      lane: laneOf(actorRef),
      chart: chartOf(actorRef),
    }
    const state = currentState(actorRef)
    this.#last.set(actorRef, partsOf(state))
    this.#recording.addActor(actor, state)
  }
}

/** Actors have their logic, though the type of a reference does not tell. */
const logicOf = (actorRef: AnyActorRef): { readonly id?: unknown; readonly root?: unknown } | undefined =>
  (actorRef as unknown as { readonly logic?: { readonly id?: unknown; readonly root?: unknown } }).logic

const isService = ({ _parent, id }: AnyActorRef): boolean => _parent === undefined && id.startsWith('realtime')

/** What a coalescer is told by its own flush comes from there. */
const fromOf = (type: string, { lanes }: Recording): Lane =>
  FROM_FLUSH.has(type) ? (lanes.find(({ id }) => id === FLUSH.id) ?? OUTSIDE) : OUTSIDE

const FROM_FLUSH: ReadonlySet<string> = new Set(['REPORT', 'HOLDING', 'FREE', 'FETCH_LOST'])

const isOfFeed = (event: object): boolean => {
  const { source } = event as { readonly source?: unknown }
  return typeof source === 'string' && source.includes(':')
}

/** Which column an actor stands in: the same for one that takes the place of another. */
export function laneOf(actorRef: AnyActorRef): string {
  const parent = actorRef._parent
  return parent ? `${laneOf(parent)}/${actorRef.id}` : actorRef.sessionId
}

/** The name it was given, the machine it runs if that tells more. */
function nameOf(actorRef: AnyActorRef): string {
  const { id, sessionId, _parent } = actorRef
  const machineId = logicOf(actorRef)?.id
  if (typeof machineId !== 'string' || machineId === '(machine)' || machineId === id) return id
  if (id === sessionId) return machineId
  return _parent ? `${id}: ${machineId}` : id
}

function chartOf(actorRef: AnyActorRef): RecordedActor['chart'] {
  const logic = logicOf(actorRef)
  if (logic?.root === undefined) return undefined
  try {
    return readMachine(logic as unknown as AnyStateMachine)
  } catch {
    return undefined
  }
}

function currentState(actorRef: AnyActorRef): ActorState {
  try {
    return stateOf(actorRef.getSnapshot())
  } catch {
    // An actor is announced before it has a snapshot.
    return { status: 'active' }
  }
}

function stateOf(snapshot: unknown): ActorState {
  const status = statusOf(snapshot)
  return { status: typeof status === 'string' ? status : 'active', value: toJsonSafe(valueOf(snapshot)) }
}

const partsOf = ({ status, value }: ActorState): readonly string[] =>
  value === undefined ? [status] : formatState(value).split(', ')

/** An event with what tells it apart from others of its type: its keys, or what it was sent for. */
function labelOf(event: { readonly type: string }): string {
  const { queryKeys, source, reason } = event as { queryKeys?: unknown; source?: unknown; reason?: unknown }
  const about = typeof source === 'string' ? source : typeof reason === 'string' ? reason : undefined
  const first = Array.isArray(queryKeys) && queryKeys.length > 0 ? JSON.stringify(queryKeys[0]) : undefined
  const more = Array.isArray(queryKeys) && queryKeys.length > 1 ? ` +${queryKeys.length - 1}` : ''
  return [nameOfEvent(event.type), about, first && `${first}${more}`].filter(Boolean).join(' ')
}

/** What XState tells an actor of, in the words of its definition. */
function nameOfEvent(type: string): string {
  const [, what, name] = /^xstate\.(after|done\.actor|error\.actor)\.([^.]+)/.exec(type) ?? []
  return what === undefined ? type : what === 'after' ? `after ${name}` : `${what.replace('.actor', '')} of ${name}`
}

/** A state value on one line, such as `strategy.debounce, page.visible`. */
export function formatState(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([state, inner]) =>
      typeof inner === 'object' && inner !== null && Object.keys(inner).length === 0
        ? state
        : `${state}.${formatState(inner)}`,
    )
    .join(', ')
}
