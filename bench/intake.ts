import { QueryClient, type QueryKey } from '@tanstack/react-query'
import { type Coalescer, type CoalescerOptions, createCoalescer } from '../src/index.ts'
import { fastestOf, nextTask } from './support/measure.ts'
import { type Table, report, round } from './support/results.ts'
import {
  type Collector,
  createDebounce,
  createPacerBatcher,
  createUtilityDebounce,
  createWindow,
} from './support/rivals.ts'

// Long enough that no window ends by itself while a burst is measured.
const waitMs = 60_000

const ours =
  (options: Omit<CoalescerOptions, 'queryClient'>) =>
  (queryClient: QueryClient): Collector => {
    const coalescer: Coalescer = createCoalescer({ queryClient, quietMs: waitMs, maxWaitMs: waitMs, ...options })
    return {
      schedule: (queryKey) => coalescer.scheduleInvalidate(queryKey),
      flush: () => coalescer.send({ type: 'FLUSH' }),
      stop: () => coalescer.stop({ pending: 'drop' }),
    }
  }

const loop = (queryClient: QueryClient) => (queryKeys: readonly QueryKey[]) => {
  for (const queryKey of queryKeys) void queryClient.invalidateQueries({ queryKey })
}

const inspect = (): void => undefined

const variants = {
  'hand-written debounce': (client: QueryClient) => createDebounce({ waitMs, apply: loop(client) }),
  'hand-written debounce, JSON.stringify': (client: QueryClient) =>
    createDebounce({ waitMs, apply: loop(client) }, JSON.stringify),
  'hand-written window': (client: QueryClient) => createWindow({ waitMs, apply: loop(client) }),
  'utility-library debounce': (client: QueryClient) => createUtilityDebounce({ waitMs, apply: loop(client) }),
  'Pacer Batcher behind a map': (client: QueryClient) => createPacerBatcher({ waitMs, apply: loop(client) }),
  debounce: ours({ strategy: 'debounce' }),
  batch: ours({ strategy: 'batch' }),
  perKey: ours({ strategy: 'perKey' }),
  hybrid: ours({ strategy: 'hybrid' }),
  adaptive: ours({ strategy: 'adaptive' }),
  direct: ours({ strategy: 'direct' }),
  'debounce, inspected': ours({ strategy: 'debounce', inspect }),
  'batch, inspected': ours({ strategy: 'batch', inspect }),
  'perKey, inspected': ours({ strategy: 'perKey', inspect }),
  'hybrid, inspected': ours({ strategy: 'hybrid', inspect }),
  'adaptive, inspected': ours({ strategy: 'adaptive', inspect }),
}
type Variant = keyof typeof variants
const variantNames = Object.keys(variants) as Variant[]
const strategies = ['debounce', 'batch', 'perKey', 'hybrid', 'adaptive'] as const

/** Fast enough to be measured at every size. */
const light = variantNames.filter((name) => name !== 'direct' && !name.endsWith('inspected'))
const heavy = variantNames.filter((name) => !light.includes(name))
type Measured = Readonly<Partial<Record<Variant, number>>>
type Round = (collector: Collector) => number | Promise<number>

/** The fastest round of each variant in nanoseconds per event. */
async function measure(roundOf: Round, rounds: number, withHeavy: boolean): Promise<Measured> {
  const fastest: Partial<Record<Variant, number>> = {}
  for (const names of withHeavy ? [light, heavy] : [light]) {
    const collectors = names.map((name) => [name, variants[name](new QueryClient())] as const)
    const cells = collectors.map(([name, collector]) => [name, () => roundOf(collector)])
    Object.assign(fastest, await fastestOf(Object.fromEntries(cells), names === light ? rounds : 3))
    for (const [, collector] of collectors) collector.stop()
  }
  return fastest
}

const createKeys = (count: number): QueryKey[] =>
  Array.from({ length: count }, (_, i) => ['todos', i, { page: i % 7, filter: 'open' }])

/** A burst in one turn: the calls alone, or with the flush that ends the burst. */
function measureBursts(events: number, distinct: number, withFlush: boolean): Promise<Measured> {
  const keys = createKeys(distinct)
  const bursts = Math.max(1, Math.round(2000 / events))
  return measure(
    async (collector) => {
      let spentMs = 0
      for (let burst = 0; burst < bursts; burst += 1) {
        const first = (burst * events) % distinct
        const startedAt = performance.now()
        for (let i = 0; i < events; i += 1) collector.schedule(keys[(first + i) % distinct]!)
        if (withFlush) collector.flush()
        spentMs += performance.now() - startedAt
        if (!withFlush) collector.flush()
      }
      await nextTask()
      return (spentMs * 1e6) / (bursts * events)
    },
    events >= 100_000 ? 3 : 20,
    events < 100_000,
  )
}

/** Each event in a task of its own, as sockets deliver them. */
function measureTasks(events: number, distinct: number): Promise<Measured> {
  const keys = createKeys(distinct)
  return measure(
    async (collector) => {
      let spentMs = 0
      for (let i = 0; i < events; i += 1) {
        await nextTask()
        const startedAt = performance.now()
        collector.schedule(keys[i % distinct]!)
        spentMs += performance.now() - startedAt
      }
      collector.flush()
      return (spentMs * 1e6) / events
    },
    20,
    true,
  )
}

const sizes = [
  [10, 10],
  [10, 1000],
  [20, 1000],
  [1000, 10],
  [1000, 1000],
  [100_000, 10],
  [100_000, 1000],
] as const
const label = ([events, distinct]: readonly [number, number]): string =>
  `${events.toLocaleString('en-US')} over ${distinct.toLocaleString('en-US')}`

const calls: Measured[] = []
const bursts: Measured[] = []
for (const [events, distinct] of sizes) {
  calls.push(await measureBursts(events, distinct, false))
  bursts.push(await measureBursts(events, distinct, true))
}
const tasks = await measureTasks(1000, 10)
const lone = await measureBursts(1, 1, true)

const table = (columns: readonly string[], measured: readonly Measured[]): Table => ({
  columns: ['ns per event', ...columns],
  rows: variantNames.map((name) => [name, ...measured.map((one) => (one[name] ? round(one[name]) : '–'))]),
})
const baseline = 'hand-written debounce'
const ratio = (measured: Measured, name: Variant): number => (measured[name] ?? 0) / (measured[baseline] ?? 0)
const worst = (measured: readonly Measured[], names: readonly Variant[]): number =>
  round(Math.max(...measured.flatMap((one) => names.map((name) => ratio(one, name)))))

/** From so many events on, what opens the window is shared by enough. */
const manyEvents = 20
const callsOfMany = calls.filter((_, index) => (sizes[index]?.[0] ?? 0) >= manyEvents)

const values = {
  worstBurstRatio: worst(calls, ['debounce']),
  worstBurstRatioAnyStrategy: worst(calls, strategies),
  worstBurstRatioFrom20: worst(callsOfMany, strategies),
  worstBurstWithFlushRatio: worst(bursts, ['debounce']),
  taskRatio: worst([tasks], ['debounce']),
  taskRatioAnyStrategy: worst([tasks], strategies),
  loneEventMicroseconds: round((lone.debounce ?? 0) / 1000),
  loneEventMicrosecondsByHand: round((lone[baseline] ?? 0) / 1000),
}
report({
  values,
  tables: {
    calls: table(sizes.map(label), calls),
    bursts: table(sizes.map(label), bursts),
    tasks: table(['one event per task', 'a lone event, flush included'], [tasks, lone]),
  },
  goals: [
    {
      goal: 'Intake of a burst, worst of all sizes and strategies, against a hand-written debounce',
      target: '≤ 1 ×',
      measured: `${values.worstBurstRatioAnyStrategy} ×`,
      met: values.worstBurstRatioAnyStrategy <= 1,
    },
    {
      goal: `Intake of a burst of ${manyEvents} events and more, worst of all sizes and strategies, against a hand-written debounce`,
      target: '≤ 1 ×',
      measured: `${values.worstBurstRatioFrom20} ×`,
      met: values.worstBurstRatioFrom20 <= 1,
    },
    {
      goal: 'One event per task, worst strategy, against a hand-written debounce',
      target: '≤ 2 ×',
      measured: `${values.taskRatioAnyStrategy} ×`,
      met: values.taskRatioAnyStrategy <= 2,
    },
  ],
})
