import type { AnyStateMachine } from 'xstate'
import { machineToMermaid } from './mermaid.ts'

const drawings = new WeakMap<AnyStateMachine, Promise<string>>()
let drawn = 0
let last: Promise<unknown> = Promise.resolve()

/**
 * Draws a machine as SVG markup, once for all panels. The diagram library is loaded with the first drawing; without it
 * the promise rejects.
 */
export function renderChart(machine: AnyStateMachine): Promise<string> {
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

async function draw(machine: AnyStateMachine): Promise<string> {
  const { renderMermaidSVG } = await import('beautiful-mermaid')
  const options = { padding: 8, nodeSpacing: 20, layerSpacing: 28, transparent: true }
  const drawings: string[] = []
  for (const { region, mermaid } of machineToMermaid(machine)) {
    if (drawings.length > 0) await whenIdle()
    drawn += 1
    const svg = embed(renderMermaidSVG(mermaid, options), `rtc-${drawn}`)
    drawings.push(`<div class="rtc-region">${region === undefined ? '' : `<p>${region}</p>`}${svg}</div>`)
  }
  return drawings.join('')
}

/** Makes a drawing fit to stand in a page: it loads no font, styles nothing else, and shares no ids. */
function embed(svg: string, prefix: string): string {
  return svg
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/^(<svg[^>]*? width="([\d.]+)"[^>]*?) style="[^"]*"/, '$1 style="--rtc-width: $2px" aria-hidden="true"')
    .replaceAll(/id="(arrowhead[\w-]*)"/g, `id="${prefix}-$1"`)
    .replaceAll(/url\(#(arrowhead[\w-]*)\)/g, `url(#${prefix}-$1)`)
}
