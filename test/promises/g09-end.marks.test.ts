import { describe, expect, it } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import {
  announce,
  eventKinds,
  everyStrategy,
  fetchDelayOf,
  flushDelayOf,
  isInvalidated,
  startsOf,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']

describe.each(everyStrategy)('G9 reset() takes no mark back, %s', (strategy) => {
  it.each(eventKinds)('a query whose fetch for %s it cancels is marked stale', async (kind) => {
    const world = worldOf(strategy, { queries: { queryFn: undefined as never } })
    await world.showLoaded(goals, { queryFn: world.server.abortableQueryFn })
    world.server.latencyMs = () => 1000
    announce(world, kind, goals)
    // For hybrid: marked, and its fetch not yet started.
    await advance(flushDelayOf(strategy) + 10)
    world.coalescer.reset()
    await advance(5000)
    expect(world.queryClient.getQueryData(goals)).toEqual({ version: 0 })
    // A refetch marks nothing: it asks for a fetch, and says nothing of what is there.
    expect(kind === 'REFETCH' || isInvalidated(world, goals)).toBe(true)
    expect(startsOf(world, goals).length).toBeLessThanOrEqual(2)
  })

  it.each([false, true])(
    'nor of a query that was patched while its fetch ran, with an event since: %s',
    async (hasEventSince) => {
      const world = worldOf(strategy)
      await world.showLoaded(goals)
      world.server.latencyMs = () => 1000
      announce(world, 'INVALIDATE', goals)
      await advance(fetchDelayOf(strategy) + 10)
      world.queryClient.setQueryData(goals, { version: 0, isPatched: true })
      if (hasEventSince) announce(world, 'INVALIDATE', goals)
      await advance(flushDelayOf(strategy) + 10)
      world.coalescer.reset()
      await advance(5000)
      expect(world.queryClient.getQueryData(goals)).toMatchObject({ version: 0 })
      expect(isInvalidated(world, goals)).toBe(true)
    },
  )

  it('nor of a query that waits for a slot, or is not on screen', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    for (const id of [1, 2]) await world.showLoaded(['goals', id])
    const hidden = await world.showLoaded(['goals', 3])
    hidden.unmount()
    world.server.latencyMs = () => 1000
    announce(world, 'INVALIDATE', goals)
    await advance(flushDelayOf(strategy) + 10)
    world.coalescer.reset()
    await advance(5000)
    expect([1, 2, 3].map((id) => isInvalidated(world, ['goals', id]))).toEqual([true, true, true])
  })

  it('nor one that the app has set', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(partners)
    void world.queryClient.invalidateQueries({ queryKey: partners, refetchType: 'none' })
    announce(world, 'INVALIDATE', goals)
    await advance(10)
    world.coalescer.reset()
    expect(isInvalidated(world, partners)).toBe(true)
  })
})

describe.each(everyStrategy)('G9 stop() as the network returns, %s', (strategy) => {
  // However far the fetch that was paused has come by then, it is the one that brings what the event told of.
  it.each([0, 1, 2, 3, 4, 5, 6, 8])('leaves a query fresh whose fetch goes on %i microtasks before', async (ticks) => {
    for (const pending of ['markStale', 'flush', 'drop'] as const) {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      world.goOffline()
      announce(world, 'INVALIDATE', goals)
      await advance(500)
      world.goOnline()
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
      world.coalescer.stop({ pending })
      await advance(1000)
      expect([shown.version(), isInvalidated(world, goals), startsOf(world, goals).length]).toEqual([1, false, 2])
    }
  })

  it.each(['markStale', 'flush'] as const)('%s: treats an older fetch that goes on as told', async (pending) => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    void shown.observer.refetch()
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.stop({ pending })
    await advance(1000)
    expect([shown.version(), isInvalidated(world, goals)]).toEqual(
      pending === 'flush' || strategy === 'direct' ? [1, false] : [0, true],
    )
  })
})
