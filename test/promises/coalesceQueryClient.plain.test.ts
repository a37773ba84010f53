import { QueryClient, type QueryFilters, type QueryKey, QueryObserver } from '@tanstack/react-query'
import fc from 'fast-check'
import { coalesceQueryClient, createCoalescer } from 'realtime-coalescer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { everyStrategy, timing } from './support.ts'

useSimulatedTime()

const keys: QueryKey[] = [['a'], ['a', 1], ['a', { page: 1, of: 2 }], ['b'], ['b', 1]]
const states = [
  'shown',
  'stale',
  'cached',
  'cachedStale',
  'disabled',
  'static',
  'absent',
  'failed',
  'fails',
  'cachedFails',
] as const

type Case = readonly [states: (typeof states)[number][], calls: Call[]]
interface Call {
  readonly method: 'invalidateQueries' | 'refetchQueries'
  readonly filters: QueryFilters & { refetchType?: 'active' | 'inactive' | 'all' | 'none' }
}

const filters = fc.record(
  {
    queryKey: fc.constantFrom(...keys, ['a', { of: 2 }], ['c'], []),
    exact: fc.boolean(),
    type: fc.constantFrom('active', 'inactive', 'all'),
    refetchType: fc.constantFrom('active', 'inactive', 'all', 'none'),
    stale: fc.boolean(),
    fetchStatus: fc.constantFrom('idle', 'fetching', 'paused'),
    predicate: fc.constantFrom<QueryFilters['predicate']>(
      ({ queryKey }) => queryKey.length > 1,
      ({ state }) => !state.isInvalidated,
    ),
  },
  { requiredKeys: [] },
)
const cases: fc.Arbitrary<Case> = fc.tuple(
  fc.array(fc.constantFrom(...states), { minLength: keys.length, maxLength: keys.length }),
  fc.array(
    fc.record({ method: fc.constantFrom('invalidateQueries', 'refetchQueries'), filters }) as fc.Arbitrary<Call>,
    { minLength: 1, maxLength: 1 },
  ),
)

/** What a call has marked right after it, and what has been fetched and is stale once all has settled. */
async function outcomeOf([kinds, calls]: Case, strategy: (typeof everyStrategy)[number] | 'plain'): Promise<unknown> {
  const queryClient = new QueryClient({
    defaultOptions: { queries: { staleTime: Infinity, gcTime: Infinity, retry: false } },
  })
  const fetched: string[] = []
  let isLoading = true
  const unsubscribes: (() => void)[] = []
  for (const [index, queryKey] of keys.entries()) {
    const kind = kinds[index]
    if (kind === 'absent') continue
    const queryFn = async (): Promise<number> => {
      fetched.push(JSON.stringify(queryKey))
      if (kind === 'failed' ? isLoading : kind?.toLowerCase().endsWith('fails') && !isLoading) throw new Error('failed')
      return fetched.length
    }
    const observer = new QueryObserver(queryClient, {
      queryKey,
      queryFn,
      ...(kind === 'static' && { staleTime: 'static' as const }),
    })
    const unsubscribe = observer.subscribe(() => undefined)
    await advance(0)
    if (kind?.startsWith('cached')) unsubscribe()
    else unsubscribes.push(unsubscribe)
    if (kind === 'disabled') observer.setOptions({ queryKey, queryFn, enabled: false })
    if (kind?.toLowerCase().endsWith('stale')) queryClient.getQueryCache().find({ queryKey })?.invalidate()
  }
  isLoading = false
  fetched.length = 0
  const coalescer =
    strategy === 'plain' ? undefined : createCoalescer({ queryClient, strategy, ...timing, onError: () => undefined })
  const client = coalescer ? coalesceQueryClient(queryClient, coalescer) : queryClient
  const marked = (): QueryKey[] =>
    queryClient
      .getQueryCache()
      .findAll()
      .filter((query) => query.state.isInvalidated)
      .map((query) => query.queryKey)
  const before = marked()
  const asked = calls.flatMap(({ filters: of }) => queryClient.getQueryCache().findAll(of as QueryFilters))
  const isAsked = (queryKey: QueryKey): boolean => asked.some((query) => query.queryKey === queryKey)
  const ends = calls.map(({ method, filters: asked }) => client[method](asked as QueryFilters))
  const atOnce = marked()
  await advance(1000)
  await Promise.all(ends)
  const isInvalidation = calls.every(({ method }) => method === 'invalidateQueries')
  const outcome = {
    // A fetch of TanStack Query has begun by now, where ours has marked what it is going to fetch, even if it is not
    // among what an invalidation marks, as with `{ type: 'active', refetchType: 'inactive' }`.
    marked: isInvalidation
      ? atOnce.filter((key) => before.includes(key) || isAsked(key) || !fetched.includes(JSON.stringify(key)))
      : before,
    fetched: fetched.toSorted(),
    stale: marked(),
  }
  coalescer?.stop()
  for (const unsubscribe of unsubscribes) unsubscribe()
  queryClient.clear()
  return outcome
}

describe.each(everyStrategy)('coalesceQueryClient against TanStack Query, %s', (strategy) => {
  it('marks at the call and fetches by the flush what TanStack Query does, whatever the filters', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        expect(await outcomeOf(one, strategy)).toEqual(await outcomeOf(one, 'plain'))
      }),
      { numRuns: 60 },
    )
  })
})

describe.each(everyStrategy)('asking by key, %s', (strategy) => {
  function create() {
    const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, gcTime: Infinity } } })
    const coalescer = createCoalescer({ queryClient, strategy, ...timing })
    const unsubscribes = [
      new QueryObserver(queryClient, { queryKey: ['fast', 1], initialData: 0, queryFn: async () => 1 }),
      new QueryObserver(queryClient, {
        queryKey: ['slow'],
        initialData: 0,
        queryFn: () => new Promise<number>(() => undefined),
      }),
    ].map((observer) => observer.subscribe(() => undefined))
    onTestFinished(() => {
      coalescer.stop()
      for (const unsubscribe of unsubscribes) unsubscribe()
      queryClient.clear()
    })
    return { queryClient, coalescer }
  }

  it('flush({ queryKey }) waits for the queries of that key only', async () => {
    const { queryClient, coalescer } = create()
    coalescer.scheduleInvalidate(['fast'])
    coalescer.scheduleInvalidate(['slow'])
    const ends = { fast: false, slow: false, all: false }
    void coalescer.flush({ queryKey: ['fast'] }).then(() => (ends.fast = true))
    void coalescer.flush().then(() => (ends.all = true))
    coalescer.scheduleInvalidate(['slow'])
    void coalescer.flush({ queryKey: ['slow'] }).then(() => (ends.slow = true))
    await advance(1000)
    expect([ends.fast, ends.slow, queryClient.getQueryData(['fast', 1])]).toEqual([true, false, 1])
    await expect(coalescer.flush({ queryKey: 'fast' as never })).rejects.toThrow(TypeError)
    await expect(coalescer.flush(null as never)).rejects.toThrow(TypeError)
  })

  it('scheduleRefetch takes a source, and explain() a key', async () => {
    const { coalescer } = create()
    coalescer.scheduleRefetch(['fast'], { type: 'all', source: 'goals:UPDATE' })
    await advance(1000)
    expect(coalescer.explain(['fast', 1])?.keys).toEqual([{ queryKey: ['fast'], events: 1, sources: ['goals:UPDATE'] }])
    expect(coalescer.explain(['fast', 1])).toEqual(coalescer.explain('["fast",1]'))
    expect(coalescer.explain(['none'])).toBeUndefined()
    expect(() => coalescer.explain(7 as never)).toThrow(TypeError)
    expect(() => coalescer.scheduleRefetch(['fast'], { type: 'some' as never })).toThrow(RangeError)
    expect(() => coalescer.scheduleRefetch(['fast'], { source: 7 as never })).toThrow(TypeError)
    expect(() => coalescer.scheduleRefetch(['fast'], null as never)).toThrow(TypeError)
  })
})
