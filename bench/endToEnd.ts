import { type QueryClient, environmentManager, partialMatchKey } from '@tanstack/react-query'
import ws from 'ws'
import { startBackend } from '../demo/server/backend.ts'
import { type ScenarioName, scenarios } from '../demo/shared/scenarios.ts'
import { mountAll } from '../demo/shared/screen.ts'
import { createSession } from '../demo/shared/session.ts'
import { keysOfTable } from '../demo/shared/tables.ts'
import { until } from '../demo/shared/until.ts'
import { untilReady } from '../demo/shared/untilReady.ts'
import type { Wire } from '../demo/shared/wire.ts'
import type { StrategyName } from '../src/index.ts'
import { Coverage } from './support/coverage.ts'
import { percentile } from './support/measure.ts'
import { report } from './support/results.ts'

environmentManager.setIsServer(() => false)

const strategies = ['debounce', 'batch', 'perKey', 'hybrid', 'direct'] as const satisfies readonly StrategyName[]
/** A lone change needs more than one run for a percentile. */
const runsOf: Record<ScenarioName, number> = { a: 10, b: 10, c: 1, d: 1 }

/** Ages of changes when the first request that started after their arrival has answered, per query on screen. */
function followAges(queryClient: QueryClient, wire: Wire): { readonly ages: number[]; stop(): void } {
  const ages: number[] = []
  const coverage = new Coverage()
  const unsubscribeWire = wire.subscribe(({ table, committedAtMs }) => {
    const keys = keysOfTable[table as keyof typeof keysOfTable] ?? []
    for (const query of queryClient.getQueryCache().getAll()) {
      if (!query.isActive() || !keys.some((key) => partialMatchKey(query.queryKey, key))) continue
      coverage.arrive(query.queryHash, committedAtMs)
    }
  })
  const unsubscribeCache = queryClient.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated') return
    const { queryHash } = event.query
    if (event.action.type === 'fetch') coverage.start(queryHash)
    if (event.action.type !== 'success' || event.action.manual === true) return
    for (const committedAtMs of coverage.answer(queryHash)) ages.push(Date.now() - committedAtMs)
  })
  return {
    ages,
    stop() {
      unsubscribeWire()
      unsubscribeCache()
    },
  }
}

interface Measured {
  readonly changes: number
  readonly requests: number
  readonly ages: readonly number[]
}

const backend = await startBackend()

async function measure(scenario: ScenarioName, strategy: StrategyName): Promise<Measured> {
  const { latencyMs, recording } = scenarios[scenario]
  backend.api.setLatencyMs(0)
  const session = createSession(backend, { strategy, transport: ws as unknown as typeof WebSocket })
  const { coalescer, queryClient, realtime, wire } = session
  const unmount = mountAll(session)
  try {
    realtime.initialize(queryClient)
    await untilReady(session)
    backend.api.setLatencyMs(latencyMs)
    backend.api.resetCounts()
    session.freshness.reset()
    const follower = followAges(queryClient, wire)
    const framesBefore = backend.realtime.stats.frames
    for (let run = 0; run < runsOf[scenario]; run += 1) {
      const changesBefore = wire.changes
      const framesBeforeRun = backend.realtime.stats.frames
      await backend.playStorm({ recorded: recording })
      await backend.realtime.drained()
      const sent = backend.realtime.stats.frames - framesBeforeRun
      await until(() => wire.changes - changesBefore >= sent, 'the last change to arrive')
      await coalescer.settled()
      await until(() => session.freshness.behind === 0 && queryClient.isFetching() === 0, 'the last change to be shown')
    }
    follower.stop()
    const gets = Object.entries(backend.api.counts()).filter(([endpoint]) => endpoint.startsWith('GET '))
    return {
      changes: backend.realtime.stats.frames - framesBefore,
      requests: gets.reduce((total, [, count]) => total + count, 0),
      ages: follower.ages,
    }
  } finally {
    unmount()
    await session.stop()
  }
}

const rows: (string | number)[][] = []
let checkIn = 0
let checkInDirect = 0
try {
  // Before its first storm, Postgres is slower than after it.
  await measure('c', 'debounce')
  for (const scenario of Object.keys(scenarios) as ScenarioName[]) {
    for (const strategy of strategies) {
      const { changes, requests, ages } = await measure(scenario, strategy)
      if (scenario === 'b' && strategy === 'debounce') checkIn = percentile(ages, 0.5)
      if (scenario === 'b' && strategy === 'direct') checkInDirect = percentile(ages, 0.5)
      const runs = runsOf[scenario] > 1 ? `, ${runsOf[scenario]} times` : ''
      rows.push([
        `${scenarios[scenario].title}${runs}`,
        strategy,
        changes,
        requests,
        percentile(ages, 0.5),
        percentile(ages, 0.99),
      ])
    }
  }
} finally {
  await backend.stop()
}

report({
  values: { checkInP50: checkIn, checkInP50Direct: checkInDirect },
  tables: {
    storms: { columns: ['storm', 'strategy', 'changes', 'requests', 'p50 ms to fresh data', 'p99 ms'], rows },
  },
  goals: [],
})
process.disconnect?.()
