import { InfiniteQueryObserver } from '@tanstack/react-query'
import { describe, expect, it, onTestFinished } from 'vitest'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import { announce, coalescing, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

/** A component that shows an infinite query; each page takes 20 ms and says at which version it was asked for. */
function showPages(world: World) {
  const requested: number[] = []
  let isDown = false
  const observer = new InfiniteQueryObserver(world.queryClient, {
    queryKey: goals,
    queryFn: async ({ pageParam }) => {
      requested.push(pageParam)
      const version = world.server.versionOf(goals)
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (isDown && pageParam === 2) throw new Error('503')
      return { pageParam, version }
    },
    initialPageParam: 1,
    getNextPageParam: (page) => page.pageParam + 1,
    retry: 1,
    retryDelay: 50,
  })
  onTestFinished(observer.subscribe(() => undefined))
  const load = async (pages: number): Promise<void> => {
    await advance(20)
    for (let page = 1; page < pages; page += 1) {
      void observer.fetchNextPage()
      await advance(20)
    }
    requested.length = 0
  }
  return {
    /** The pages asked for, in order. */
    requested,
    load,
    fetchNextPage: (): void => void observer.fetchNextPage(),
    /** Loads two pages; an event's fetch then brings the first, and fails with the second, which waits for its retry. */
    async failSecondPage() {
      await load(2)
      isDown = true
      announce(world, 'INVALIDATE', goals)
      void world.coalescer.flush()
      await advance(60)
      isDown = false
    },
    versions: () => observer.getCurrentResult().data?.pages.map(({ version }) => version),
  }
}

describe.each(coalescing)('G2 few, of infinite queries, %s', (strategy) => {
  it('ten events over five pages are at most two passes', async () => {
    const world = worldOf(strategy)
    const { load, requested, versions } = showPages(world)
    await load(5)
    for (let event = 0; event < 10; event += 1) {
      announce(world, 'INVALIDATE', goals)
      await advance(15)
    }
    await advance(2000)
    expect(requested.length).toBeLessThanOrEqual(10)
    expect(versions()).toEqual([10, 10, 10, 10, 10])
  })

  it('an event while fetchNextPage runs renews the pages that were there before, and keeps the new one', async () => {
    const world = worldOf(strategy)
    const { load, fetchNextPage, versions } = showPages(world)
    await load(1)
    announce(world, 'INVALIDATE', goals)
    await drain()
    fetchNextPage()
    await advance(2000)
    expect(versions()).toEqual([1, 1])
  })

  it('an event before a retry of the last page renews the pages that the retry leaves as they are', async () => {
    const world = worldOf(strategy)
    const { failSecondPage, versions } = showPages(world)
    await failSecondPage()
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(versions()).toEqual([2, 2])
  })

  it('so does an event while that retry waits for the network', async () => {
    const world = worldOf(strategy)
    const { failSecondPage, versions } = showPages(world)
    await failSecondPage()
    world.goOffline()
    await advance(100)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    world.goOnline()
    await advance(2000)
    expect(versions()).toEqual([2, 2])
  })

  it('a fetch that starts when the network is back answers every event until then, in one pass', async () => {
    const world = worldOf(strategy)
    const { load, requested, versions } = showPages(world)
    await load(2)
    world.goOffline()
    for (let event = 0; event < 2; event += 1) {
      announce(world, 'INVALIDATE', goals)
      void world.coalescer.flush()
      await advance(100)
    }
    world.goOnline()
    await advance(2000)
    expect([requested, versions()]).toEqual([
      [1, 2],
      [2, 2],
    ])
  })
})
