import { describe, expect, it, vi } from 'vitest'
import { changeOf } from '../support/changeOf.ts'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, coalescing, everyStrategy, isInvalidated, startsOf, watchPromise, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']

describe.each(everyStrategy)('G9 reset, %s', (strategy) => {
  it('forgets what is pending, queued and to follow, and cancels the fetches it started', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, {
      server,
      maxConcurrentRefetches: 1,
      queries: { queryFn: server.abortableQueryFn },
    })
    await world.showLoaded(goals)
    await world.showLoaded(partners)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    void world.coalescer.flush()
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'CHANGE', partners)
    const requests = server.requests.length
    world.coalescer.reset()
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 0 })
    await advance(5000)
    expect(server.requests).toHaveLength(requests)
    expect(server.requests.at(-1)?.outcome).toBe('aborted')
  })

  it('a retry ladder it started ends', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server, queries: { retry: 3, retryDelay: 500 } })
    await world.showLoaded(goals)
    server.fails = () => true
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    await advance(200)
    const requests = server.requests.length
    world.coalescer.reset()
    await advance(10_000)
    expect(server.requests).toHaveLength(requests)
  })

  it('a fetch that the app started is let end', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server, queries: { queryFn: server.abortableQueryFn } })
    const shown = world.show(goals)
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.reset()
    await advance(1000)
    expect(shown.version()).toBe(0)
    expect(server.requests.map(({ outcome }) => outcome)).toEqual(['ok'])
  })

  it('handlers of buffered changes do not run afterwards', async () => {
    const world = worldOf(strategy)
    const handler = vi.fn<() => object>(() => ({}))
    world.coalescer.send({ type: 'CHANGE', change: changeOf('goals'), handler })
    const ran = handler.mock.calls.length
    world.coalescer.reset()
    await advance(1000)
    expect(handler).toHaveBeenCalledTimes(ran)
    expect(ran).toBe(strategy === 'batch' ? 0 : 1)
  })

  it('while hidden and offline: nothing of the old user is fetched on return', async () => {
    const world = worldOf(strategy, { mounted: false })
    await world.showLoaded(goals)
    world.goOffline()
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    world.hide()
    announce(world, 'INVALIDATE', goals)
    world.coalescer.reset()
    world.goOnline()
    world.unhide()
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(1)
  })

  it('data that was found too old in the same turn is not fetched afterwards, and stays marked', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const readAtMs = Date.now()
    await advance(100)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    world.queryClient.setQueryData(goals, { version: 0 }, { updatedAt: readAtMs })
    world.coalescer.reset()
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(isInvalidated(world, goals)).toBe(true)
  })

  it('works on for the next user, and lets those go who waited', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    const settled = watchPromise(world.coalescer.settled())
    const flushed = watchPromise(world.coalescer.flush())
    world.coalescer.reset()
    world.coalescer.send({ type: 'RESET' })
    await drain()
    expect([settled.isResolved, flushed.isResolved]).toEqual([true, true])
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(2)
    expect(startsOf(world, goals).length).toBeLessThanOrEqual(3)
  })

  it('a query client that is cleared first, as on sign-out, is fine', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    await advance(10)
    shown.unmount()
    world.queryClient.clear()
    world.coalescer.reset()
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(world.errors).toEqual([])
    expect(world.coalescer.getSnapshot()).toMatchObject({ inFlight: 0, phase: 'idle' })
  })
})

describe.each(coalescing)('G9 reset before the flush, %s', (strategy) => {
  it.each(['focus', 'reconnect'] as const)(
    'what is still pending is nothing to fetch for TanStack at the next %s either',
    async (next) => {
      const world = worldOf(strategy)
      await world.showLoaded(goals)
      await world.showLoaded(partners)
      if (next === 'reconnect') world.goOffline()
      announce(world, 'INVALIDATE', goals)
      announce(world, 'INVALIDATE', partners)
      world.coalescer.reset()
      const requests = world.server.requests.length
      if (next === 'focus') world.hide()
      await advance(100)
      if (next === 'focus') world.unhide()
      else world.goOnline()
      await advance(5000)
      expect(world.server.requests).toHaveLength(requests)
    },
  )
})
