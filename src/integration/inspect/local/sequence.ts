import { type Draw, setAttribute, setText } from './dom.ts'
import { type Lane, orderLanes } from './lanes.ts'
import type { Recording, Step } from './recording.ts'

export interface SequenceView {
  readonly element: HTMLElement
  show(shown: ShownSequence): void
}

interface ShownSequence {
  readonly recording: Recording
  /** The steps that match the filter. */
  readonly steps: readonly Step[]
  readonly cursor: number | undefined
  readonly isFiltered: boolean
}

interface SequencePort {
  look(n: number): void
  stepBy(by: number): void
}

/** More rows make a page slow, and nobody reads them: the others are reached by stepping. */
const MAX_ROWS = 150

/** What led to what: an arrow for each step, from the lane it came from to the lane it went to. */
export function createSequence(draw: Draw, { look, stepBy }: SequencePort): SequenceView {
  const heads = draw('div', { class: 'lanes heads', 'aria-hidden': 'true' })
  const rows = draw('ol', { class: 'rows' })
  const hint = draw('p', { class: 'note' })
  const payload = draw('pre', { class: 'payload', tabindex: '0', 'aria-label': 'Payload of the step' })
  const diagram = draw('div', { class: 'diagram' }, [draw('div', { class: 'scroll' }, [heads, rows])])
  const element = draw('section', { 'aria-label': 'Sequence' }, [
    draw('h2', {}, ['Sequence']),
    hint,
    draw('div', { class: 'split' }, [diagram, payload]),
  ])
  let lanes: readonly Lane[] = []
  let drawnRecording: Recording | undefined
  const drawn = new Map<number, { readonly row: HTMLElement; readonly button: HTMLElement }>()

  rows.addEventListener('keydown', (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    stepBy(by)
    rows.querySelector<HTMLElement>('[aria-current]')?.focus()
  })

  function placeLanes(next: readonly Lane[]): void {
    if (next.length === lanes.length && next.every(({ id }, index) => id === lanes[index]?.id)) return
    lanes = next
    heads.replaceChildren(...lanes.map(({ name }) => draw('span', {}, [name.split(':')[0] ?? name])))
    element.style.setProperty('--lanes', String(Math.max(1, lanes.length)))
    clear()
  }

  function clear(): void {
    drawn.clear()
    rows.replaceChildren()
  }

  function drawRow(step: Step, sinceMs: number): HTMLElement {
    const at = (id: string): number =>
      Math.max(
        0,
        lanes.findIndex((lane) => lane.id === id),
      )
    const [from, to] = [at(step.from), at(step.to)]
    const direction = from === to ? 'note' : from < to ? 'right' : 'left'
    const names = [lanes[from]?.name ?? '', lanes[to]?.name ?? '']
    const arrow = draw('span', { class: `arrow ${direction}`, 'data-moved': step.moved && '' }, [
      draw('span', { class: 'where' }, [`${names[0]}${from === to ? '' : ` to ${names[1]}`}: `]),
      draw('span', { class: 'label' }, [step.label]),
    ])
    arrow.style.setProperty('--span', String(Math.abs(from - to) + 1))
    const isInside = direction === 'note' && from > 0 && from < lanes.length - 1
    arrow.style.gridColumn = `${Math.min(from, to) + (isInside ? 0 : 1)} / ${Math.max(from, to) + (isInside ? 3 : 2)}`
    const dot = step.via === undefined ? undefined : draw('span', { class: 'via' })
    if (dot) dot.style.gridColumn = String(at(step.via ?? '') + 1)
    const button = draw('button', { type: 'button', class: 'row' }, [
      draw('span', { class: 'lanes' }, [arrow, dot]),
      draw('time', {}, [` ${(sinceMs / 1000).toFixed(3)} s`]),
    ])
    button.addEventListener('click', () => look(step.n))
    const row = draw('li', {}, [button])
    drawn.set(step.n, { row, button })
    return row
  }

  return {
    element,
    show({ recording, steps, cursor, isFiltered }) {
      if (recording !== drawnRecording) clear()
      drawnRecording = recording
      placeLanes(orderLanes(recording.lanes))
      const shown = windowOf(steps, cursor)
      const kept = new Set(shown.map(({ n }) => n))
      for (const [n, { row }] of drawn) {
        if (kept.has(n)) continue
        row.remove()
        drawn.delete(n)
      }
      const startMs = recording.steps[0]?.atMs ?? 0
      const isAtEnd = diagram.scrollHeight - diagram.scrollTop - diagram.clientHeight < 40
      let before: Element | null = null
      for (const step of shown.toReversed()) {
        const row: HTMLElement = drawn.get(step.n)?.row ?? drawRow(step, step.atMs - startMs)
        if (row.parentNode !== rows || row.nextElementSibling !== before) rows.insertBefore(row, before)
        before = row
      }
      for (const [n, { row, button }] of drawn) {
        setAttribute(button, 'aria-current', n === cursor ? 'step' : undefined)
        setAttribute(row, 'data-later', cursor !== undefined && n > cursor ? '' : undefined)
      }
      if (cursor === undefined && isAtEnd) diagram.scrollTop = diagram.scrollHeight
      else if (cursor !== undefined) drawn.get(cursor)?.row.scrollIntoView?.({ block: 'nearest' })
      const looked = recording.steps.find(({ n }) => n === cursor)
      setText(
        payload,
        looked ? JSON.stringify(looked.detail ?? looked.label, null, 2) : 'Click a step to see what it carried.',
      )
      setText(hint, describeWindow(steps.length, shown.length, isFiltered))
    },
  }
}

/** The rows around the step that is looked at, or the latest. */
function windowOf(steps: readonly Step[], cursor: number | undefined): readonly Step[] {
  if (cursor === undefined) return steps.slice(-MAX_ROWS)
  const at = steps.findIndex(({ n }) => n >= cursor)
  const end = Math.min(steps.length, Math.max(MAX_ROWS, (at === -1 ? steps.length : at) + MAX_ROWS / 2))
  return steps.slice(Math.max(0, end - MAX_ROWS), end)
}

function describeWindow(all: number, shown: number, isFiltered: boolean): string {
  if (all === 0)
    return isFiltered ? 'No step matches the filter.' : 'Nothing has happened yet: change something in the app.'
  return shown < all ? `${shown} of ${all} steps are shown: step back to see the others.` : ''
}
