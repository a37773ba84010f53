import { coalesceQueryClient } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { everyStrategy, fetchDelayOf, isInvalidated, startsOf, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const latencyMs = 100

/** Who calls `resetQueries`: the app with its own client, or with the wrapped one. */
const callers = ['raw', 'wrapped'] as const

describe.each(everyStrategy)('resetQueries of TanStack Query, %s', (strategy) => {
  const worldWith = (caller: (typeof callers)[number], maxConcurrentRefetches = Infinity) => {
    const world = worldOf(strategy, { maxConcurrentRefetches })
    const wrapped = coalesceQueryClient(world.queryClient, world.coalescer)
    return { world, wrapped, client: caller === 'raw' ? world.queryClient : wrapped }
  }

  it.each(callers)('%s: its fetch answers an event that is pending', async (caller) => {
    const { world, wrapped, client } = worldWith(caller)
    const shown = await world.showLoaded(goals)
    world.server.write(goals)
    if (strategy === 'direct') world.goOffline()
    void wrapped.invalidateQueries({ queryKey: goals })
    void client.resetQueries({ queryKey: goals })
    world.goOnline()
    await advance(1000)
    expect([shown.version(), isInvalidated(world, goals), startsOf(world, goals).length]).toEqual([1, false, 2])
  })

  it.each(callers)(
    '%s: takes the place of a fetch of ours, and is followed for a later event alone',
    async (caller) => {
      const { world, client } = worldWith(caller)
      const shown = await world.showLoaded(goals)
      world.change(goals)
      await advance(fetchDelayOf(strategy) + 10)
      void client.resetQueries({ queryKey: goals })
      await advance(latencyMs + 500)
      expect([shown.version(), isInvalidated(world, goals), startsOf(world, goals).length]).toEqual([1, false, 3])
      world.change(goals)
      await advance(1000)
      expect([shown.version(), startsOf(world, goals).length]).toEqual([2, 4])
      expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 0 })
    },
  )

  it.each(callers)('%s: its fetch answers one that waits for a slot', async (caller) => {
    const { world, client } = worldWith(caller, 1)
    const other = await world.showLoaded(['goals', 1])
    const shown = await world.showLoaded(goals)
    world.change(goals)
    await advance(fetchDelayOf(strategy) + 10)
    void client.resetQueries({ queryKey: goals, exact: true })
    await advance(1000)
    expect([shown.version(), other.version()]).toEqual([1, 1])
    const starts = startsOf(world, goals).length + startsOf(world, ['goals', 1]).length
    // The one that was running may be among those that are reset.
    expect(starts).toBeLessThanOrEqual(5)
    expect(isInvalidated(world, goals)).toBe(false)
  })

  it.each(callers)(
    '%s: what it brings back of a query that is not shown is stale for an event before',
    async (caller) => {
      const { world, client } = worldWith(caller)
      const shown = world.show(goals, { initialData: { version: 0 }, initialDataUpdatedAt: 0, staleTime: Infinity })
      await advance(10)
      shown.unmount()
      world.change(goals)
      await advance(1000)
      void client.resetQueries({ queryKey: goals })
      await advance(1000)
      expect(isInvalidated(world, goals)).toBe(true)
      const again = world.show(goals, { staleTime: Infinity })
      await advance(1000)
      expect(again.version()).toBe(1)
    },
  )
})
