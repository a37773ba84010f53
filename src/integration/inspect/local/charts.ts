import { AFTERGLOW_MS } from '../../devtools/chart/lights.ts'
import {
  type ChartState,
  type MachineChart,
  activeStates,
  innermost,
  isWithin,
} from '../../devtools/chart/machineChart.ts'
import { type Draw, setAttribute, setText } from './dom.ts'
import type { ActorState, RecordedActor, Recording } from './recording.ts'
import { formatState } from './recorder.ts'

export interface ChartsView {
  readonly element: HTMLElement
  /** Lights the states of all actors as they were after a step. */
  show(recording: Recording, n: number, nowMs: number): void
}

interface DrawnActor {
  readonly actor: RecordedActor
  readonly element: HTMLElement
  readonly status: HTMLElement
  readonly states: ReadonlyMap<string, HTMLElement>
  readonly note: HTMLElement
  readonly descriptions: ReadonlyMap<string, string>
}

/** So many of the events that lead from one state to another are named. */
const MAX_LABELS = 3
/** Of the actors that have ended, the latest are shown. */
const SHOWN_ENDED = 2

/** The statecharts of all actors, from left to right as they flow, with the states they are in lit. */
export function createCharts(draw: Draw): ChartsView {
  const list = draw('div', { class: 'charts' })
  const element = draw('section', { 'aria-label': 'Statecharts' }, [draw('h2', {}, ['Statecharts']), list])
  const drawn = new Map<string, DrawnActor>()

  function place(actors: readonly RecordedActor[]): void {
    for (const [id, { actor, element: old }] of drawn) {
      if (actors.includes(actor)) continue
      old.remove()
      drawn.delete(id)
    }
    for (const actor of actors) {
      if (drawn.has(actor.id)) continue
      const one = drawActor(draw, actor, isMain(actor, actors))
      drawn.set(actor.id, one)
    }
    const ordered = actors.toSorted((a, b) => Number(isMain(b, actors)) - Number(isMain(a, actors)))
    for (const { id } of ordered.toReversed()) {
      const element = drawn.get(id)?.element
      if (element && list.firstChild !== element) list.prepend(element)
    }
  }

  return {
    element,
    show(recording, n, nowMs) {
      const states = recording.statesAfter(n)
      place(shownActors(recording.actors, states))
      const moves = new Map<string, ActorState[]>()
      for (const { n: at, atMs, moved } of recording.steps) {
        if (at > n) break
        if (moved && nowMs - atMs < AFTERGLOW_MS)
          moves.set(moved.actor, [...(moves.get(moved.actor) ?? []), moved.state])
      }
      for (const one of drawn.values()) light(one, states.get(one.actor.id), moves.get(one.actor.id) ?? [])
    },
  }
}

/** What flows through a strategy is the story of a coalescer; without one, every actor has its own. */
const isMain = ({ lane }: RecordedActor, actors: readonly RecordedActor[]): boolean =>
  lane.endsWith('/strategy') || !actors.some((other) => other.lane.endsWith('/strategy'))

/** Those that have a chart: all that live, and the latest of those that have ended. */
function shownActors(actors: readonly RecordedActor[], states: ReadonlyMap<string, ActorState>): RecordedActor[] {
  const known = actors.filter(({ id, chart }) => chart && states.has(id))
  const ended = known.filter(({ id }) => states.get(id)?.status !== 'active')
  const hidden = new Set(ended.slice(0, Math.max(0, ended.length - SHOWN_ENDED)))
  return known.filter((actor) => !hidden.has(actor))
}

function light(one: DrawnActor, state: ActorState | undefined, moves: readonly ActorState[]): void {
  const { chart } = one.actor
  if (!chart) return
  const isActive = state?.status === 'active'
  const at = activeOf(chart, state)
  const left = new Set(moves.flatMap((move) => activeOf(chart, move)))
  for (const [id, box] of one.states) {
    setAttribute(box, 'data-lit', isActive && at.includes(id) ? 'active' : left.has(id) ? 'left' : undefined)
  }
  setAttribute(one.element, 'data-status', state?.status)
  const value = state?.value === undefined ? '' : formatState(state.value)
  setText(one.status, isActive ? value : `${state?.status ?? 'unknown'}${value && `, last ${value}`}`)
  setText(
    one.note,
    isActive
      ? innermost(at)
          .flatMap((id) => one.descriptions.get(id) ?? [])
          .join(' ')
      : '',
  )
}

const activeOf = (chart: MachineChart, state: ActorState | undefined): readonly string[] =>
  state?.value === undefined || state.value === null
    ? []
    : activeStates(chart.id, state.value as Parameters<typeof activeStates>[1])

function drawActor(draw: Draw, actor: RecordedActor, isOpen: boolean): DrawnActor {
  const { chart, name } = actor
  const states = new Map<string, HTMLElement>()
  const descriptions = new Map<string, string>()
  const status = draw('span', { class: 'status' })
  const note = draw('p', { class: 'note' })
  const element = draw('details', { class: 'actor', 'data-actor': name }, [
    draw('summary', {}, [draw('b', {}, [name]), ' ', status]),
  ])
  element.open = isOpen
  if (chart) element.append(drawStates(chart.states, chart.initial, chart.isParallel), note)
  return { actor, element, status, states, note, descriptions }

  function drawStates(inner: readonly ChartState[], initial: string | undefined, isParallel: boolean): HTMLElement {
    const ordered = isParallel || !chart ? inner : inOrderOfFlow(inner, initial, chart)
    const boxes = ordered.map((state, index) => {
      const before = ordered[index - 1]
      const follows = !isParallel && before !== undefined && chart !== undefined && leadsTo(before, state, chart)
      return drawState(state, follows)
    })
    return draw('div', { class: isParallel ? 'regions' : 'flow' }, boxes)
  }

  function drawState(state: ChartState, follows: boolean): HTMLElement {
    const ways = (chart?.edges ?? []).filter(({ from, to }) => from === state.id && !to.startsWith(`${state.id}_`))
    const box = draw(
      'div',
      { class: 'state', 'data-state': state.name, 'data-follows': follows ? '' : undefined, title: state.description },
      [
        draw('b', {}, [state.name]),
        ways.length > 0 &&
          draw(
            'ul',
            {},
            ways.map(({ labels, to }) => drawWay(labels, to)),
          ),
        state.children.length > 0 && drawStates(state.children, state.initial, state.isParallel),
      ],
    )
    states.set(state.id, box)
    if (state.description !== undefined) descriptions.set(state.id, state.description)
    return box
  }

  function drawWay(labels: readonly string[], to: string): HTMLElement {
    const more = labels.length - MAX_LABELS
    const shown = labels.slice(0, MAX_LABELS).join(', ')
    return draw('li', { title: labels.join('\n') }, [
      draw('span', { class: 'on' }, [`${shown}${more > 0 ? ` and ${more} more` : ''}`]),
      draw('span', { class: 'to' }, [`→ ${to.split('_').at(-1) ?? to}`]),
    ])
  }
}

/** The states as they are reached from the first one, so that a chart reads from left to right. */
function inOrderOfFlow(states: readonly ChartState[], initial: string | undefined, chart: MachineChart): ChartState[] {
  const reached = new Set(states.filter(({ id }) => id === initial))
  for (const state of reached) {
    for (const next of states) {
      if (leadsTo(state, next, chart)) reached.add(next)
    }
  }
  return [...reached, ...states.filter((state) => !reached.has(state))]
}

const leadsTo = (state: ChartState, next: ChartState, { edges }: MachineChart): boolean =>
  edges.some(({ from, to }) => isWithin(state.id, from) && isWithin(next.id, to))
