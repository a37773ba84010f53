import { useRun } from '../demo.ts'
import type { Sample } from '../run.ts'
import { Card } from '../ui/Card.tsx'
import { formatMs } from '../ui/format.ts'
import { useWidth } from '../ui/useWidth.ts'

const height = 220
const box = { left: 40, right: 72, top: 12, bottom: 26 }
const minSpanMs = 2000

const series = [
  { id: 'direct', title: 'without', read: (sample: Sample) => sample.direct },
  { id: 'changes', title: 'changes', read: (sample: Sample) => sample.changes },
  { id: 'made', title: 'requests', read: (sample: Sample) => sample.requests },
] as const

/** Changes and requests over time, both summed up. */
export function RunChart() {
  const { samples, switches, requests, direct, changes } = useRun()
  const [width, ref] = useWidth(640)
  const spanMs = Math.max(minSpanMs, samples.at(-1)?.atMs ?? 0)
  const most = niceTop(
    Math.max(1, ...samples.map((sample) => Math.max(sample.direct, sample.requests, sample.changes))),
  )
  const x = (atMs: number) => box.left + (atMs / spanMs) * (width - box.left - box.right)
  const y = (count: number) => height - box.bottom - (count / most) * (height - box.top - box.bottom)
  const labels = spread(
    series.map(({ id, title, read }) => ({ id, title, y: y(samples.length > 0 ? read(samples.at(-1) as Sample) : 0) })),
  )
  const summary = `${changes} changes, ${requests} requests made, ${direct} without the library, in ${formatMs(spanMs)}.`
  return (
    <Card title="Over time" aside={<span className="muted">totals since the run began</span>}>
      <svg ref={ref} className="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summary}>
        {[0, 0.5, 1].map((share) => (
          <g key={share} className="grid">
            <line x1={box.left} x2={width - box.right} y1={y(most * share)} y2={y(most * share)} />
            <text x={box.left - 8} y={y(most * share) + 4} textAnchor="end">
              {most * share}
            </text>
          </g>
        ))}
        {[0, 0.5, 1].map((share) => (
          <text
            key={share}
            className="tick"
            x={x(spanMs * share)}
            y={height - 6}
            textAnchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
          >
            {formatMs(spanMs * share)}
          </text>
        ))}
        {switches.map(({ atMs, strategy }) => (
          <g key={atMs} className="switch-mark">
            <line x1={x(atMs)} x2={x(atMs)} y1={box.top} y2={height - box.bottom} />
            <text x={x(atMs) + 4} y={box.top + 10}>
              {strategy}
            </text>
          </g>
        ))}
        {series.map(({ id, read }) => (
          <polyline
            key={id}
            className={`line ${id}`}
            points={samples.map((sample) => `${x(sample.atMs)},${y(read(sample))}`).join(' ')}
          />
        ))}
        {labels.map(({ id, title, y: labelY }) => (
          <text key={id} className={`line-label ${id}`} x={width - box.right + 8} y={labelY + 4}>
            {title}
          </text>
        ))}
      </svg>
    </Card>
  )
}

/** The next of 2, 4, 6, 8, 10 times a power of ten, so that half of it is whole. */
function niceTop(most: number): number {
  for (let power = 1; ; power *= 10) {
    const top = [2, 4, 6, 8, 10].map((step) => step * power).find((candidate) => candidate >= most)
    if (top !== undefined) return top
  }
}

const labelHeight = 15

/** Moves labels apart that would lie on each other, from the lowest up. */
function spread<Label extends { y: number }>(labels: readonly Label[]): Label[] {
  let ceiling = Infinity
  return [...labels]
    .sort((a, b) => b.y - a.y)
    .map((label) => {
      const y = Math.min(label.y, ceiling - labelHeight)
      ceiling = y
      return { ...label, y }
    })
}
