import { skipToken } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import {
  announce,
  coalescing,
  eventKinds,
  everyStrategy,
  isInvalidated,
  startsOf,
  watchPromise,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(everyStrategy)('G6 quiet elsewhere, %s', (strategy) => {
  it.each(eventKinds)('%s marks an inactive query stale and does not fetch it', async (kind) => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    shown.unmount()
    announce(world, kind, goals)
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(1)
    expect(isInvalidated(world, goals)).toBe(true)
    expect(world.flushed).toEqual([expect.objectContaining({ fetched: [], markedStale: 1, skippedFresh: 0 })])
  })

  it.each(eventKinds)('%s leaves an inactive query stale also when a fetch of it was in flight', async (kind) => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    shown.unmount()
    world.server.latencyMs = () => 500
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(10)
    announce(world, kind, goals)
    await advance(2000)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(isInvalidated(world, goals)).toBe(true)
  })

  it.each(['unmounts', 'disables'] as const)(
    'a query that the request of another one %s in the same flush is not fetched',
    async (how) => {
      const world = worldOf(strategy)
      let act = (): void => undefined
      await world.showLoaded(['goals', 1], {
        queryFn: (context) => {
          act()
          return world.server.queryFn(context)
        },
      })
      const other = await world.showLoaded(['goals', 2])
      act = () => {
        if (how === 'unmounts') other.unmount()
        else other.observer.setOptions({ ...other.observer.options, enabled: false })
      }
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      expect([startsOf(world, ['goals', 1]).length, startsOf(world, ['goals', 2]).length]).toEqual([2, 1])
      expect(isInvalidated(world, ['goals', 2])).toBe(true)
    },
  )

  it('an inactive query in its first fetch ends stale', async () => {
    const world = worldOf(strategy)
    void world.queryClient.prefetchQuery({ queryKey: goals })
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(startsOf(world, goals)).toHaveLength(1)
    expect(isInvalidated(world, goals)).toBe(true)
  })

  it('an inactive query whose fetch ends between the event and its flush is stale', async () => {
    const world = worldOf(strategy)
    void world.queryClient.prefetchQuery({ queryKey: goals })
    await advance(80)
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(isInvalidated(world, goals)).toBe(true)
  })

  it('an inactive query whose fetch started after the event stays fresh', async () => {
    const world = worldOf(strategy)
    announce(world, 'INVALIDATE', goals)
    void world.queryClient.prefetchQuery({ queryKey: goals })
    await advance(2000)
    expect(isInvalidated(world, goals)).toBe(false)
    expect(startsOf(world, goals)).toHaveLength(1)
  })

  it.each([
    { refetchType: 'active', active: 1, inactive: 0 },
    { refetchType: 'inactive', active: 0, inactive: 1 },
    { refetchType: 'all', active: 1, inactive: 1 },
    { refetchType: 'none', active: 0, inactive: 0 },
  ] as const)('refetchType $refetchType fetches as its name says and marks the rest', async (one) => {
    const world = worldOf(strategy)
    await world.showLoaded(['goals', 'active'])
    const gone = await world.showLoaded(['goals', 'inactive'])
    gone.unmount()
    world.change(goals, { refetchType: one.refetchType })
    await advance(2000)
    expect(startsOf(world, ['goals', 'active'])).toHaveLength(1 + one.active)
    expect(startsOf(world, ['goals', 'inactive'])).toHaveLength(1 + one.inactive)
    expect(isInvalidated(world, ['goals', 'active'])).toBe(one.active === 0)
    expect(isInvalidated(world, ['goals', 'inactive'])).toBe(one.inactive === 0)
  })

  it.each(['none', 'inactive'] as const)(
    'refetchType %s leaves an active query stale also when a fetch of it was in flight',
    async (refetchType) => {
      const world = worldOf(strategy)
      await world.showLoaded(goals)
      world.server.latencyMs = () => 500
      void world.queryClient.refetchQueries({ queryKey: goals })
      await advance(10)
      world.change(goals, { refetchType })
      await advance(2000)
      expect(isInvalidated(world, goals)).toBe(true)
      expect(startsOf(world, goals)).toHaveLength(2)
    },
  )

  it("REFETCH 'all' fetches unmounted queries, 'active' does not", async () => {
    const world = worldOf(strategy)
    const gone = await world.showLoaded(goals)
    gone.unmount()
    world.coalescer.scheduleRefetch(goals, 'active')
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(1)
    world.coalescer.scheduleRefetch(goals, 'all')
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('a disabled query is neither fetched nor awaited, and fetches when it is enabled', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    shown.observer.setOptions({ queryKey: goals, enabled: false })
    announce(world, 'INVALIDATE', goals)
    const flushed = watchPromise(world.coalescer.flush())
    await advance(0)
    expect(flushed.isResolved).toBe(true)
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(1)
    shown.observer.setOptions({ queryKey: goals, enabled: true })
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it("a static query is neither fetched nor awaited, also under refetchType 'all'", async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals, { staleTime: 'static' })
    world.coalescer.scheduleInvalidate(goals, { refetchType: 'all' })
    world.coalescer.scheduleRefetch(goals, 'all')
    const settled = watchPromise(world.coalescer.settled())
    await advance(1000)
    expect(settled.isResolved).toBe(true)
    expect(startsOf(world, goals)).toHaveLength(1)
  })

  it.each(['all', 'active'] as const)('a query with skipToken is not fetched by REFETCH %s', async (type) => {
    const world = worldOf(strategy)
    world.queryClient.setQueryData(goals, { version: 0 })
    world.show(goals, { queryFn: skipToken })
    world.coalescer.scheduleRefetch(goals, type)
    const settled = watchPromise(world.coalescer.settled())
    await advance(1000)
    expect(settled.isResolved).toBe(true)
    expect(world.errors).toEqual([])
    expect(world.flushed.flatMap(({ fetched }) => fetched)).toEqual([])
  })

  it('a query that was set by hand and has no queryFn is not fetched', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server, queries: { queryFn: undefined as never } })
    world.queryClient.setQueryData(goals, { version: 0 })
    world.coalescer.scheduleRefetch(goals, 'all')
    await advance(1000)
    expect(world.errors).toEqual([])
    expect(world.flushed.flatMap(({ fetched }) => fetched)).toEqual([])
  })

  it('a query that no event names is left alone', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(['partners', 1])
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', ['partners', 2])
    announce(world, 'INVALIDATE', ['partner'])
    await advance(1000)
    expect(startsOf(world, ['partners', 1])).toHaveLength(1)
    expect(isInvalidated(world, ['partners', 1])).toBe(false)
  })
})

describe.each(coalescing)('G6 quiet elsewhere, %s', (strategy) => {
  it('a query unmounted while its fetch waits for a slot is not fetched, and is stale for the next mount', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    await world.showLoaded(['partners'])
    const shown = await world.showLoaded(goals)
    world.coalescer.scheduleInvalidate(goals)
    world.coalescer.scheduleInvalidate(['partners'])
    void world.coalescer.flush()
    world.queryClient.setQueryData(goals, { version: 50 })
    shown.unmount()
    await advance(1000)
    expect(startsOf(world, ['partners'])).toHaveLength(2)
    expect(startsOf(world, goals)).toHaveLength(1)
    expect(isInvalidated(world, goals)).toBe(true)
  })
})
