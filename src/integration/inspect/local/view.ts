import { AFTERGLOW_MS } from '../../devtools/chart/lights.ts'
import { type ChartsView, createCharts } from './charts.ts'
import { createDraw } from './dom.ts'
import type { Recording, Step } from './recording.ts'
import { type SequenceView, createSequence } from './sequence.ts'
import { addStyles } from './styles.ts'
import { createToolbar } from './toolbar.ts'

/** What the page may ask of its inspector. */
export interface ViewPort {
  recording(): Recording
  /** Whether what is shown was imported, and nothing is added to it. */
  isImported(): boolean
  clear(): void
  /** @throws TypeError for anything but a recording. */
  import(json: string): void
  /** Goes back from an imported recording to what happens now. */
  goLive(): void
}

/** The page of a local inspector. */
export interface View {
  /** Draws what is new, soon. */
  changed(): void
  /** Draws another recording, or one that was cleared. */
  replaced(): void
  end(message: string): void
}

/** A page is drawn at most this often, however busy the feed is. */
const FRAME_MS = 100

/** What a person looks at. It outlives the page, which may be closed and opened again. */
export interface Gaze {
  /** The step that is looked at; without one, what happens now. */
  cursor: number | undefined
  /** While one step is looked at, what comes later is not shown: the page holds still. */
  until: number
  filter: string
}

export const lookAtAll = (): Gaze => ({ cursor: undefined, until: Infinity, filter: '' })

/** Draws the page into an element, and again whenever something has changed. */
export function createView(container: HTMLElement, port: ViewPort, gaze: Gaze): View {
  const draw = createDraw(container.ownerDocument)
  let frame: ReturnType<typeof setTimeout> | undefined
  let fading: ReturnType<typeof setTimeout> | undefined

  const matching = (): readonly Step[] => {
    const wanted = gaze.filter.trim().toLowerCase()
    return port
      .recording()
      .steps.filter((step) => step.n < gaze.until && (wanted === '' || textOf(step).includes(wanted)))
  }
  const look = (n: number | undefined): void => {
    if (n === undefined) gaze.until = Infinity
    else if (gaze.cursor === undefined) gaze.until = port.recording().next
    gaze.cursor = n
    show()
  }
  const stepBy = (by: number): void => {
    const { cursor } = gaze
    const isAtEnd = cursor !== undefined && by > 0 && matching().at(-1)?.n === cursor
    if (isAtEnd) gaze.until = port.recording().next
    const steps = matching()
    const at = cursor === undefined ? steps.length : steps.findIndex(({ n }) => n >= (cursor ?? 0))
    const next = steps[Math.max(0, Math.min(steps.length - 1, at + by))]
    if (next) look(next.n)
  }

  const toolbar = createToolbar(draw, {
    ...port,
    filtered: gaze.filter,
    pause: () => look(port.recording().steps.at(-1)?.n ?? -1),
    resume() {
      if (port.isImported()) port.goLive()
      look(undefined)
    },
    stepBy,
    seek: (share) => look(matching()[Math.round(share * (matching().length - 1))]?.n),
    filter(text) {
      gaze.filter = text
      show()
    },
  })
  const charts: ChartsView = createCharts(draw)
  const sequence: SequenceView = createSequence(draw, { look, stepBy })
  const page = draw('main', { class: 'rtci' }, [toolbar.element, charts.element, sequence.element])
  addStyles(container.ownerDocument)
  container.replaceChildren(page)

  function show(): void {
    clearTimeout(frame)
    clearTimeout(fading)
    frame = undefined
    const recording = port.recording()
    const steps = matching()
    const { cursor, filter } = gaze
    const isLive = cursor === undefined && !port.isImported()
    const last = recording.steps.at(-1)
    const at = cursor ?? last?.n ?? -1
    const nowMs = isLive ? Date.now() : (recording.steps.find(({ n }) => n === at)?.atMs ?? 0)
    charts.show(recording, at, nowMs)
    sequence.show({ recording, steps, cursor, isFiltered: filter.trim() !== '' })
    toolbar.show({ recording, steps, at, isLive, isImported: port.isImported() })
    if (isLive && last && nowMs - last.atMs < AFTERGLOW_MS) fading = setTimeout(show, AFTERGLOW_MS / 4)
  }
  show()

  return {
    changed() {
      // A window that was closed, or has gone to another page, shows nothing of this one.
      if (container.ownerDocument.defaultView) frame ??= setTimeout(show, FRAME_MS)
    },
    replaced() {
      look(undefined)
    },
    end(message) {
      show()
      clearTimeout(fading)
      toolbar.end(message)
    },
  }
}

const texts = new WeakMap<Step, string>()

/** Everything a step tells, as it is searched. */
function textOf(step: Step): string {
  let text = texts.get(step)
  if (text === undefined) {
    text = `${step.label} ${JSON.stringify(step.detail) ?? ''}`.toLowerCase()
    texts.set(step, text)
  }
  return text
}
