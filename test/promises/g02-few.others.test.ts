import { createCoalescer } from 'realtime-coalescer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import { announce, coalescing, isInvalidated, startsOf, timing, watchEnd, watchPromise, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

/** An event, and a fetch that the app itself starts 10 ms later and that takes `latencyMs`. */
async function fetchedByTheApp(world: World, latencyMs: number, event: () => void): Promise<void> {
  world.server.latencyMs = () => latencyMs
  event()
  await advance(10)
  void world.queryClient.refetchQueries({ queryKey: goals })
  await drain()
}

describe.each(coalescing)('a fetch by the app that started after the event, %s', (strategy) => {
  const setup = async (): Promise<World> => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    return world
  }

  it('and has ended, takes the place of one', async () => {
    const world = await setup()
    await fetchedByTheApp(world, 5, () => announce(world, 'INVALIDATE', goals))
    await advance(5)
    const flushed = watchPromise(world.coalescer.flush())
    await drain()
    expect(flushed.isResolved).toBe(true)
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(world.flushed).toMatchObject([{ fetched: [], skippedFresh: 1, markedStale: 0 }])
  })

  it('and is running, is waited for', async () => {
    const world = await setup()
    await fetchedByTheApp(world, 200, () => announce(world, 'INVALIDATE', goals))
    const ended = watchEnd(world)
    await advance(199)
    expect(ended()).toEqual([false, false])
    await advance(1)
    expect(ended()).toEqual([true, true])
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('and is cancelled, is made up for', async () => {
    const world = await setup()
    await fetchedByTheApp(world, 500, () => announce(world, 'INVALIDATE', goals))
    await advance(timing.quietMs + 10)
    await world.queryClient.cancelQueries({ queryKey: goals })
    await advance(2000)
    expect(startsOf(world, goals)).toHaveLength(3)
    expect(world.queryClient.getQueryData(goals)).toEqual({ version: 1 })
  })

  describe.each([
    ['before', 5],
    ['after', 200],
  ])('and fails %s the flush,', (_, latencyMs) => {
    const failed = async (refetchType: 'active' | 'none'): Promise<World> => {
      const world = await setup()
      world.server.fails = () => true
      await fetchedByTheApp(world, latencyMs, () => world.change(goals, { refetchType }))
      await advance(1000)
      expect(startsOf(world, goals)).toHaveLength(2)
      return world
    }

    it('is reported, but is no failure of its own', async () => {
      const world = await failed('active')
      expect(world.errors.map(({ info }) => info.type)).toEqual(['refetchFailed'])
      expect(world.coalescer.getSnapshot().stats.fetchesFailed).toBe(0)
    })

    it('is not reported if the event asked for no fetch', async () => {
      const world = await failed('none')
      expect(world.errors).toEqual([])
      expect(isInvalidated(world, goals)).toBe(true)
    })
  })
})

describe.each(coalescing)('a second coalescer on the client, %s', (strategy) => {
  it('takes the fetches of the first for the requests they are', async () => {
    const world = worldOf(strategy)
    const second = createCoalescer({ queryClient: world.queryClient, onWarning: () => undefined })
    onTestFinished(() => second.stop())
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    second.scheduleInvalidate(goals)
    await advance(2000)
    expect(startsOf(world, goals).length).toBeLessThanOrEqual(3)
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(shown.version()).toBe(2)
    expect(startsOf(world, goals).length).toBeLessThanOrEqual(4)
  })
})
