import { type Query, hashKey, notifyManager, skipToken } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { type ShowOptions, createWorld } from '../support/world.ts'
import {
  announce,
  coalescing,
  eventKinds,
  everyStrategy,
  fetchDelayOf,
  isInvalidated,
  startsOf,
  watchPromise,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(everyStrategy)('G1 fresh, %s', (strategy) => {
  describe.each(eventKinds)('after %s', (kind) => {
    it('a query on screen shows what was written before the event', async () => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      announce(world, kind, goals)
      await advance(1000)
      expect(shown.version()).toBe(1)
      expect(isInvalidated(world, goals)).toBe(false)
    })

    it('a query in its first fetch is fetched once more, and that fetch is let end', async () => {
      const world = worldOf(strategy)
      const shown = world.show(goals)
      await advance(99)
      announce(world, kind, goals)
      await advance(1)
      expect(shown.version()).toBe(0)
      await advance(1000)
      expect(shown.version()).toBe(1)
      expect(startsOf(world, goals)).toHaveLength(2)
    })

    it.each([1, 49, 51, 99, 140])('a query that refetches is fetched again for an event %i ms later', async (delay) => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      void world.queryClient.refetchQueries({ queryKey: goals })
      await advance(delay)
      announce(world, kind, goals)
      await advance(1000)
      expect(shown.version()).toBe(1)
    })

    it('a query is fetched again for an event during the fetch of an earlier one', async () => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      announce(world, kind, goals)
      while (startsOf(world, goals).length < 2) await advance(1)
      await advance(10)
      announce(world, kind, goals)
      await advance(1000)
      expect(shown.version()).toBe(2)
    })
  })

  it('an event during the pause before a retry is answered by the retry, with the ladder as it was', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server, queries: { retry: 3, retryDelay: 200 } })
    const shown = await world.showLoaded(goals)
    server.fails = () => true
    world.coalescer.scheduleInvalidate(goals)
    void world.coalescer.flush()
    await advance(150)
    server.fails = () => false
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toEqual([0, 100, 400])
  })

  it('an event during a running retry leads to one more fetch', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server, queries: { retry: 3, retryDelay: 200 } })
    const shown = await world.showLoaded(goals)
    server.fails = () => true
    world.coalescer.scheduleInvalidate(goals)
    void world.coalescer.flush()
    await advance(250)
    server.fails = () => false
    await advance(100)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    const starts = startsOf(world, goals)
    expect(starts.slice(0, 3)).toEqual([0, 100, 400])
    expect(starts).toHaveLength(4)
  })

  it('a query has its own function back once it has been tried again', async () => {
    const world = worldOf(strategy, { queries: { retry: 2, retryDelay: 50 } })
    await world.showLoaded(goals)
    const query = world.queryClient.getQueryCache().find({ queryKey: goals })
    world.server.fails = () => startsOf(world, goals).length < 4
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(4)
    expect(query?.options.queryFn).toBe(world.server.queryFn)
  })

  it('a fetch that fails leaves the query stale and is reported once', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server })
    const failed: unknown[] = []
    world.coalescer.on('refetchFailed', (record) => failed.push(record))
    const shown = await world.showLoaded(goals)
    server.fails = () => true
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(0)
    expect(isInvalidated(world, goals)).toBe(true)
    expect(failed).toEqual([{ queryKey: goals, queryHash: hashKey(goals), error: expect.any(Error) as Error }])
    expect(world.errors.map(({ info }) => info)).toEqual([
      { type: 'refetchFailed', queryKey: goals, queryHash: hashKey(goals) },
    ])
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('a first fetch that fails after the event is followed by one that answers it', async () => {
    const server = new SimulatedServer({ fails: () => true })
    const world = worldOf(strategy, { server })
    const shown = world.show(goals)
    await advance(50)
    server.fails = () => false
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it('setQueryData between the mark and the fetch does not take the place of the fetch', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    const cache = world.queryClient.getQueryCache()
    const unsubscribe = cache.subscribe((event) => {
      if (event.type !== 'updated' || event.action.type !== 'invalidate') return
      unsubscribe()
      world.queryClient.setQueryData(goals, { version: -1 })
    })
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it('a query is stale from the flush on while a fetch from before the event runs', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    void world.queryClient.refetchQueries({ queryKey: goals })
    await drain()
    world.change(goals)
    void world.coalescer.flush()
    expect(isInvalidated(world, goals)).toBe(true)
    await advance(1000)
    expect([isInvalidated(world, goals), startsOf(world, goals).length]).toEqual([false, 3])
  })

  const cancellations = [{}, { revert: false }, { silent: true }, { silent: true, revert: false }]

  it.each(cancellations)('a fetch that somebody cancels with %j is made up for', async (options) => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    const settled = watchPromise(world.coalescer.settled())
    while (startsOf(world, goals).length < 2) await advance(1)
    await world.queryClient.cancelQueries({ queryKey: goals }, options)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(settled.isResolved).toBe(true)
  })

  it.each(cancellations)('so is one that the first fetch was to be followed by, cancelled with %j', async (options) => {
    const world = worldOf(strategy)
    const shown = world.show(goals)
    await drain()
    announce(world, 'INVALIDATE', goals)
    const flushed = watchPromise(world.coalescer.flush())
    await advance(10)
    await world.queryClient.cancelQueries({ queryKey: goals }, options)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(flushed.isResolved).toBe(true)
  })

  it('an unmount that aborts the fetch leaves the query stale, so that the next mount fetches', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server, queries: { queryFn: server.abortableQueryFn } })
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    while (startsOf(world, goals).length < 2) await advance(1)
    shown.unmount()
    await advance(1000)
    expect(server.requestsOf(goals).at(-1)?.outcome).toBe('aborted')
    expect(isInvalidated(world, goals)).toBe(true)
    expect(world.flushed).toHaveLength(1)
    expect(startsOf(world, goals)).toHaveLength(2)
    const again = await world.showLoaded(goals)
    expect(again.version()).toBe(1)
  })

  it('an unmount and a mount within one turn, as StrictMode does, end fresh', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server, queries: { queryFn: server.abortableQueryFn } })
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    while (startsOf(world, goals).length < 2) await advance(1)
    shown.unmount()
    const again = world.show(goals)
    await advance(1000)
    expect(again.version()).toBe(1)
  })

  it('a query enabled again during a fetch from before the event is not left with the old data', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.server.latencyMs = () => 400
    void world.queryClient.refetchQueries({ queryKey: goals })
    shown.observer.setOptions({ queryKey: goals, enabled: false })
    announce(world, 'INVALIDATE', goals)
    await advance(300)
    shown.observer.setOptions({ queryKey: goals, enabled: true })
    await advance(2000)
    expect(shown.version()).toBe(1)
  })

  it('a query mounted between the event and its flush is fetched', async () => {
    const world = worldOf(strategy)
    const first = await world.showLoaded(goals)
    first.unmount()
    announce(world, 'INVALIDATE', goals)
    const shown = world.show(goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it('an event sent by a listener of the flush is answered by a later fetch', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    let left = 2
    world.coalescer.on('flushed', () => {
      if (left > 0) announce(world, 'INVALIDATE', goals)
      left -= 1
    })
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(shown.version()).toBe(3)
  })

  it('an event sent by a queryFn as it starts is answered by a later fetch', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server })
    let left = 2
    const shown = await world.showLoaded(goals, {
      queryFn: (context) => {
        const answer = server.queryFn(context)
        if (startsOf(world, goals).length > 1 && left-- > 0) announce(world, 'INVALIDATE', goals)
        return answer
      },
    })
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(shown.version()).toBe(3)
  })

  it('an event inside a notify batch of the app is answered', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    notifyManager.batch(() => announce(world, 'INVALIDATE', goals))
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it('a child, a sibling of the key order and an exact key each reach their query', async () => {
    const world = worldOf(strategy)
    const child = await world.showLoaded(['goals', 1, { page: 1, done: false }])
    const other = await world.showLoaded(['partners'])
    announce(world, 'INVALIDATE', ['goals', 1, { done: false }])
    await advance(1000)
    expect(child.version()).toBe(1)
    world.change(['goals', 1, { done: false, page: 1 }], { exact: true })
    await advance(1000)
    expect(child.version()).toBe(2)
    expect(other.version()).toBe(0)
    expect(startsOf(world, ['partners'])).toHaveLength(1)
  })

  it('a query is fetched with the function of one component also if the last to come brought none', async () => {
    const world = worldOf(strategy, { queries: { queryFn: undefined as never } })
    const shown = await world.showLoaded(goals, { queryFn: world.server.queryFn })
    world.show(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it('a query that loses its queryFn is not fetched and holds up nobody', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    shown.observer.setOptions({ queryKey: goals, queryFn: skipToken })
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    await world.coalescer.settled()
    expect(startsOf(world, goals)).toHaveLength(1)
    await drain()
    expect(isInvalidated(world, goals)).toBe(true)
  })
})

describe.each(coalescing)('G1 fresh with a persister, %s', (strategy) => {
  const restoring = { persister: restore } as ShowOptions

  function restore(queryFn: (context: unknown) => unknown, context: unknown, query: Query): unknown {
    return query.state.data === undefined ? { version: 0 } : queryFn(context)
  }

  it('a mount that restores old data answers no event from before it', async () => {
    const world = worldOf(strategy)
    announce(world, 'INVALIDATE', goals)
    const shown = world.show(goals, restoring)
    await drain()
    expect(shown.version()).toBe(0)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(1)
  })

  it('a first fetch that fails, with nothing stored, is not tried again', async () => {
    const world = worldOf(strategy)
    world.server.fails = () => true
    const shown = world.show(goals, { persister: (queryFn, context) => queryFn(context) } as ShowOptions)
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(shown.version()).toBeUndefined()
    expect(startsOf(world, goals)).toHaveLength(2)
    await advance(10_000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })
})

describe.each(everyStrategy)('G1 fresh, %s created while a fetch is running', (strategy) => {
  it('follows it for an event that came after its start', async () => {
    const world = createWorld()
    const shown = world.show(goals)
    await advance(50)
    const later = worldOf(strategy, { queryClient: world.queryClient, server: world.server, mounted: false })
    announce(later, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(world.server.requests[0]?.outcome).toBe('ok')
  })

  it.each([false, true])('leaves it, and its failure, to whoever started it, with reset() %s', async (isReset) => {
    const world = createWorld()
    world.server.fails = () => true
    world.show(goals)
    await advance(50)
    const later = worldOf(strategy, { queryClient: world.queryClient, server: world.server, mounted: false })
    later.change(goals, { refetchType: 'none' })
    await later.coalescer.flush()
    expect(later.coalescer.getSnapshot().inFlight).toBe(0)
    if (isReset) later.coalescer.reset()
    await advance(1000)
    expect(world.server.requests.map(({ outcome }) => outcome)).toEqual(['failed'])
    expect([later.errors, later.coalescer.getSnapshot().stats.fetchesFailed]).toEqual([[], 0])
  })
})

describe.each(coalescing)('G1 marked stale at the flush, %s', (strategy) => {
  it.each([
    ['before', true, Infinity],
    ['before', true, 1],
    ['after', false, Infinity],
    ['after', false, 1],
  ] as const)('a query whose request started %s the event: %s, with %d at once', async (when, isStale, limit) => {
    const world = worldOf(strategy, { maxConcurrentRefetches: limit })
    const shown = await world.showLoaded(goals)
    world.server.latencyMs = () => 1000
    const refetch = (): void => void shown.observer.refetch()
    if (when === 'before') refetch()
    await advance(1)
    announce(world, 'INVALIDATE', goals)
    if (when === 'after') refetch()
    await advance(fetchDelayOf(strategy) + 10)
    expect([isInvalidated(world, goals), shown.observer.getCurrentResult().isStale]).toEqual([isStale, isStale])
    await advance(3000)
    expect([shown.version(), isInvalidated(world, goals)]).toEqual([1, false])
  })
})
