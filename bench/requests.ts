import { environmentManager } from '@tanstack/react-query'
import { fewestAt, optimumCurve } from './support/optimum.ts'
import { changesByQuery } from './support/outcome.ts'
import { drawPlot } from './support/plot.ts'
import { type PolicyName, isOwn, maxWaitMs, ownNames, policies, policyNames } from './support/policies.ts'
import { type Outcome, optimumOf, replay } from './support/replay.ts'
import { type Table, report, round } from './support/results.ts'
import { type Trace, traces } from './support/traces.ts'

environmentManager.setIsServer(() => false)

const latenciesMs = [100, 400, 1500]
/** The latency shown in the plot. */
const plottedLatencyMs = 400

interface Cell {
  readonly trace: Trace
  readonly latencyMs: number
  readonly optimum: number
  readonly outcomes: Record<PolicyName, Outcome>
}

const cells: Cell[] = []
for (const trace of traces) {
  for (const latencyMs of latenciesMs) {
    const outcomes = {} as Record<PolicyName, Outcome>
    for (const name of policyNames) outcomes[name] = await replay(trace, policies[name], latencyMs)
    cells.push({ trace, latencyMs, optimum: optimumOf(trace, latencyMs), outcomes })
  }
}

/** Whether one outcome is at least as good on both axes and better on one. */
function beats(a: Outcome, b: Outcome, axis: 'worstMs' | 'meanMs'): boolean {
  return a.requests <= b.requests && a[axis] <= b[axis] && (a.requests < b.requests || a[axis] < b[axis])
}

const rivals = policyNames.filter((name) => !isOwn(name))
const defeatsOf = (ownName: PolicyName) =>
  cells.flatMap(({ trace, latencyMs, outcomes }) =>
    rivals.flatMap((rival) =>
      (['worstMs', 'meanMs'] as const)
        .filter((axis) => beats(outcomes[rival], outcomes[ownName], axis))
        .map((axis) => ({ trace: trace.name, latencyMs, rival, axis })),
    ),
  )
const countDefeats = (ownName: PolicyName): number =>
  new Set(defeatsOf(ownName).map(({ trace, latencyMs }) => `${trace} ${latencyMs}`)).size
const isBeaten = (cell: Cell, ownName: PolicyName): boolean =>
  rivals.some((rival) => beats(cell.outcomes[rival], cell.outcomes[ownName], 'worstMs'))

const lost = cells.filter((cell) => ownNames.every((name) => isBeaten(cell, name)))

const show = (ms: number): number | string => (Number.isFinite(ms) ? Math.round(ms) : '∞')
const tableOf = (column: string, pick: (cell: Cell, name: PolicyName) => number | string, optimum: boolean): Table => ({
  columns: [column, 'latency ms', ...(optimum ? ['optimum'] : []), ...policyNames],
  rows: cells.map((cell) => [
    cell.trace.name,
    cell.latencyMs,
    ...(optimum ? [cell.optimum] : []),
    ...policyNames.map((name) => pick(cell, name)),
  ]),
})

const excess = (kind: Trace['kind'], name: PolicyName): number =>
  round(
    Math.max(
      ...cells.filter(({ trace }) => trace.kind === kind).map((cell) => cell.outcomes[name].requests / cell.optimum),
    ),
  )
const total = (name: PolicyName): number => cells.reduce((sum, cell) => sum + cell.outcomes[name].requests, 0)
/** Requests of each case as a multiple of the fewest that can be as fresh. */
const overOptimum = (name: PolicyName): number[] =>
  cells.map(({ trace, latencyMs, outcomes }) => {
    const changes = changesByQuery(trace)
    const { requests, meanMs } = outcomes[name]
    const count = changes.reduce((sum, { length }) => sum + length, 0)
    return requests / fewestAt(changes, { maxWaitMs, latencyMs }, meanMs * count)
  })
const geometricMean = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
const checkIn = cells.find((cell) => cell.trace.name.startsWith('check-in') && cell.latencyMs === plottedLatencyMs)
const steady = cells.find((cell) => cell.trace.name.includes('60 ms') && cell.latencyMs === 100)

const values = {
  traces: cells.length,
  burstExcess: excess('burst', 'debounce'),
  steadyExcess: excess('steady', 'debounce'),
  burstExcessAdaptive: excess('burst', 'adaptive'),
  steadyExcessAdaptive: excess('steady', 'adaptive'),
  defeats: countDefeats('debounce'),
  defeatsAdaptive: countDefeats('adaptive'),
  beatenInEverySetting: lost.length,
  requestsAdaptive: total('adaptive'),
  requestsDebounce: total('debounce'),
  requestsDirect: total('direct (invalidateQueries)'),
  requestsOptimum: cells.reduce((sum, cell) => sum + cell.optimum, 0),
  timesFewer: round(total('direct (invalidateQueries)') / total('debounce')),
  checkInRequests: checkIn?.outcomes.debounce.requests ?? 0,
  checkInRequestsDirect: checkIn?.outcomes['direct (invalidateQueries)'].requests ?? 0,
  steadyWorstMs: Math.round(steady?.outcomes.debounce.worstMs ?? 0),
  steadyWorstMsByHand: Math.round(steady?.outcomes['hand-written debounce'].worstMs ?? 0),
  steadyWorstMsDirect: Math.round(steady?.outcomes['direct (invalidateQueries)'].worstMs ?? 0),
}
report({
  values,
  tables: {
    requests: tableOf('requests', ({ outcomes }, name) => outcomes[name].requests, true),
    worst: tableOf('worst ms to the screen', ({ outcomes }, name) => show(outcomes[name].worstMs), false),
    mean: tableOf('mean ms to the screen', ({ outcomes }, name) => show(outcomes[name].meanMs), false),
    beaten: {
      columns: [
        'strategy',
        'requests in all',
        'cases beaten on requests and worst staleness at once',
        'on requests and worst or mean',
        'requests ÷ fewest as fresh, geometric mean',
        'worst',
      ],
      rows: ownNames.map((name) => {
        const ratios = overOptimum(name)
        return [
          name,
          total(name),
          cells.filter((cell) => isBeaten(cell, name)).length,
          countDefeats(name),
          round(geometricMean(ratios)),
          round(Math.max(...ratios)),
        ]
      }),
    },
    defeats: {
      columns: ['trace', 'latency ms', 'by', 'on requests and'],
      rows: defeatsOf('debounce').map(({ trace, latencyMs, rival, axis }) => [
        trace,
        latencyMs,
        rival,
        axis === 'worstMs' ? 'worst staleness' : 'mean staleness',
      ]),
    },
  },
  goals: [
    {
      goal: 'Requests on bursts, worst trace and latency, against the optimum',
      target: '1 ×',
      measured: `${values.burstExcess} ×`,
      met: values.burstExcess <= 1,
    },
    {
      goal: 'Requests on steady streams, worst trace and latency, against the optimum',
      target: '1 ×',
      measured: `${values.steadyExcess} ×`,
      met: values.steadyExcess <= 1,
    },
    {
      goal: 'Traces and latencies at which a rival beats `debounce` on both axes',
      target: '0',
      measured: `${values.defeats} of ${values.traces}`,
      met: values.defeats === 0,
    },
    {
      goal: 'Traces and latencies at which a rival beats `adaptive` on both axes',
      target: '0',
      measured: `${values.defeatsAdaptive} of ${values.traces}`,
      met: values.defeatsAdaptive === 0,
    },
    {
      goal: 'Requests of `adaptive` over all traces and latencies',
      target: '≤ 1,000',
      measured: String(values.requestsAdaptive),
      met: values.requestsAdaptive <= 1000,
    },
    {
      goal: 'Requests of `adaptive` on bursts, worst trace and latency, against the optimum',
      target: '1 ×',
      measured: `${values.burstExcessAdaptive} ×`,
      met: values.burstExcessAdaptive <= 1,
    },
    {
      goal: 'Requests of `adaptive` on steady streams, worst trace and latency, against the optimum',
      target: '≤ 1.15 ×',
      measured: `${values.steadyExcessAdaptive} ×`,
      met: values.steadyExcessAdaptive <= 1.15,
    },
    {
      goal: 'Traces and latencies at which a rival beats every setting of the coalescer on both axes',
      target: '0',
      measured: `${values.beatenInEverySetting} of ${values.traces}`,
      met: values.beatenInEverySetting === 0,
    },
  ],
  files: {
    'docs/requests-against-staleness.svg': drawPlot(
      cells
        .filter((cell) => cell.latencyMs === plottedLatencyMs)
        .map(({ trace, latencyMs, optimum, outcomes }) => {
          const changes = changesByQuery(trace)
          const count = changes.reduce((sum, { length }) => sum + length, 0)
          const curve = optimumCurve(changes, { maxWaitMs, latencyMs })
          const best = curve.map(({ requests, delayMs }) => ({ requests, meanMs: delayMs / count }))
          return { title: trace.name, optimum, best, outcomes }
        }),
      `Requests against mean staleness, requests that take ${plottedLatencyMs} ms`,
    ),
  },
})
