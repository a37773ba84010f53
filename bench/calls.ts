import { type Query, QueryClient, QueryObserver, environmentManager } from '@tanstack/react-query'
import { type StrategyName, coalesceQueryClient, createCoalescer } from '../src/index.ts'
import { fastestOf, nextTask } from './support/measure.ts'
import { report, round } from './support/results.ts'

environmentManager.setIsServer(() => false)

const queryCount = 1000
const callCount = 20
const manyCalls = 1500
const names = ['plain', 'debounce', 'batch', 'perKey', 'hybrid', 'adaptive', 'direct'] as const
type Variant = (typeof names)[number]

interface World {
  call(): Promise<void>
  close(): void
}

/** Mounted queries whose requests do not end, and a client whose calls a predicate matches to all of them. */
function createWorld(variant: Variant): World {
  const queryFn = (): Promise<number> => new Promise(() => undefined)
  const queryClient = new QueryClient({
    defaultOptions: { queries: { staleTime: Infinity, gcTime: Infinity, queryFn } },
  })
  for (let i = 0; i < queryCount; i += 1) {
    queryClient.setQueryData(['items', i], 0)
    new QueryObserver(queryClient, { queryKey: ['items', i] }).subscribe(() => undefined)
  }
  const coalescer =
    variant === 'plain'
      ? undefined
      : // Long enough that no window ends by itself while calls are measured.
        createCoalescer({ queryClient, strategy: variant satisfies StrategyName, quietMs: 60_000, maxWaitMs: 60_000 })
  const client = coalescer ? coalesceQueryClient(queryClient, coalescer) : queryClient
  const predicate = ({ queryKey }: Query): boolean => queryKey[0] === 'items'
  return {
    call: () => client.invalidateQueries({ predicate }),
    close() {
      coalescer?.stop({ pending: 'drop' })
      queryClient.clear()
    },
  }
}

/** Milliseconds per call, none of them awaited. */
async function measureCalls(variant: Variant): Promise<number> {
  const world = createWorld(variant)
  const startedAt = performance.now()
  for (let i = 0; i < callCount; i += 1) void world.call()
  const spentMs = performance.now() - startedAt
  world.close()
  await nextTask()
  return spentMs / callCount
}

async function heapBytes(): Promise<number> {
  for (let pass = 0; pass < 4; pass += 1) {
    await nextTask()
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

/** Bytes by which what is held grows with each call, once the queries are pending. */
async function measureGrowth(variant: Variant): Promise<number> {
  const world = createWorld(variant)
  for (let i = 0; i < manyCalls / 10; i += 1) void world.call()
  const first = await heapBytes()
  for (let i = manyCalls / 10; i < manyCalls; i += 1) void world.call()
  const last = await heapBytes()
  world.close()
  return Math.max(0, (last - first) / (manyCalls * 0.9))
}

const fastest = await fastestOf(
  Object.fromEntries(names.map((name) => [name, () => measureCalls(name)])) as Record<Variant, () => Promise<number>>,
  8,
)
const coalescing = names.filter((name) => name !== 'plain' && name !== 'direct')
const growth: Partial<Record<Variant, number>> = {}
for (const name of coalescing) growth[name] = await measureGrowth(name)

const ratio = (name: Variant): number => round(fastest[name] / fastest.plain)
const values = {
  worstRatio: Math.max(...coalescing.map(ratio)),
  directRatio: ratio('direct'),
  worstBytesPerCall: Math.round(Math.max(...Object.values(growth))),
}
report({
  values,
  tables: {
    calls: {
      columns: ['1 call of 1,000 queries by a predicate', 'ms per call', '× plain', 'bytes held per further call'],
      rows: names.map((name) => [
        name === 'plain' ? 'TanStack Query alone' : name,
        round(fastest[name]),
        ratio(name),
        growth[name] === undefined ? '–' : Math.round(growth[name]),
      ]),
    },
  },
  goals: [
    {
      goal: 'A call of the coalesced client, worst strategy that coalesces, against TanStack Query alone',
      target: '≤ 1 ×',
      measured: `${values.worstRatio} ×`,
      met: values.worstRatio <= 1,
    },
  ],
})
