import type { AnyStateMachine } from 'xstate'
import { type ChartState, readMachine } from './machineChart.ts'
import { chartToMermaid } from './mermaid.ts'
import { inReadingOrder } from './readingOrder.ts'

/** A drawing of a machine, or of one of its regions. */
export interface Drawing {
  readonly region: string | undefined
  /** What the machine, or the region, is for; in development only. */
  readonly description: string | undefined
  /** What the states say of themselves, by the ids they have in the drawing. */
  readonly descriptions: ReadonlyMap<string, string>
  /** SVG markup. */
  readonly svg: string
}

function* describedStates(states: readonly ChartState[]): Generator<[string, string]> {
  for (const { id, description, children } of states) {
    if (description !== undefined) yield [id, description]
    yield* describedStates(children)
  }
}

const drawings = new WeakMap<AnyStateMachine, Promise<readonly Drawing[]>>()
let last: Promise<unknown> = Promise.resolve()

/**
 * Draws a machine, once for all panels. The diagram library is loaded with the first drawing; without it the promise
 * rejects.
 */
export function renderChart(machine: AnyStateMachine): Promise<readonly Drawing[]> {
  let drawing = drawings.get(machine)
  if (!drawing) {
    // One at a time and when nothing else is to do: a layout takes a tenth of a second.
    drawing = last.then(whenIdle, whenIdle).then(() => draw(machine))
    last = drawing
    drawings.set(machine, drawing)
    drawing.catch(() => drawings.delete(machine))
  }
  return drawing
}

const whenIdle = (): Promise<void> =>
  new Promise((resolve) => {
    const isSupported = typeof requestIdleCallback === 'function'
    if (isSupported) requestIdleCallback(() => resolve(), { timeout: 500 })
    else setTimeout(resolve, 0)
  })

async function draw(machine: AnyStateMachine): Promise<readonly Drawing[]> {
  const { renderMermaidSVG } = await import('beautiful-mermaid')
  const options = { padding: 8, nodeSpacing: 20, layerSpacing: 28, transparent: true }
  const chart = readMachine(machine)
  const descriptions = new Map(describedStates(chart.states))
  const done: Drawing[] = []
  for (const { region, mermaid } of chartToMermaid(chart)) {
    if (done.length > 0) await whenIdle()
    const ordered = inReadingOrder(mermaid)
    const { description } = chart.states.find(({ name }) => name === region) ?? chart
    done.push({ region, description, descriptions, svg: ordered.turnBack(renderMermaidSVG(ordered.mermaid, options)) })
  }
  return done
}
