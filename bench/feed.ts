import { QueryClient, QueryObserver, environmentManager } from '@tanstack/react-query'
import { createClient } from '@supabase/supabase-js'
import ws from 'ws'
import { startBackend } from '../demo/server/backend.ts'
import { until } from '../demo/shared/until.ts'
import { type CoalescerOptions, createCoalescer } from '../src/index.ts'
import { broadcastSql } from '../src/sql.ts'
import { createRealtimeService } from '../src/supabase.ts'
import { createRandom, percentile } from './support/measure.ts'
import { report, round } from './support/results.ts'

environmentManager.setIsServer(() => false)

const rowCount = 2_000
const rounds = 7
/** Time the API takes for the rows of the screen. */
const latencyMs = 40
/** How often the real server looks for changes. */
const pollIntervalMs = 500

interface Way {
  readonly feed: string
  /** The table of the way. */
  readonly table: string
  readonly topic?: string
}

const ways = {
  changes: { feed: `postgres_changes, polled every ${pollIntervalMs} ms`, table: 'bulk' },
  rows: { feed: 'broadcast, a message for each row', table: 'bulk_rows', topic: 'rows' },
  signals: { feed: 'broadcast, a message for each statement', table: 'bulk', topic: 'statements' },
} as const satisfies Record<string, Way>

type WayName = keyof typeof ways

const strategies = {
  debounce: { strategy: 'debounce' },
  'debounce, leading': { strategy: 'debounce', leading: true },
  direct: { strategy: 'direct' },
} as const satisfies Record<string, Partial<CoalescerOptions>>

type StrategyName = keyof typeof strategies

interface Measured {
  readonly messages: number
  readonly flushes: number
  readonly requests: number
  readonly statementMs: number
  readonly screenMs: number
}

const backend = await startBackend({ timing: { pollIntervalMs } })
const random = createRandom(14)
let batch = 0

async function prepare(): Promise<void> {
  await backend.db.exec(`
    create table bulk (id int primary key, batch int not null);
    create table bulk_rows (id int primary key, batch int not null);
    insert into bulk select n, 0 from generate_series(1, ${rowCount}) n;
    insert into bulk_rows select n, 0 from generate_series(1, ${rowCount}) n;
    alter publication supabase_realtime add table bulk;
  `)
  await backend.db.exec(broadcastSql({ tables: ['bulk'], topic: 'statements' }))
  await backend.db.exec(broadcastSql({ tables: ['bulk_rows'], send: 'rows', topic: 'rows' }))
  await backend.realtime.drained()
}

/** One statement that writes all rows, from its commit to a mounted query that shows all of them. */
async function measure({ table, topic }: Way, options: Partial<CoalescerOptions>): Promise<Measured> {
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } })
  const coalescer = createCoalescer({ queryClient, ...options })
  const supabase = createClient(backend.supabaseUrl, backend.anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: ws as unknown as typeof WebSocket },
  })
  await supabase.realtime.setAuth(backend.signToken({ sub: '11111111-1111-1111-1111-111111111111' }))
  const realtime = createRealtimeService({
    supabase,
    coalescer,
    channel: 'db',
    ...(topic && { broadcast: { topic } }),
    tables: { [table]: { keys: () => [[table]] } },
    firstCatchUp: 'off',
  })
  let requests = 0
  const queryFn = async (): Promise<number> => {
    requests += 1
    const [row] = await backend.db.query<{ shown: number }>(`select min(batch) as shown from ${table}`)
    await new Promise((resolve) => setTimeout(resolve, latencyMs))
    return row?.shown ?? -1
  }
  const observer = new QueryObserver(queryClient, { queryKey: [table], queryFn })
  let shownAtMs = 0
  const unmount = observer.subscribe(({ data }) => {
    if (data === batch && shownAtMs === 0) shownAtMs = performance.now()
  })
  try {
    realtime.initialize(queryClient)
    await until(() => realtime.getStatus() === 'live' && queryClient.isFetching() === 0, 'the feed and the first data')
    await coalescer.settled()
    // Where in its interval a poll meets the commit is left to chance.
    await new Promise((resolve) => setTimeout(resolve, random() * pollIntervalMs))
    const { stats } = backend.realtime
    const sentBefore = stats.frames + stats.messages
    const flushesBefore = coalescer.getSnapshot().stats.flushes
    const eventsBefore = coalescer.getSnapshot().stats.eventsReceived
    requests = 0
    shownAtMs = 0
    batch += 1
    const startedAtMs = performance.now()
    await backend.db.query(`update ${table} set batch = ${batch}`)
    const committedAtMs = performance.now()
    await backend.realtime.drained()
    const sent = () => backend.realtime.stats.frames + backend.realtime.stats.messages - sentBefore
    const received = () => coalescer.getSnapshot().stats.eventsReceived - eventsBefore
    await until(() => shownAtMs > 0 && received() >= sent(), 'the rows on the screen, and the last message')
    await coalescer.settled()
    return {
      messages: sent(),
      flushes: coalescer.getSnapshot().stats.flushes - flushesBefore,
      requests,
      statementMs: committedAtMs - startedAtMs,
      screenMs: shownAtMs - committedAtMs,
    }
  } finally {
    unmount()
    realtime.stop()
    coalescer.stop({ pending: 'drop' })
    queryClient.clear()
    await supabase.removeAllChannels()
    await supabase.realtime.disconnect()
  }
}

const wayNames = Object.keys(ways) as WayName[]
const strategyNames = Object.keys(strategies) as StrategyName[]
const cases = strategyNames.flatMap((strategy) =>
  wayNames.map((way) => ({ strategy, way, measured: [] as Measured[] })),
)

try {
  await prepare()
  // Before its first statement, Postgres is slower than after it.
  for (const way of wayNames) await measure(ways[way], strategies.debounce)
  for (let done = 0; done < rounds; done += 1) {
    for (const { strategy, way, measured } of cases) measured.push(await measure(ways[way], strategies[strategy]))
  }
} finally {
  await backend.stop()
}

const median = (all: readonly Measured[], figure: keyof Measured): number =>
  percentile(
    all.map((one) => one[figure]),
    0.5,
  )
const medianOf = (strategy: StrategyName, way: WayName, figure: keyof Measured): number =>
  median(cases.find((one) => one.strategy === strategy && one.way === way)?.measured ?? [], figure)

const counts = (['messages', 'flushes', 'requests'] as const).map((figure) =>
  Math.max(
    ...(cases.find((one) => one.strategy === 'debounce' && one.way === 'signals')?.measured ?? []).map(
      (one) => one[figure],
    ),
  ),
)
const ratio = round(medianOf('debounce', 'signals', 'screenMs') / medianOf('debounce', 'changes', 'screenMs'))

report({
  values: {
    signalMs: medianOf('debounce', 'signals', 'screenMs'),
    changesMs: medianOf('debounce', 'changes', 'screenMs'),
    ratio,
    leadingSignalMs: medianOf('debounce, leading', 'signals', 'screenMs'),
    changesMessages: medianOf('debounce', 'changes', 'messages'),
  },
  tables: {
    statement: {
      columns: [
        'strategy',
        'feed',
        'messages',
        'flushes',
        'requests',
        'statement ms',
        'p50 ms from commit to screen',
        'p90 ms',
        'to postgres_changes',
      ],
      rows: cases.map(({ strategy, way, measured }) => [
        strategy,
        ways[way].feed,
        median(measured, 'messages'),
        median(measured, 'flushes'),
        median(measured, 'requests'),
        median(measured, 'statementMs'),
        median(measured, 'screenMs'),
        percentile(
          measured.map(({ screenMs }) => screenMs),
          0.9,
        ),
        round(median(measured, 'screenMs') / medianOf(strategy, 'changes', 'screenMs')),
      ]),
    },
  },
  goals: [
    {
      goal: '2,000 rows told by statement: most messages, flushes and requests of any round',
      target: '1, 1, 1',
      measured: counts.join(', '),
      met: counts.every((count) => count === 1),
    },
    {
      goal: '2,000 rows told by statement: from commit to screen, against `postgres_changes` in one run',
      target: '≤ 0.75 ×',
      measured: `${ratio} ×`,
      met: ratio <= 0.75,
    },
  ],
})
process.disconnect?.()
