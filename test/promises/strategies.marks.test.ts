import { describe, expect, it } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, everyStrategy, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(everyStrategy)('marks, %s', (strategy) => {
  it('a listener of the cache hears of the mark, and then of the start', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const heard: string[] = []
    world.queryClient.getQueryCache().subscribe((event) => {
      if (event.type === 'updated') heard.push(event.action.type)
    })
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(heard).toEqual(['invalidate', 'fetch', 'success'])
  })

  it('a component sees a query stale for as long as it is fetched, and is told once of both', async () => {
    const world = worldOf(strategy)
    const { observer } = await world.showLoaded(goals)
    const seen: string[] = []
    observer.subscribe(({ isStale, fetchStatus }) => seen.push(`${isStale ? 'stale' : 'fresh'} ${fetchStatus}`))
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    // `hybrid` marks first and fetches later.
    expect(seen).toEqual([...(strategy === 'hybrid' ? ['stale idle'] : []), 'stale fetching', 'fresh idle'])
  })

  it('a flush marks all its queries before it starts the first fetch, but for direct', async () => {
    const world = worldOf(strategy)
    const keys = [1, 2, 3].map((id) => ['goals', id])
    const stateOf = (key: unknown[]) => world.queryClient.getQueryState(key)
    const markedAtStart: number[] = []
    for (const key of keys) {
      await world.showLoaded(key, {
        queryFn: (context) => {
          markedAtStart.push(keys.filter((one) => stateOf(one)?.isInvalidated).length)
          return world.server.queryFn(context)
        },
      })
    }
    markedAtStart.length = 0
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    expect(markedAtStart).toEqual(strategy === 'direct' ? [1, 2, 3] : [3, 3, 3])
  })

  it('a component is told of the mark of a query that is not fetched, beside others that are', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(['goals', 1])
    const { observer } = await world.showLoaded(['goals', 2])
    await world.showLoaded(['goals', 3])
    const seen: string[] = []
    observer.subscribe(({ isStale, fetchStatus }) => seen.push(`${isStale ? 'stale' : 'fresh'} ${fetchStatus}`))
    for (const id of [1, 2, 3]) {
      world.coalescer.scheduleInvalidate(['goals', id], { refetchType: id === 2 ? 'none' : 'active' })
    }
    await advance(1000)
    expect(seen).toEqual(['stale idle'])
    expect([1, 2, 3].map((id) => world.server.requestsOf(['goals', id]).length)).toEqual([2, 1, 2])
  })

  it('a query that the fetch of another one removes is not fetched', async () => {
    const world = worldOf(strategy)
    const cache = world.queryClient.getQueryCache()
    await world.showLoaded(['goals', 1], {
      queryFn: (context) => {
        const other = cache.find({ queryKey: ['goals', 2] })
        if (other) cache.remove(other)
        return world.server.queryFn(context)
      },
    })
    await world.showLoaded(['goals', 2])
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(world.server.requestsOf(['goals', 2])).toHaveLength(1)
    await world.coalescer.settled()
  })

  it('a query whose fetch cannot start is seen to be stale, and nothing waits for it', async () => {
    const world = worldOf(strategy)
    const { observer } = await world.showLoaded(goals)
    const onFetch = (): never => {
      throw new Error('of the app')
    }
    observer.setOptions({ queryKey: goals, behavior: { onFetch } })
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    await world.coalescer.settled()
    expect(observer.getCurrentResult()).toMatchObject({ isStale: true, fetchStatus: 'idle' })
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', inFlight: 0, pendingKeys: 0 })
  })
})
