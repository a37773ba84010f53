import {
  type Query,
  QueryClient,
  type QueryKey,
  QueryObserver,
  environmentManager,
  notifyManager,
} from '@tanstack/react-query'
import { createCoalescer } from '../src/index.ts'
import { nextTask, timed } from './support/measure.ts'
import { type Table, report, round } from './support/results.ts'

environmentManager.setIsServer(() => false)

type KeyKind = 'prefix' | 'exact' | 'object'

const queryKeyOf: Record<KeyKind, (i: number) => QueryKey> = {
  prefix: (i) => ['items', i, { page: 1 }],
  exact: (i) => ['items', i, { page: 1 }],
  object: (i) => ['items', { id: i, page: 1, filter: 'open' }],
}
const pendingKeyOf: Record<KeyKind, (i: number) => QueryKey> = {
  prefix: (i) => ['items', i],
  exact: (i) => ['items', i, { page: 1 }],
  object: (i) => ['items', { id: i }],
}

interface World {
  readonly client: QueryClient
  readonly pending: readonly QueryKey[]
  /** The queries that the pending keys match. */
  readonly wanted: ReadonlySet<Query>
  requests: number
  answer(): Promise<void>
  close(): void
}

/** Mounted queries with fresh data, and pending keys that match one query each, spread over the cache. */
function createWorld(kind: KeyKind, queryCount: number, keyCount: number): World {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } })
  let waiting: (() => void)[] = []
  const matched = Array.from({ length: keyCount }, (_, i) => Math.floor((i * queryCount) / keyCount))
  const world = {
    client,
    requests: 0,
    pending: matched.map(pendingKeyOf[kind]),
    /** Lets every request answer, until none is left. */
    async answer() {
      do {
        const ready = waiting
        waiting = []
        for (const done of ready) done()
        await nextTask()
        await nextTask()
      } while (waiting.length > 0)
    },
  }
  const unsubscribes: (() => void)[] = []
  for (let i = 0; i < queryCount; i += 1) {
    const queryKey = queryKeyOf[kind](i)
    client.setQueryData(queryKey, 0)
    const queryFn = () => {
      world.requests += 1
      return new Promise<number>((resolve) => waiting.push(() => resolve(world.requests)))
    }
    unsubscribes.push(new QueryObserver(client, { queryKey, queryFn }).subscribe(() => undefined))
  }
  const queries = client.getQueryCache().getAll()
  return Object.assign(world, {
    wanted: new Set(matched.map((index) => queries[index]!)),
    close() {
      for (const unsubscribe of unsubscribes) unsubscribe()
      client.clear()
    },
  })
}

interface Measured {
  readonly ms: number
  readonly requests: number
}
type Variant = (world: World, kind: KeyKind) => (() => number | Promise<number>) & { stop?: () => void }

const exactOf = (kind: KeyKind): boolean => kind === 'exact'

const variants = {
  floor: ({ client, wanted }) => {
    return () =>
      timed(() => {
        notifyManager.batch(() => {
          for (const query of client.getQueryCache().getAll()) if (wanted.has(query)) void query.fetch()
        })
      })
  },
  'floor, marking stale first': ({ client, wanted }) => {
    return () =>
      timed(() => {
        notifyManager.batch(() => {
          for (const query of client.getQueryCache().getAll()) {
            if (!wanted.has(query)) continue
            query.invalidate()
            void query.fetch()
          }
        })
      })
  },
  debounce: ({ client, pending }, kind) => {
    const coalescer = createCoalescer({ queryClient: client, quietMs: 60_000, maxWaitMs: 60_000 })
    const run = (): number => {
      for (const queryKey of pending) coalescer.scheduleInvalidate(queryKey, { exact: exactOf(kind) })
      return timed(() => coalescer.send({ type: 'FLUSH' }))
    }
    return Object.assign(run, { stop: () => coalescer.stop() })
  },
  'invalidateQueries per key, cancelRefetch: false': ({ client, pending }, kind) => {
    return () =>
      timed(() => {
        for (const queryKey of pending) {
          void client.invalidateQueries({ queryKey, exact: exactOf(kind) }, { cancelRefetch: false })
        }
      })
  },
  'invalidateQueries + refetchQueries per key': ({ client, pending }, kind) => {
    return () =>
      timed(() => {
        for (const queryKey of pending) {
          void client.invalidateQueries({ queryKey, exact: exactOf(kind) })
          void client.refetchQueries({ queryKey, exact: exactOf(kind), type: 'active' })
        }
      })
  },
} satisfies Record<string, Variant>
type Name = keyof typeof variants
const names = Object.keys(variants) as Name[]

/** Runs the variants in turns over one world; the loops only where a round takes seconds, not minutes. */
async function measureCell(
  kind: KeyKind,
  queryCount: number,
  keyCount: number,
): Promise<Partial<Record<Name, Measured>>> {
  const world = createWorld(kind, queryCount, keyCount)
  const pairs = queryCount * keyCount
  const cell: Partial<Record<Name, Measured>> = {}
  // What takes a millisecond needs more turns until the compiler and the garbage collector leave one alone.
  const turns = Math.max(4, Math.ceil(40_000 / queryCount))
  for (let block = 0; block < 3; block += 1) {
    for (const name of names) {
      const isLoop = name.includes('per key')
      if (isLoop && block > 0 && pairs > 100_000) continue
      if (isLoop && (pairs > 10_000_000 || (kind === 'exact' && pairs > 100_000))) continue
      const run: ReturnType<Variant> = variants[name](world, kind)
      for (let turn = 0; turn < (isLoop ? 1 : turns); turn += 1) {
        world.requests = 0
        globalThis.gc?.()
        const ms = await run()
        await world.answer()
        const known = cell[name]
        if (!known || ms < known.ms) cell[name] = { ms, requests: world.requests }
      }
      run.stop?.()
    }
  }
  world.close()
  return cell
}

/** A flush of ten keys, beside a loop over the same queries that does nothing but ask each whether it is active. */
async function measureScaling(queryCount: number): Promise<{ flushMs: number; walkMs: number }> {
  const world = createWorld('prefix', queryCount, 10)
  const coalescer = createCoalescer({ queryClient: world.client, quietMs: 60_000, maxWaitMs: 60_000 })
  let flushMs = Infinity
  let walkMs = Infinity
  let active = 0
  for (let turn = 0; turn < 30; turn += 1) {
    for (const queryKey of world.pending) coalescer.scheduleInvalidate(queryKey)
    flushMs = Math.min(
      flushMs,
      timed(() => coalescer.send({ type: 'FLUSH' })),
    )
    await world.answer()
    const walk = (): void => {
      for (const query of world.client.getQueryCache().getAll()) if (query.isActive()) active += 1
    }
    walkMs = Math.min(walkMs, timed(walk))
  }
  if (active !== 30 * queryCount) throw new Error(`Expected all queries to be active, got ${active / 30}.`)
  coalescer.stop()
  world.close()
  return { flushMs, walkMs }
}

/** How long a flush keeps the main thread at a time on a platform with `scheduler.yield`. */
async function measureYielding(queryCount: number): Promise<{ longestTaskMs: number; wholeMs: number }> {
  const world = createWorld('prefix', queryCount, queryCount)
  const global = globalThis as { scheduler?: { yield(): Promise<void> } }
  let sliceAt = 0
  let longestTaskMs = 0
  const endSlice = (): void => {
    longestTaskMs = Math.max(longestTaskMs, performance.now() - sliceAt)
  }
  global.scheduler = {
    yield: async () => {
      // Called at the end of a slice; what comes after is the next one.
      await Promise.resolve()
      endSlice()
      await nextTask()
      sliceAt = performance.now()
    },
  }
  const coalescer = createCoalescer({ queryClient: world.client, quietMs: 60_000, maxWaitMs: 60_000 })
  let best = { longestTaskMs: Infinity, wholeMs: Infinity }
  for (let turn = 0; turn < 5; turn += 1) {
    coalescer.scheduleInvalidate(['items'])
    longestTaskMs = 0
    globalThis.gc?.()
    const startedAt = (sliceAt = performance.now())
    coalescer.send({ type: 'FLUSH' })
    if (world.requests === queryCount) endSlice()
    while (world.requests < queryCount) await nextTask()
    endSlice()
    const wholeMs = performance.now() - startedAt
    if (longestTaskMs < best.longestTaskMs) best = { longestTaskMs, wholeMs }
    await world.answer()
    world.requests = 0
  }
  coalescer.stop()
  delete global.scheduler
  world.close()
  return best
}

const cells: readonly (readonly [KeyKind, number, number])[] = [
  ['prefix', 100, 10],
  ['prefix', 1000, 100],
  ['prefix', 5000, 2000],
  ['exact', 5000, 2000],
  ['object', 5000, 2000],
  ['prefix', 20_000, 5000],
  ['exact', 20_000, 5000],
  ['object', 20_000, 5000],
]
const label = ([kind, queryCount, keyCount]: (typeof cells)[number]): string =>
  `${queryCount.toLocaleString('en-US')} × ${keyCount.toLocaleString('en-US')} ${kind}`

// Once unmeasured, so that the first cell is not the one that waits for the compiler.
await measureCell('prefix', 1000, 100)
const measured: Partial<Record<Name, Measured>>[] = []
for (const cell of cells) measured.push(await measureCell(...cell))
const few = await measureScaling(5000)
const many = await measureScaling(20_000)
const yielding = await measureYielding(5000)

const tableOf = (pick: (one: Measured) => number, column: string): Table => ({
  columns: [column, ...cells.map(label)],
  rows: names.map((name) => [
    name,
    ...measured.map((cell) => {
      const one = cell[name]
      return one ? round(pick(one)) : '–'
    }),
  ]),
})
const ratioTo = (floor: Name): number[] =>
  measured.map((cell) => (cell.debounce?.ms ?? Infinity) / (cell[floor]?.ms ?? Infinity))
const big = measured.slice(2)
const loop = big[0]?.['invalidateQueries + refetchQueries per key']
const values = {
  worstFloorRatio: round(Math.max(...ratioTo('floor').slice(1))),
  worstMarkedFloorRatio: round(Math.max(...ratioTo('floor, marking stale first').slice(1))),
  loopSpeedup: round((loop?.ms ?? 0) / (big[0]?.debounce?.ms ?? Infinity)),
  loopMs: round(loop?.ms ?? 0),
  oursMs: round(big[0]?.debounce?.ms ?? 0),
  fourfoldQueriesCost: round(many.flushMs / few.flushMs),
  fourfoldQueriesWalk: round(many.walkMs / few.walkMs),
  longestSliceMs: round(yielding.longestTaskMs),
  yieldedWholeMs: round(yielding.wholeMs),
}
report({
  values,
  tables: {
    time: tableOf((one) => one.ms, 'ms per flush'),
    requests: tableOf((one) => one.requests, 'requests per flush'),
  },
  goals: [
    {
      goal: 'Flush from 1,000 queries up, worst, against starting the same fetches by hand',
      target: '≤ 1.2 ×',
      measured: `${values.worstFloorRatio} ×`,
      met: values.worstFloorRatio <= 1.2,
    },
    {
      goal: 'Flush of 2,000 keys over 5,000 queries, against invalidate and refetch per key',
      target: '≥ 25 × faster',
      measured: `${values.loopSpeedup} ×`,
      met: values.loopSpeedup >= 25,
    },
    {
      goal: 'Cost of a flush of 10 keys when the queries grow fourfold',
      target: 'linear (≤ 5 ×)',
      measured: `${values.fourfoldQueriesCost} ×`,
      met: values.fourfoldQueriesCost <= 5,
    },
    {
      goal: 'Longest time a flush of 5,000 fetches keeps the main thread, with `scheduler.yield`',
      target: '≤ 33 ms',
      measured: `${values.longestSliceMs} ms`,
      met: values.longestSliceMs <= 33,
    },
  ],
})
