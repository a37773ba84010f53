import { QueryClient, type QueryKey, environmentManager } from '@tanstack/react-query'
import { createCoalescer, type StrategyName } from '../src/index.ts'
import { nextTask } from './support/measure.ts'
import { report, round } from './support/results.ts'

environmentManager.setIsServer(() => false)

const millions = (count: number): number => count * 1_000_000

/** Bytes in use once garbage is gone. */
async function heapBytes(): Promise<number> {
  for (let pass = 0; pass < 4; pass += 1) {
    await nextTask()
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

interface Load {
  readonly name: string
  readonly count: number
  run(from: number, to: number): Promise<void>
  stop(): void
}

/** Heap growth from the first quarter of a load to its end: what a leak per event would show. */
async function measureGrowth(load: Load): Promise<{ firstMB: number; lastMB: number; grownBytesPerUnit: number }> {
  const quarter = load.count / 4
  await load.run(0, quarter)
  const first = await heapBytes()
  await load.run(quarter, load.count)
  const last = await heapBytes()
  load.stop()
  return {
    firstMB: round(first / 1e6),
    lastMB: round(last / 1e6),
    grownBytesPerUnit: round((last - first) / (load.count - quarter)),
  }
}

function manyEvents(): Load {
  const coalescer = createCoalescer({ queryClient: new QueryClient(), quietMs: 5, maxWaitMs: 50 })
  const keys: QueryKey[] = Array.from({ length: 1000 }, (_, i) => ['goals', i, { page: i % 7 }])
  return {
    name: 'events over 1,000 keys',
    count: millions(10),
    async run(from, to) {
      for (let i = from; i < to; i += 1) {
        coalescer.scheduleInvalidate(keys[i % 1000]!, { source: `row:${i % 100_000}` })
        if (i % 20_000 === 0) await nextTask()
      }
      await coalescer.flush()
    },
    stop: () => coalescer.stop(),
  }
}

/** More roots than are remembered: each has been forgotten when it changes again. */
function manyRoots(): Load {
  const coalescer = createCoalescer({ queryClient: new QueryClient(), strategy: 'adaptive' })
  const keys: QueryKey[] = Array.from({ length: 10_000 }, (_, i) => [`table ${i}`, { page: i % 7 }])
  return {
    name: 'events over 10,000 roots, `adaptive`',
    count: millions(10),
    async run(from, to) {
      for (let i = from; i < to; i += 1) {
        coalescer.scheduleInvalidate(keys[Math.floor(i / 100) % 10_000]!)
        if (i % 20_000 === 0) await nextTask()
      }
      await coalescer.flush()
    },
    stop: () => coalescer.stop(),
  }
}

function shortLivedQueries(): Load {
  const client = new QueryClient()
  const coalescer = createCoalescer({ queryClient: client, quietMs: 5, maxWaitMs: 50 })
  const cache = client.getQueryCache()
  return {
    name: 'queries built, fetched and removed',
    count: millions(1),
    async run(from, to) {
      for (let i = from; i < to; i += 500) {
        for (let j = i; j < i + 500; j += 1) {
          cache.build(client, { queryKey: ['page', j], queryFn: () => Promise.resolve(j) })
        }
        coalescer.scheduleRefetch(['page'], 'all')
        await coalescer.flush()
        cache.clear()
      }
    },
    stop: () => coalescer.stop(),
  }
}

function manySwitches(): Load {
  const coalescer = createCoalescer({ queryClient: new QueryClient() })
  const names: readonly StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'adaptive', 'direct']
  return {
    name: 'strategy switches with a key pending',
    count: 100_000,
    async run(from, to) {
      for (let i = from; i < to; i += 1) {
        coalescer.scheduleInvalidate(['goals', i % 10])
        coalescer.switchStrategy(names[i % names.length]!)
        if (i % 1000 === 0) await nextTask()
      }
    },
    stop: () => coalescer.stop(),
  }
}

async function bytesPerPendingKey(): Promise<number> {
  const coalescer = createCoalescer({ queryClient: new QueryClient(), quietMs: 60_000, maxWaitMs: 60_000 })
  const keys: QueryKey[] = Array.from({ length: 100_000 }, (_, i) => ['goals', i, { page: i % 7 }])
  const before = await heapBytes()
  for (const key of keys) coalescer.scheduleInvalidate(key)
  const after = await heapBytes()
  coalescer.stop({ pending: 'drop' })
  return Math.round((after - before) / keys.length)
}

const loads = [manyEvents, manyRoots, shortLivedQueries, manySwitches]
const rows: (string | number)[][] = []
let worst = 0
for (const create of loads) {
  const load = create()
  const startedAt = performance.now()
  const { firstMB, lastMB, grownBytesPerUnit } = await measureGrowth(load)
  console.log(
    `${load.count.toLocaleString('en-US')} ${load.name}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
  )
  worst = Math.max(worst, grownBytesPerUnit)
  rows.push([`${load.count.toLocaleString('en-US')} ${load.name}`, firstMB, lastMB, grownBytesPerUnit])
}
const perKey = await bytesPerPendingKey()

// A leak keeps at least one reference of 8 bytes per event; less is the noise of the collector.
const limit = 8
report({
  values: { bytesPerPendingKey: perKey, worstGrowthPerUnit: worst },
  tables: {
    heap: { columns: ['load', 'heap MB after a quarter', 'heap MB at the end', 'bytes kept per piece'], rows },
  },
  goals: [
    {
      goal: 'Heap kept per event, query or switch, worst of four loads',
      target: `flat (< ${limit} bytes)`,
      measured: `${worst} bytes`,
      met: worst < limit,
    },
  ],
})
