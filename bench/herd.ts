import { QueryClient, QueryObserver, environmentManager } from '@tanstack/react-query'
import { createCoalescer } from '../src/index.ts'
import { report, round } from './support/results.ts'
import { Simulation } from './support/simulation.ts'

environmentManager.setIsServer(() => false)

const clientCount = 10_000
const jitterMs = 800
const binMs = 100

interface Herd {
  /** Requests per bin of time since the change. */
  readonly bins: readonly number[]
  readonly requests: number
  readonly lastMs: number
}

/** What reaches the API when every client learns of the same at the same moment. */
async function simulate(
  jitter: number,
  tell: (schedule: (queryKey: readonly string[]) => void) => void,
): Promise<Herd> {
  const simulation = new Simulation()
  simulation.install()
  try {
    const requestsAtMs: number[] = []
    const ends: (() => void)[] = []
    for (let i = 0; i < clientCount; i += 1) {
      const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } })
      for (const name of ['goals', 'dashboard']) {
        queryClient.setQueryData([name], 0)
        const queryFn = (): number => requestsAtMs.push(simulation.nowMs)
        ends.push(new QueryObserver(queryClient, { queryKey: [name], queryFn }).subscribe(() => undefined))
      }
      const coalescer = createCoalescer({ queryClient, jitterMs: jitter })
      simulation.at(0, () => tell((queryKey) => coalescer.scheduleInvalidate(queryKey)))
      ends.push(
        () => coalescer.stop(),
        () => queryClient.clear(),
      )
    }
    await simulation.runUntil(5000)
    for (const end of ends) end()
    const firstMs = Math.min(...requestsAtMs.slice(0, 1))
    const bins: number[] = []
    for (const atMs of requestsAtMs) {
      const bin = Math.floor((atMs - firstMs) / binMs)
      bins[bin] = (bins[bin] ?? 0) + 1
    }
    return { bins, requests: requestsAtMs.length, lastMs: Math.max(...requestsAtMs.slice(-1)) }
  } finally {
    simulation.restore()
  }
}

const change = (schedule: (queryKey: readonly string[]) => void): void => schedule(['goals'])
/** What a feed schedules after a gap: the catch-up keys of all of its tables. */
const reconnect = (schedule: (queryKey: readonly string[]) => void): void => {
  schedule(['goals'])
  schedule(['dashboard'])
}

const rows: (string | number)[][] = []
let worstRatio = 0
let peakWithout = 0
let peakWith = 0
for (const [name, tell] of [
  ['the same change', change],
  ['the same reconnect', reconnect],
] as const) {
  for (const jitter of [0, jitterMs]) {
    const { bins, requests, lastMs } = await simulate(jitter, tell)
    const peak = bins.reduce((most, count) => Math.max(most, count ?? 0), 0)
    const uniform = jitter === 0 ? requests : (requests * binMs) / jitter
    const ratio = round(peak / uniform)
    if (jitter > 0) worstRatio = Math.max(worstRatio, ratio)
    if (name === 'the same change') {
      if (jitter > 0) peakWith = peak
      else peakWithout = peak
    }
    rows.push([
      name,
      jitter,
      requests,
      peak,
      jitter === 0 ? '–' : Math.round(uniform),
      jitter === 0 ? '–' : ratio,
      lastMs,
    ])
  }
}

report({
  values: { peakWithout, peakWith, worstRatio, jitterMs, clients: clientCount },
  tables: {
    herd: {
      columns: [
        '10,000 clients see',
        'jitterMs',
        'requests',
        'peak in 100 ms',
        'uniform in 100 ms',
        'peak ÷ uniform',
        'last request at ms',
      ],
      rows,
    },
  },
  goals: [
    {
      goal: `Peak request rate of 10,000 clients with jitterMs ${jitterMs}, against a uniform spread`,
      target: '≤ 1.2 ×',
      measured: `${worstRatio} ×`,
      met: worstRatio <= 1.2,
    },
  ],
})
