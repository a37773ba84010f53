import { describe, expect, it } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import { announce, everyStrategy, startsOf, watchPromise, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(everyStrategy)('G1 fresh, a query shown during a fetch from before the event, %s', (strategy) => {
  /** A world in which nobody shows the query, whose fetch of 400 ms has just started. */
  const setup = async (): Promise<World> => {
    const world = worldOf(strategy)
    world.server.latencyMs = () => 400
    void world.queryClient.prefetchQuery({ queryKey: goals })
    await advance(10)
    return world
  }

  it('is not left with the old data', async () => {
    const world = await setup()
    announce(world, 'INVALIDATE', goals)
    await advance(300)
    const shown = world.show(goals)
    await advance(2000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('nor if a later event asks for no fetch', async () => {
    const world = await setup()
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    world.change(goals, { refetchType: 'none' })
    await advance(300)
    const shown = world.show(goals)
    await advance(2000)
    expect(shown.version()).toBe(2)
  })

  it('is not fetched once more if somebody else has fetched it since the event', async () => {
    const world = await setup()
    await advance(400)
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    await advance(200)
    const shown = world.show(goals)
    void shown.observer.refetch()
    await advance(2000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('counts its fetch as one that a flush per event had started, too', async () => {
    const world = await setup()
    await advance(400)
    await world.showLoaded(['partners'])
    const saved = (): number => world.coalescer.getSnapshot().stats.fetchesSaved
    for (let event = 0; event < 3; event += 1) announce(world, 'INVALIDATE', ['partners'])
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    await advance(200)
    const before = saved()
    const shown = world.show(goals)
    await advance(2000)
    expect([saved(), shown.version(), startsOf(world, goals).length]).toEqual([before, 1, 3])
  })

  it('has not settled between that fetch and the next', async () => {
    const world = await setup()
    announce(world, 'INVALIDATE', goals)
    await advance(200)
    const shown = world.show(goals)
    let settled: ReturnType<typeof watchPromise> | undefined
    const unsubscribe = world.queryClient.getQueryCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'success') {
        settled ??= watchPromise(world.coalescer.settled())
      }
    })
    await advance(200)
    expect([shown.version(), settled?.isResolved]).toEqual([0, false])
    await advance(400)
    unsubscribe()
    expect([shown.version(), settled?.isResolved]).toEqual([1, true])
  })
})

describe.each(everyStrategy)('flush(), %s', (strategy) => {
  it('resolves with the fetch it led to, though the app fetches the query again at once', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    const flushed = watchPromise(world.coalescer.flush())
    const unsubscribe = world.queryClient.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated' || event.action.type !== 'success') return
      world.server.latencyMs = () => 5000
      event.query.fetch().catch(() => undefined)
    })
    await advance(101)
    unsubscribe()
    expect([flushed.isResolved, startsOf(world, goals).length]).toEqual([true, 3])
  })
})
