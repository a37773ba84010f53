import { InfiniteQueryObserver, MutationObserver, hashKey } from '@tanstack/react-query'
import { type FlushedKey, coalesceQueryClient, createCoalescer } from 'realtime-coalescer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, coalescing, everyStrategy, flushDelayOf, sendChange, startsOf, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']

const byName = (a: FlushedKey, b: FlushedKey): number => String(a.queryKey).localeCompare(String(b.queryKey))

describe.each(coalescing)('G12 explained, %s', (strategy) => {
  it('a flushed record says why, how long, which keys, which events and sources, and what it did', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(['goals', 1])
    const gone = await world.showLoaded(['goals', 2])
    gone.unmount()
    await world.showLoaded(['goals', 3])
    world.coalescer.scheduleInvalidate(goals, { source: 'goals:INSERT' })
    await advance(10)
    world.coalescer.scheduleInvalidate(goals, { source: 'check_ins:UPDATE' })
    world.coalescer.scheduleInvalidate(goals, { source: 'goals:INSERT' })
    world.coalescer.send({ type: 'REFETCH', queryKeys: [goals, partners], source: 'manual' })
    void world.queryClient.refetchQueries({ queryKey: ['goals', 3] })
    await advance(1000)
    expect(world.flushed.map((record) => ({ ...record, keys: record.keys.toSorted(byName) }))).toEqual([
      {
        reason: 'quiet',
        waitedMs: flushDelayOf(strategy) + 10,
        keys: [
          { queryKey: goals, events: 4, sources: ['goals:INSERT', 'check_ins:UPDATE', 'manual'] },
          { queryKey: partners, events: 1, sources: ['manual'] },
        ],
        fetched: [hashKey(['goals', 1])],
        skippedFresh: 1,
        markedStale: 1,
      },
    ])
  })

  it('a change is a source by its table and event type', async () => {
    const world = worldOf(strategy)
    sendChange(
      world,
      { invalidate: [goals], refetch: [partners, { queryKey: ['dashboard'], type: 'all' }] },
      'check_ins',
    )
    await advance(1000)
    expect(world.flushed.flatMap(({ keys }) => keys.toSorted(byName))).toEqual(
      [['dashboard'], goals, partners].map((queryKey) => ({ queryKey, events: 1, sources: ['check_ins:INSERT'] })),
    )
  })

  it('every fetch it starts stands in the record of a flush that asked for it, followers and queued ones included', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    for (const id of [1, 2, 3]) world.show(['goals', id])
    await advance(50)
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    await drain()
    expect(world.flushed.at(-1)?.fetched).toEqual([1, 2, 3].map((id) => hashKey(['goals', id])))
    await advance(2000)
    expect(world.server.requests).toHaveLength(6)
  })

  it('a fetch that makes up for one the app has cancelled is explained by the sources of both', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(['goals', 1])
    world.coalescer.scheduleInvalidate(goals, { source: 'goals:INSERT' })
    world.coalescer.scheduleInvalidate(partners, { source: 'partners:INSERT' })
    for (let time = 0; time < 2; time += 1) {
      void world.coalescer.flush()
      await advance(5)
      void world.queryClient.cancelQueries({ queryKey: ['goals', 1] })
      await advance(1)
    }
    world.coalescer.scheduleInvalidate(['goals', 1], { source: 'goals:UPDATE' })
    void world.coalescer.flush()
    await advance(1000)
    expect(startsOf(world, ['goals', 1])).toHaveLength(4)
    const sources = world.coalescer.explain(['goals', 1])?.keys.flatMap((key) => key.sources)
    expect(sources?.toSorted()).toEqual(['goals:INSERT', 'goals:UPDATE'])
    expect(world.flushed.at(-1)?.keys.reduce((sum, { events }) => sum + events, 0)).toBe(1)
  })

  it.each(['cancels it', 'cancels it for a mutation', 'loads one more page'] as const)(
    'a fetch in place of one of the app, which %s, is explained by the flush that had left it to that',
    async (how) => {
      const world = worldOf(strategy)
      const { queryClient, coalescer } = world
      const observer = new InfiniteQueryObserver(queryClient, {
        queryKey: ['goals', 1],
        queryFn: ({ pageParam, signal }) =>
          new Promise<number>((resolve) => setTimeout(() => resolve(signal.aborted ? 0 : pageParam), 50)),
        initialPageParam: 1,
        getNextPageParam: (page) => page + 1,
      })
      onTestFinished(observer.subscribe(() => undefined))
      await advance(60)
      coalescer.scheduleInvalidate(goals, { source: 'goals:INSERT' })
      void observer.refetch()
      void coalescer.flush()
      await advance(5)
      expect(coalescer.explain(['goals', 1])).toBeUndefined()
      const save = new MutationObserver(queryClient, {
        mutationFn: () => advance(0),
        onMutate: () => queryClient.cancelQueries({ queryKey: ['goals', 1] }),
      })
      if (how === 'cancels it') await queryClient.cancelQueries({ queryKey: ['goals', 1] })
      else if (how === 'loads one more page') void observer.fetchNextPage()
      else await save.mutate()
      await advance(1000)
      expect(coalescer.getSnapshot().stats.fetchesStarted).toBe(1)
      expect(coalescer.explain(['goals', 1])?.keys.flatMap(({ sources }) => sources)).toEqual(['goals:INSERT'])
    },
  )

  it('a fetch that follows a patch made meanwhile is explained by its change', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(['goals', 1])
    void world.queryClient.refetchQueries({ queryKey: ['goals', 1] })
    await advance(5)
    sendChange(world, { patch: [{ queryKey: ['goals', 1], update: () => ({ version: 5 }) }] })
    await advance(1000)
    expect(startsOf(world, ['goals', 1])).toHaveLength(3)
    expect(world.coalescer.explain(['goals', 1])?.keys.map((key) => key.sources)).toEqual([['goals:INSERT']])
  })

  it('explain() names the flush and the keys that led to the last fetch of a query', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(['goals', 1])
    expect(world.coalescer.explain(hashKey(['goals', 1]))).toBeUndefined()
    world.coalescer.scheduleInvalidate(goals, { source: 'goals:INSERT' })
    world.coalescer.scheduleInvalidate(partners, { source: 'partners:INSERT' })
    await advance(1000)
    expect(world.coalescer.explain(hashKey(['goals', 1]))).toEqual({
      reason: 'quiet',
      keys: [{ queryKey: goals, events: 1, sources: ['goals:INSERT'] }],
    })
    expect(world.coalescer.explain('unknown')).toBeUndefined()
    const another = createCoalescer({ strategy })
    expect(another.explain(hashKey(['goals', 1]))).toBeUndefined()
    another.stop()
  })

  it('stats count events, flushes, fetches, savings and the longest wait', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(['goals', 1])
    await world.showLoaded(['goals', 2])
    const gone = await world.showLoaded(['goals', 3])
    gone.unmount()
    for (let event = 0; event < 10; event += 1) world.coalescer.scheduleInvalidate(goals)
    world.coalescer.send({ type: 'INVALIDATE', queryKeys: [goals, ['goals', 1]] })
    world.coalescer.scheduleInvalidate(goals, { refetchType: 'none' })
    await advance(1000)
    // direct: 11 events fetch both mounted queries, one more fetches the first.
    expect(world.coalescer.getSnapshot().stats).toEqual({
      eventsReceived: 13,
      flushes: 1,
      fetchesStarted: 2,
      fetchesSaved: 23 - 2,
      fetchesFailed: 0,
      longestWaitMs: flushDelayOf(strategy),
    })
  })

  it('a fetch skipped as fresh counts as saved', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    world.coalescer.scheduleInvalidate(goals)
    await drain()
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(1000)
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ fetchesStarted: 0, fetchesSaved: 1 })
  })

  it('a manual flush, an urgent event, a return and a switch name themselves', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    await advance(200)
    world.change(goals, { urgent: true })
    await advance(200)
    world.hide()
    announce(world, 'INVALIDATE', goals)
    world.unhide()
    await advance(200)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.switchStrategy('direct')
    await advance(200)
    expect(world.flushed.map(({ reason }) => reason)).toEqual(['manual', 'urgent', 'visible', 'switch'])
  })

  it('a flush of keys that match nothing is told of, too', async () => {
    const world = worldOf(strategy)
    world.coalescer.scheduleInvalidate(['nobody'])
    await advance(1000)
    expect(world.flushed).toEqual([
      {
        reason: 'quiet',
        waitedMs: flushDelayOf(strategy),
        keys: [{ queryKey: ['nobody'], events: 1, sources: [] }],
        fetched: [],
        skippedFresh: 0,
        markedStale: 0,
      },
    ])
  })
})

describe.each(everyStrategy)('G12 counters, %s', (strategy) => {
  it("TanStack's retries are not new fetches, and a failed ladder is one failure", async () => {
    const world = worldOf(strategy, { queries: { retry: 2, retryDelay: 10 } })
    await world.showLoaded(goals)
    world.server.fails = () => true
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(world.server.requests).toHaveLength(4)
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ fetchesStarted: 1, fetchesFailed: 1 })
  })

  it('fetches of the app count neither as started nor as failed', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    world.server.fails = () => true
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(1000)
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ fetchesStarted: 0, fetchesFailed: 0, fetchesSaved: 0 })
    expect(world.errors).toEqual([])
  })

  it('fetchesStarted is what the server saw beyond the first fetches', async () => {
    const world = worldOf(strategy)
    for (const id of [1, 2, 3]) world.show(['goals', id])
    for (let round = 0; round < 20; round += 1) {
      announce(world, round % 3 === 0 ? 'CHANGE' : 'INVALIDATE', round % 2 === 0 ? goals : ['goals', 1])
      await advance(37)
    }
    await advance(2000)
    const { fetchesStarted, fetchesSaved } = world.coalescer.getSnapshot().stats
    expect(fetchesStarted).toBe(world.server.requests.length - 3)
    expect(strategy === 'direct' ? fetchesSaved : Math.sign(fetchesSaved)).toBe(strategy === 'direct' ? 0 : 1)
  })
})

describe('G12 direct', () => {
  it('what was pending at a switch to it counts as saved by the strategy before', async () => {
    const world = worldOf('debounce')
    await world.showLoaded(goals)
    for (let event = 0; event < 3; event += 1) world.coalescer.scheduleInvalidate(goals)
    world.coalescer.switchStrategy('direct')
    await advance(1000)
    const { fetchesStarted, fetchesSaved } = world.coalescer.getSnapshot().stats
    expect([fetchesStarted, fetchesSaved]).toEqual([1, 2])
  })

  it('saves nothing by what it gathers while the page is hidden', async () => {
    const world = worldOf('direct')
    await world.showLoaded(goals)
    world.hide()
    for (let event = 0; event < 3; event += 1) announce(world, 'INVALIDATE', goals)
    world.unhide()
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ fetchesStarted: 1, fetchesSaved: 0 })
  })

  it('tells of no fetch where none was asked for', async () => {
    const world = worldOf('direct')
    await world.showLoaded(goals)
    const unshown = await world.showLoaded(['goals', 1])
    unshown.unmount()
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    void client.refetchQueries({ queryKey: goals, type: 'active' })
    expect(world.flushed).toMatchObject([{ fetched: [hashKey(goals)], markedStale: 0 }])
  })

  it('flushes each event by itself, with reason direct, and saves nothing', async () => {
    const world = worldOf('direct')
    await world.showLoaded(goals)
    for (let event = 0; event < 3; event += 1) world.coalescer.scheduleInvalidate(goals, { source: `s${event}` })
    await advance(1000)
    expect(world.flushed.map(({ reason, keys }) => [reason, keys[0]?.sources])).toEqual([
      ['direct', ['s0']],
      ['direct', ['s1']],
      ['direct', ['s2']],
    ])
    const { fetchesStarted, fetchesSaved } = world.coalescer.getSnapshot().stats
    expect([fetchesStarted, fetchesSaved]).toEqual([3, 0])
    expect(world.server.requests).toHaveLength(4)
  })
})
