import { describe, expect, it } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, everyStrategy, startsOf, watchEnd, watchPromise, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']

describe.each(everyStrategy)('G8 offline, %s', (strategy) => {
  describe.each([{ mounted: true }, { mounted: false }])('client mounted: $mounted', ({ mounted }) => {
    it('events offline are one fetch on return; nothing hangs meanwhile', async () => {
      const world = worldOf(strategy, { mounted })
      const shown = await world.showLoaded(goals)
      world.goOffline()
      for (let event = 0; event < 5; event += 1) {
        announce(world, 'INVALIDATE', goals)
        await advance(500)
      }
      const flushed = watchPromise(world.coalescer.flush())
      const settled = watchPromise(world.coalescer.settled())
      await advance(10)
      expect([flushed.isResolved, settled.isResolved]).toEqual([true, true])
      expect(startsOf(world, goals)).toHaveLength(1)
      world.goOnline()
      await advance(2000)
      expect(shown.version()).toBe(5)
      expect(startsOf(world, goals)).toHaveLength(2)
      expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', inFlight: 0, pendingKeys: 0 })
    })

    it("the app's own paused fetch, which an event waits for, goes on when the network is back before its flush", async () => {
      const world = worldOf(strategy, { mounted })
      const shown = await world.showLoaded(goals)
      world.goOffline()
      void shown.observer.refetch()
      announce(world, 'INVALIDATE', goals)
      world.goOnline()
      await advance(5000)
      expect(world.queryClient.getQueryState(goals)?.fetchStatus).toBe('idle')
      expect(shown.version()).toBe(1)
    })

    it('flush() and settled() wait for no retry that is paused until the network returns', async () => {
      const world = worldOf(strategy, { mounted, queries: { retry: 1, retryDelay: 10 } })
      await world.showLoaded(goals)
      world.server.fails = () => true
      announce(world, 'INVALIDATE', goals)
      const ended = watchEnd(world)
      await advance(50)
      world.goOffline()
      await advance(50)
      expect(ended()).toEqual([false, false])
      await advance(100)
      expect(ended()).toEqual([true, true])
    })

    it('flush() waits for no fetch to follow that cannot start before the network returns', async () => {
      const world = worldOf(strategy, { mounted })
      const shown = world.show(goals)
      await advance(50)
      announce(world, 'INVALIDATE', goals)
      const flushed = watchPromise(world.coalescer.flush())
      world.goOffline()
      await advance(49)
      expect(flushed.isResolved).toBe(false)
      await advance(1)
      expect(flushed.isResolved).toBe(true)
      world.goOnline()
      await advance(1000)
      expect(shown.version()).toBe(1)
    })

    it('flush() does not wait for a slot that a retry holds until the network returns', async () => {
      const world = worldOf(strategy, { mounted, maxConcurrentRefetches: 1, queries: { retry: 1, retryDelay: 10 } })
      await world.showLoaded(goals)
      await world.showLoaded(partners)
      world.server.fails = () => true
      announce(world, 'INVALIDATE', goals)
      announce(world, 'INVALIDATE', partners)
      const flushed = watchPromise(world.coalescer.flush())
      await advance(50)
      world.goOffline()
      await advance(1000)
      expect(flushed.isResolved).toBe(true)
    })

    it('a first fetch that is paused offline counts as started on return', async () => {
      const world = worldOf(strategy, { mounted })
      world.goOffline()
      const shown = world.show(goals)
      announce(world, 'INVALIDATE', goals)
      await advance(2000)
      world.goOnline()
      await advance(2000)
      expect(shown.version()).toBe(1)
      expect(startsOf(world, goals).length).toBeLessThanOrEqual(mounted ? 1 : 2)
    })

    it('a retry that waits out the loss answers the events of the loss', async () => {
      const server = new SimulatedServer()
      const world = worldOf(strategy, { mounted, server, queries: { retry: 3, retryDelay: 100 } })
      const shown = await world.showLoaded(goals)
      server.fails = () => true
      announce(world, 'INVALIDATE', goals)
      void world.coalescer.flush()
      await advance(50)
      world.goOffline()
      server.fails = () => false
      await advance(1000)
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      world.goOnline()
      await advance(2000)
      expect(shown.version()).toBe(2)
      expect(startsOf(world, goals)).toHaveLength(3)
    })
  })

  it('offline and hidden together: one fetch once both are over, in either order', async () => {
    for (const order of ['online first', 'visible first']) {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      world.goOffline()
      world.hide()
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      if (order === 'online first') world.goOnline()
      else world.unhide()
      await advance(1000)
      if (order === 'online first') world.unhide()
      else world.goOnline()
      await advance(1000)
      expect(shown.version()).toBe(1)
      expect(startsOf(world, goals)).toHaveLength(2)
      world.end()
    }
  })

  it('queries over the limit are fetched on return, within the limit', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    await world.showLoaded(goals)
    await world.showLoaded(partners)
    world.goOffline()
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    const settled = watchPromise(world.coalescer.settled())
    await advance(1000)
    expect(settled.isResolved).toBe(true)
    world.goOnline()
    await advance(2000)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(startsOf(world, partners)).toHaveLength(2)
  })

  it('whoever waits for a slot is let go when the network is lost', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    await world.showLoaded(goals)
    await world.showLoaded(partners)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    const ended = watchEnd(world)
    await advance(50)
    world.goOffline()
    await advance(49)
    expect(ended()).toEqual([false, false])
    await advance(1)
    expect(ended()).toEqual([true, true])
    world.goOnline()
    await advance(100)
    for (const key of [goals, partners]) expect(startsOf(world, key)).toHaveLength(2)
  })
})
