import { failType } from '../../../actions/validate.ts'
import type { MachineChart } from '../../devtools/chart/machineChart.ts'
import type { Lane } from './lanes.ts'

/** The state of an actor at one moment. */
export interface ActorState {
  readonly status: string
  readonly value?: unknown
}

/** An actor of a recording. */
export interface RecordedActor {
  readonly id: string
  readonly name: string
  /** The lane it stands in: one that takes the place of another stands in the same. */
  readonly lane: string
  /** Its statechart; a promise or callback has none. */
  readonly chart?: MachineChart | undefined
}

/** One thing that happened: an arrow of the sequence, or, from a lane to itself, a note at it. */
export interface Step {
  readonly n: number
  readonly atMs: number
  readonly from: string
  readonly to: string
  /** The lane that has passed it on. */
  readonly via?: string | undefined
  readonly label: string
  readonly detail?: unknown
  /** The actor that was in another state after it. */
  readonly moved?: { readonly actor: string; readonly state: ActorState } | undefined
}

const FORMAT = 'realtime-coalescer recording'
const VERSION = 1
/** Beside those that live, so many actors are remembered at most. */
const MAX_ENDED = 20

/** What an exported recording consists of. */
interface RecordingFile {
  readonly format: typeof FORMAT
  readonly version: typeof VERSION
  readonly actors: readonly RecordedActor[]
  readonly lanes: readonly Lane[]
  readonly base: readonly (readonly [string, ActorState])[]
  readonly steps: readonly Step[]
}

/** A bounded record of what actors did, from which every moment of it can be shown again. */
export class Recording {
  /** Told of every step that is added. */
  onAdd: (() => void) | undefined
  readonly #maxSteps: number
  #actors = new Map<string, RecordedActor>()
  #lanes = new Map<string, Lane>()
  /** The states before the first step that is kept. */
  #base = new Map<string, ActorState>()
  #steps: Step[] = []
  #next = 0

  constructor(maxSteps: number) {
    this.#maxSteps = maxSteps
  }

  get actors(): readonly RecordedActor[] {
    return [...this.#actors.values()]
  }

  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()]
  }

  get steps(): readonly Step[] {
    return this.#steps
  }

  /** The number of the step that comes next: it grows with each, also when old ones are dropped. */
  get next(): number {
    return this.#next
  }

  hasActor(id: string): boolean {
    return this.#actors.has(id)
  }

  addActor(actor: RecordedActor, state: ActorState): void {
    this.#actors.set(actor.id, actor)
    this.addLane({ id: actor.lane, name: actor.name })
    this.add({
      atMs: Date.now(),
      from: actor.lane,
      to: actor.lane,
      label: 'started',
      moved: { actor: actor.id, state },
    })
  }

  addLane(lane: Lane): void {
    if (!this.#lanes.has(lane.id)) this.#lanes.set(lane.id, lane)
  }

  /** @param before the number of the step it has led to, by default none so far */
  add(step: Omit<Step, 'n'>, before = this.#next): void {
    const index = Math.max(0, this.#steps.length - (this.#next - before))
    this.#steps.splice(index, 0, { ...step, n: before })
    for (let i = index + 1; i < this.#steps.length; i++)
      this.#steps[i] = { ...this.#steps[i], n: before + i - index } as Step
    this.#next += 1
    this.onAdd?.()
    if (this.#steps.length <= this.#maxSteps) return
    const moved = this.#steps.shift()?.moved
    if (moved) this.#base.set(moved.actor, moved.state)
    if (moved && moved.state.status !== 'active') this.#dropEnded()
  }

  /** The states of all actors right after a step, or before the first one that is kept. */
  statesAfter(n: number): ReadonlyMap<string, ActorState> {
    const states = new Map(this.#base)
    for (const { n: at, moved } of this.#steps) {
      if (at > n) break
      if (moved) states.set(moved.actor, moved.state)
    }
    return states
  }

  /** Forgets all steps; the actors stay as they are. */
  clear(): void {
    this.#base = new Map(this.statesAfter(this.#next))
    this.#steps = []
    this.#dropEnded()
  }

  /** The recording as JSON, to be attached to a report and imported elsewhere. */
  export(): string {
    const file: RecordingFile = {
      format: FORMAT,
      version: VERSION,
      actors: this.actors,
      lanes: this.lanes,
      base: [...this.#base],
      steps: this.#steps,
    }
    return JSON.stringify(file)
  }

  /** @throws TypeError for anything that `export()` did not write. */
  static import(json: string): Recording {
    const file = parse(json)
    const recording = new Recording(Math.max(1, file.steps.length))
    recording.#actors = new Map(file.actors.map((actor) => [actor.id, actor]))
    recording.#lanes = new Map(file.lanes.map((lane) => [lane.id, lane]))
    recording.#base = new Map(file.base)
    recording.#steps = [...file.steps]
    recording.#next = (file.steps.at(-1)?.n ?? -1) + 1
    return recording
  }

  #dropEnded(): void {
    const moving = new Set(this.#steps.map(({ moved }) => moved?.actor))
    const ended = [...this.#base].filter(([id, { status }]) => status !== 'active' && !moving.has(id))
    for (const [id] of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) {
      this.#base.delete(id)
      this.#actors.delete(id)
    }
  }
}

const REMEDY = 'Import what export() of a local inspector, or its Export button, has written.'

function parse(json: string): RecordingFile {
  let file: unknown
  try {
    file = JSON.parse(json)
  } catch (error) {
    failType('recording', 'JSON', `text that is none (${(error as Error).message})`, REMEDY)
  }
  const { format, version, actors, lanes, base, steps } = (file ?? {}) as Partial<RecordingFile>
  if (format !== FORMAT) failType('recording', `JSON with "format": "${FORMAT}"`, format, REMEDY)
  if (version !== VERSION) failType('recording', `one of version ${VERSION}`, version, 'Use the version that wrote it.')
  const isWhole =
    isListOf(actors, isActor) &&
    isListOf(lanes, ({ id, name }) => isText(id) && isText(name)) &&
    isListOf(base, (pair) => Array.isArray(pair) && isText(pair[0]) && isState(pair[1])) &&
    isListOf(steps, isStep)
  if (!isWhole) failType('recording', 'lists of actors, lanes, states and steps', 'one that is damaged', REMEDY)
  return file as RecordingFile
}

type Fields = Readonly<Record<string | number, unknown>>

const isText = (value: unknown): value is string => typeof value === 'string'
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isState = (value: unknown): boolean => isObject(value) && isText(value['status'])

function isListOf(list: unknown, isOne: (item: Fields) => boolean): boolean {
  return Array.isArray(list) && list.every((item: unknown) => isObject(item) && isOne(item))
}

const isActor = ({ id, name, lane, chart }: Fields): boolean =>
  isText(id) && isText(name) && isText(lane) && (chart === undefined || isChart(chart))

const isChart = (chart: unknown): boolean =>
  isObject(chart) && isText(chart['id']) && isListOf(chart['states'], isChartState) && isListOf(chart['edges'], isEdge)

const isChartState = ({ id, name, children }: Fields): boolean =>
  isText(id) && isText(name) && isListOf(children, isChartState)

const isEdge = ({ from, to, labels }: Fields): boolean =>
  isText(from) && isText(to) && Array.isArray(labels) && labels.every(isText)

function isStep({ n, atMs, from, to, via, label, moved }: Fields): boolean {
  const isMoved = moved === undefined || (isObject(moved) && isText(moved['actor']) && isState(moved['state']))
  return typeof n === 'number' && typeof atMs === 'number' && [from, to, via ?? '', label].every(isText) && isMoved
}
