import { InfiniteQueryObserver, type QueryKey } from '@tanstack/react-query'
import fc from 'fast-check'
import type { CoalescerStats, StrategyName } from 'realtime-coalescer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { rowsWorldOf } from './ownWrites.ts'
import { coalescing, fetchDelayOf, sendChange, worldOf } from './support.ts'

useSimulatedTime()

const keys: readonly QueryKey[] = [['goals'], ['goals', 1], ['goals', 2], ['partners']]
const key = fc.constantFrom(...keys)

const step = fc.oneof(
  fc.record({
    kind: fc.constant('invalidate' as const),
    key,
    exact: fc.boolean(),
    refetchType: fc.constantFrom('active' as const, 'inactive' as const, 'all' as const, 'none' as const),
  }),
  fc.record({ kind: fc.constant('refetch' as const), key, type: fc.constantFrom('active' as const, 'all' as const) }),
  fc.record({ kind: fc.constant('change' as const), key, other: key }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(5, 30, 60, 300) }),
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** Plays events over shown, unmounted, disabled and static queries, and counts. */
async function play(strategy: StrategyName, latencyMs: number, steps: readonly Step[]): Promise<Counted> {
  const world = worldOf(strategy, { server: new SimulatedServer({ latencyMs }), endsWithTest: false })
  const { coalescer } = world
  for (const shown of keys) await world.showLoaded(shown)
  const gone = await world.showLoaded(['goals', 'gone'])
  gone.unmount()
  for (const [name, options] of [
    ['disabled', { enabled: false }],
    ['static', { staleTime: 'static' }],
  ] as const) {
    world.queryClient.setQueryData(['goals', name], { version: 0 })
    world.show(['goals', name], options)
  }
  const before = world.server.requests.length
  for (const one of steps) {
    if (one.kind === 'wait') await advance(one.ms)
    else if (one.kind === 'change') sendChange(world, { invalidate: [one.key], refetch: [one.other] })
    else if (one.kind === 'refetch') coalescer.scheduleRefetch(one.key, one.type)
    else coalescer.scheduleInvalidate(one.key, { exact: one.exact, refetchType: one.refetchType })
  }
  await advance(5000)
  const { stats } = coalescer.getSnapshot()
  world.end()
  return { ...stats, requests: world.server.requests.length - before }
}

interface Counted extends CoalescerStats {
  readonly requests: number
}

describe.each(coalescing)('G12 saved, %s', (strategy) => {
  it('started and saved fetches together are those that direct starts for the same events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 20, 300),
        fc.array(step, { minLength: 1, maxLength: 12 }),
        async (latencyMs, steps) => {
          const direct = await play('direct', latencyMs, steps)
          const { eventsReceived, fetchesStarted, fetchesSaved, requests } = await play(strategy, latencyMs, steps)
          expect({ eventsReceived, fetches: fetchesStarted + fetchesSaved }).toEqual({
            eventsReceived: direct.eventsReceived,
            fetches: direct.fetchesStarted,
          })
          expect(direct.fetchesSaved).toBe(0)
          expect(fetchesStarted).toBe(requests)
          expect(fetchesStarted).toBeLessThanOrEqual(direct.fetchesStarted)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('a fetch that a mutation cancels, and that comes again after it, counts as under direct', async () => {
    const world = await rowsWorldOf(strategy)
    world.foreign('foreign')
    await advance(fetchDelayOf(strategy) + 10)
    world.add('mine')
    await advance(5000)
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ fetchesStarted: 2, fetchesSaved: 0 })
  })

  it('a fetch that one more page replaces, and that comes again after it, counts as under direct', async () => {
    const world = worldOf(strategy)
    const observer = new InfiniteQueryObserver(world.queryClient, {
      queryKey: ['pages'],
      queryFn: ({ pageParam }) => new Promise<number>((resolve) => setTimeout(() => resolve(pageParam), 20)),
      initialPageParam: 1,
      getNextPageParam: (page) => page + 1,
    })
    onTestFinished(observer.subscribe(() => undefined))
    await advance(30)
    world.coalescer.scheduleInvalidate(['pages'])
    void world.coalescer.flush()
    await advance(10)
    void observer.fetchNextPage()
    await advance(1000)
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ fetchesStarted: 2, fetchesSaved: 0 })
  })

  it('a fetch that an unmount cancels, and that the next mount is owed, counts as under direct', async () => {
    const world = worldOf(strategy, { queries: { refetchOnMount: false } })
    world.queryClient.setQueryData(['goals'], { version: 0 })
    const { queryFn } = world.server
    const shown = world.show(['goals'], { queryFn: (context) => (context.signal, queryFn(context)) })
    world.coalescer.scheduleInvalidate(['goals'])
    void world.coalescer.flush()
    await advance(5)
    shown.unmount()
    await advance(5)
    world.show(['goals'])
    await advance(1000)
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ fetchesStarted: 2, fetchesSaved: 0 })
  })

  it('a fetch that storage answers, and that comes again for the server, counts as under direct', async () => {
    const world = worldOf(strategy)
    let answers = 0
    const restored = { version: 0 }
    world.show(['goals'], {
      enabled: ({ state }) => state.data !== undefined || state.errorUpdateCount > 0,
      initialData: restored,
      persister: (queryFn, context) => {
        answers += 1
        return answers === 1 ? restored : queryFn(context)
      },
    })
    world.queryClient
      .getQueryCache()
      .find({ queryKey: ['goals'] })
      ?.setState({ data: undefined, errorUpdateCount: 1 })
    world.coalescer.scheduleInvalidate(['goals'])
    await advance(1000)
    expect(world.server.requestsOf(['goals'])).toHaveLength(1)
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ fetchesStarted: 2, fetchesSaved: 0 })
  })
})
