import { type PolicyName, isOwn, policyNames } from './policies.ts'
import type { Outcome } from './replay.ts'

export interface Panel {
  readonly title: string
  /** The fewest requests. */
  readonly optimum: number
  /** What could be done by one who knows the future. */
  readonly best: readonly { readonly requests: number; readonly meanMs: number }[]
  readonly outcomes: Readonly<Record<PolicyName, Outcome>>
}

const panelWidth = 330
const panelHeight = 230
const margin = { left: 58, right: 16, top: 34, bottom: 42 }
const columns = 2
const legendHeight = 136
const titleHeight = 36
const colours = [
  '#f2a900',
  '#08453a',
  '#0b7a5b',
  '#2aa876',
  '#6cc9a1',
  '#8fb339',
  '#c9d94f',
  '#c1121f',
  '#e56b6f',
  '#1d4e89',
  '#4f86c6',
  '#7a5195',
  '#b08968',
]

const escape = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')

/** Circles for the coalescer's strategies, squares for the rest. */
function marker(name: PolicyName, x: number, y: number): string {
  const colour = colours[policyNames.indexOf(name)] ?? '#000'
  const at = (value: number): string => value.toFixed(1)
  return isOwn(name)
    ? `<circle cx="${at(x)}" cy="${at(y)}" r="7" fill="${colour}" stroke="#fff"><title>${escape(name)}</title></circle>`
    : `<rect x="${at(x - 4)}" y="${at(y - 4)}" width="8" height="8" fill="${colour}" stroke="#fff"><title>${escape(name)}</title></rect>`
}

/** Powers of ten within a range, with steps between where there is room. */
function ticks(from: number, to: number): number[] {
  const found: number[] = []
  for (let power = 1; power <= to; power *= 10) {
    const steps = to / from > 500 ? [power] : [power, 2 * power, 5 * power]
    for (const tick of steps) if (tick >= from && tick <= to) found.push(tick)
  }
  return found
}

/** A logarithmic scale from values to pixels. */
function logScale(values: readonly number[], fromPixel: number, toPixel: number) {
  const low = Math.max(0.8, Math.min(...values) / 1.4)
  const high = Math.max(...values) * 1.4
  const span = Math.log(high / low)
  return {
    low,
    high,
    pixel: (value: number): number => fromPixel + ((toPixel - fromPixel) * Math.log(value / low)) / span,
  }
}

function drawPanel({ title, optimum, best, outcomes }: Panel, left: number, top: number): string {
  const all = policyNames.map((name) => outcomes[name])
  const bottomPixel = top + panelHeight - margin.bottom
  const topPixel = top + margin.top
  const x = logScale(
    [optimum, ...[...all, ...best].map(({ requests }) => requests)],
    left + margin.left,
    left + panelWidth - margin.right,
  )
  const finite = [...all, ...best].map(({ meanMs }) => meanMs).filter(Number.isFinite)
  const y = logScale(finite, bottomPixel, topPixel + 14)
  const grid = [
    ...ticks(x.low, x.high).map(
      (tick) =>
        `<line x1="${x.pixel(tick).toFixed(1)}" x2="${x.pixel(tick).toFixed(1)}" y1="${topPixel}" y2="${bottomPixel}" stroke="#ddd"/>` +
        `<text x="${x.pixel(tick).toFixed(1)}" y="${bottomPixel + 14}" text-anchor="middle">${tick}</text>`,
    ),
    ...ticks(y.low, y.high).map(
      (tick) =>
        `<line x1="${left + margin.left}" x2="${left + panelWidth - margin.right}" y1="${y.pixel(tick).toFixed(1)}" y2="${y.pixel(tick).toFixed(1)}" stroke="#ddd"/>` +
        `<text x="${left + margin.left - 6}" y="${(y.pixel(tick) + 4).toFixed(1)}" text-anchor="end">${tick}</text>`,
    ),
  ]
  const fewest = x.pixel(optimum).toFixed(1)
  const curve = best.map(({ requests, meanMs }) => `${x.pixel(requests).toFixed(1)},${y.pixel(meanMs).toFixed(1)}`)
  return [
    `<text x="${left + margin.left}" y="${top + 20}" font-weight="bold">${escape(title)}</text>`,
    ...grid,
    `<line x1="${fewest}" x2="${fewest}" y1="${topPixel}" y2="${bottomPixel}" stroke="#0b6e4f" stroke-dasharray="5 4"/>`,
    `<polyline points="${curve.join(' ')}" fill="none" stroke="#0b6e4f" stroke-width="1.5"/>`,
    // The smaller squares of the rivals come last, so that neither hides the other.
    ...policyNames.map((name) => {
      const { requests, meanMs } = outcomes[name]
      return marker(name, x.pixel(requests), Number.isFinite(meanMs) ? y.pixel(meanMs) : topPixel)
    }),
    `<text x="${left + panelWidth / 2}" y="${bottomPixel + 32}" text-anchor="middle" fill="#666">requests</text>`,
    `<text transform="translate(${left + 14} ${top + panelHeight / 2}) rotate(-90)" text-anchor="middle" fill="#666">mean staleness, ms</text>`,
  ].join('\n')
}

/** One panel per trace: the further down and left, the better. */
export function drawPlot(panels: readonly Panel[], title: string): string {
  const rows = Math.ceil(panels.length / columns)
  const width = panelWidth * columns
  const height = titleHeight + rows * panelHeight + legendHeight
  const legendTop = titleHeight + rows * panelHeight + 16
  const legend = policyNames.map((name, index) => {
    const left = 30 + (index % 3) * 215
    const top = legendTop + Math.floor(index / 3) * 20
    return `${marker(name, left, top)}<text x="${left + 12}" y="${top + 4}">${escape(name)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11" role="img" aria-label="${escape(title)}">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${width / 2}" y="24" text-anchor="middle" font-size="14">${escape(title)}</text>
${panels.map((panel, index) => drawPanel(panel, (index % columns) * panelWidth, titleHeight + Math.floor(index / columns) * panelHeight)).join('\n')}
${legend.join('\n')}
<text x="24" y="${legendTop + 108}" fill="#666">dashed: the fewest requests · line: the best that one who knows the future could do · at the top edge: some change is never shown</text>
</svg>
`
}
