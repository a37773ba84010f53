import { formatError } from '../../devtools/monitor/format.ts'
import { type Draw, setAttribute, setText } from './dom.ts'
import type { Recording, Step } from './recording.ts'

export interface Toolbar {
  readonly element: HTMLElement
  show(shown: ShownToolbar): void
  end(message: string): void
}

interface ShownToolbar {
  readonly recording: Recording
  readonly steps: readonly Step[]
  /** The number of the step that is looked at. */
  readonly at: number
  readonly isLive: boolean
  readonly isImported: boolean
}

interface ToolbarPort {
  recording(): Recording
  clear(): void
  import(json: string): void
  pause(): void
  resume(): void
  stepBy(by: number): void
  /** Looks at a step, from the first (0) to the last (1). */
  seek(share: number): void
  /** The filter that is set at first. */
  readonly filtered: string
  filter(text: string): void
}

const SLIDER_STEPS = 1000

/** Title, pause, steps, filter, export and import. */
export function createToolbar(draw: Draw, port: ToolbarPort): Toolbar {
  const button = (text: string, act: () => void, label?: string): HTMLButtonElement => {
    const element = draw('button', { type: 'button', 'aria-label': label }, [text])
    element.addEventListener('click', act)
    return element
  }
  const live = draw('span', { class: 'live', role: 'status' })
  const pause = button('Pause', () => (pause.dataset['paused'] === undefined ? port.pause() : port.resume()))
  const slider = draw('input', { type: 'range', min: '0', max: String(SLIDER_STEPS), 'aria-label': 'Step' })
  slider.addEventListener('input', () => port.seek(slider.valueAsNumber / SLIDER_STEPS))
  const filter = draw('input', { type: 'search', placeholder: 'Filter by key or event', 'aria-label': 'Filter' })
  filter.value = port.filtered
  filter.addEventListener('input', () => port.filter(filter.value))
  const problem = draw('p', { class: 'problem', role: 'alert' })
  const file = draw('input', { type: 'file', accept: 'application/json', 'aria-label': 'Recording to import' })
  file.hidden = true
  const importing = button('Import', () => file.click())
  file.addEventListener('change', () => void readFile())

  async function readFile(): Promise<void> {
    const [chosen] = file.files ?? []
    if (!chosen) return
    file.value = ''
    try {
      port.import(await chosen.text())
      setText(problem, '')
    } catch (error) {
      setText(problem, formatError(error))
    }
  }

  function save(): void {
    const url = URL.createObjectURL(new Blob([port.recording().export()], { type: 'application/json' }))
    const link = draw('a', { href: url, download: 'realtime-coalescer-recording.json' })
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  }

  const element = draw('header', {}, [
    draw('h1', {}, ['Inspector']),
    live,
    draw('div', { class: 'tools' }, [
      pause,
      button('◀', () => port.stepBy(-1), 'One step back'),
      slider,
      button('▶', () => port.stepBy(1), 'One step on'),
      filter,
      button('Export', save),
      importing,
      file,
      button('Clear', () => port.clear()),
    ]),
    problem,
  ])

  return {
    element,
    show({ recording, steps, at, isLive, isImported }) {
      const index = steps.findIndex(({ n }) => n >= at)
      const place = index === -1 ? steps.length : index + 1
      const newer = recording.next - 1 - at
      const states = [
        isLive && `Live, ${steps.length} steps`,
        isImported && `Imported recording, step ${place} of ${steps.length}`,
        !isLive && !isImported && `Paused at step ${place} of ${steps.length}${newer > 0 ? `, ${newer} newer` : ''}`,
      ]
      setText(live, states.find((text) => text !== false) || '')
      setAttribute(live, 'data-live', isLive ? '' : undefined)
      setAttribute(pause, 'data-paused', isLive ? undefined : '')
      setText(pause, isLive ? 'Pause' : 'Live')
      slider.value = String(
        steps.length < 2 ? SLIDER_STEPS : Math.round((SLIDER_STEPS * (place - 1)) / (steps.length - 1)),
      )
    },
    end(message) {
      setText(live, message)
      setAttribute(live, 'data-live', undefined)
    },
  }
}
