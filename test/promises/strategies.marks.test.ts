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
    const seen: string[] = []
    for (const id of [1, 2]) {
      await world.showLoaded(['goals', id], {
        enabled: () => {
          seen.push(`looked at ${id}`)
          return true
        },
        queryFn: (context) => {
          seen.push(`started ${id}`)
          return world.server.queryFn(context)
        },
      })
    }
    seen.length = 0
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    const each = ['looked at 1', 'started 1', 'looked at 2', 'started 2']
    const all = ['looked at 1', 'looked at 2', 'started 1', 'started 2']
    expect([...new Set(seen)]).toEqual(strategy === 'direct' ? each : all)
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
