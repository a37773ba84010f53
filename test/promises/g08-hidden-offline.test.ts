import { focusManager } from '@tanstack/react-query'
import { coalesceQueryClient } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, eventKinds, everyStrategy, sendChange, startsOf, watchPromise, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']

describe.each(everyStrategy)('G8 hidden, %s', (strategy) => {
  describe.each([{ mounted: true }, { mounted: false }])('client mounted: $mounted', ({ mounted }) => {
    it.each(eventKinds)('%s: twenty events start no fetch, and one per query on return', async (kind) => {
      const world = worldOf(strategy, { mounted })
      const shown = await world.showLoaded(goals)
      const other = await world.showLoaded(partners)
      world.hide()
      for (let event = 0; event < 20; event += 1) {
        announce(world, kind, goals)
        announce(world, kind, partners)
        await advance(100)
      }
      expect(world.server.requests).toHaveLength(2)
      world.unhide()
      await advance(3000)
      expect([shown.version(), other.version()]).toEqual([20, 20])
      expect(world.server.requests).toHaveLength(4)
      expect(world.flushed.map(({ reason }) => reason)).toEqual(['visible'])
    })
  })

  it.each([{ staleTime: 0 }, { staleTime: Infinity }, { staleTime: 0, refetchOnWindowFocus: 'always' as const }])(
    "TanStack's own focus refetch does not fetch a second time (%o)",
    async (queries) => {
      const world = worldOf(strategy, { queries, maxConcurrentRefetches: Infinity })
      const shown = await world.showLoaded(goals)
      world.hide()
      announce(world, 'INVALIDATE', goals)
      await advance(5000)
      world.unhide()
      await advance(3000)
      expect(shown.version()).toBe(1)
      expect(startsOf(world, goals)).toHaveLength(2)
    },
  )

  it.each([{ staleTime: 0 }, { staleTime: Infinity }])(
    'with one slot every query is still fetched once on return (%o)',
    async (queries) => {
      const world = worldOf(strategy, { queries, maxConcurrentRefetches: 1 })
      await world.showLoaded(goals)
      await world.showLoaded(partners)
      world.hide()
      announce(world, 'INVALIDATE', goals)
      announce(world, 'INVALIDATE', partners)
      await advance(5000)
      world.unhide()
      await advance(3000)
      expect(startsOf(world, goals)).toHaveLength(2)
      expect(startsOf(world, partners)).toHaveLength(2)
    },
  )

  it.each([{ mounted: true }, { mounted: false }])(
    'a retry that TanStack holds back while hidden goes on upon return (%o)',
    async ({ mounted }) => {
      const server = new SimulatedServer()
      const world = worldOf(strategy, { server, mounted, queries: { retry: 3, retryDelay: 200 } })
      const shown = await world.showLoaded(goals)
      server.fails = () => true
      announce(world, 'INVALIDATE', goals)
      void world.coalescer.flush()
      await advance(150)
      world.hide()
      server.fails = () => false
      await advance(2000)
      expect(startsOf(world, goals)).toHaveLength(2)
      announce(world, 'INVALIDATE', goals)
      world.unhide()
      await advance(2000)
      expect(shown.version()).toBe(2)
      expect(startsOf(world, goals)).toHaveLength(3)
    },
  )

  it('flush(), urgent events and FLUSH start no fetch while hidden, and flush() does not hang', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    world.hide()
    world.change(goals, { urgent: true })
    const flushed = watchPromise(world.coalescer.flush())
    world.coalescer.send({ type: 'FLUSH' })
    const settled = watchPromise(world.coalescer.settled())
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(1)
    expect([flushed.isResolved, settled.isResolved]).toEqual([true, true])
    world.unhide()
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('a page that hides between the event and its fetch starts no fetch until it returns', async () => {
    for (const hideAfterMs of [1, 49, 51, 89]) {
      const world = worldOf(strategy === 'direct' ? 'hybrid' : strategy, { maxConcurrentRefetches: 1 })
      const shown = await world.showLoaded(goals)
      announce(world, 'INVALIDATE', goals)
      await advance(hideAfterMs)
      const before = startsOf(world, goals).length
      world.hide()
      await advance(5000)
      expect(startsOf(world, goals)).toHaveLength(before)
      world.unhide()
      await advance(1000)
      expect(shown.version()).toBe(1)
      expect(startsOf(world, goals)).toHaveLength(2)
      world.end()
    }
  })

  it('a fetch to follow waits for the return', async () => {
    const world = worldOf(strategy)
    world.server.latencyMs = () => 300
    const shown = world.show(goals)
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    world.hide()
    await advance(5000)
    expect(startsOf(world, goals)).toHaveLength(1)
    world.unhide()
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('flush() waits for the fetch it has started, also when the page hides meanwhile', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    const flushed = watchPromise(world.coalescer.flush())
    await advance(50)
    world.hide()
    await advance(49)
    expect(flushed.isResolved).toBe(false)
    await advance(1)
    expect(flushed.isResolved).toBe(true)
  })

  it.each(['before', 'after'] as const)(
    'flush() called %s the page hides waits for nothing that is deferred',
    async (when) => {
      const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
      await world.showLoaded(goals)
      await world.showLoaded(['partners'])
      announce(world, 'INVALIDATE', goals)
      announce(world, 'INVALIDATE', ['partners'])
      void world.coalescer.flush()
      const before = when === 'before' && watchPromise(world.coalescer.flush())
      await advance(50)
      world.hide()
      const flushed = before || watchPromise(world.coalescer.flush())
      await advance(1000)
      expect(flushed.isResolved).toBe(true)
      expect(world.server.requests).toHaveLength(3)
    },
  )

  it('a page that was hidden from the start defers, too', async () => {
    focusManager.setFocused(false)
    const world = worldOf(strategy)
    world.queryClient.setQueryData(goals, { version: 0 })
    const shown = world.show(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(startsOf(world, goals)).toHaveLength(0)
    world.unhide()
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it('hidden and visible again and again: no event is lost and each return fetches once', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    for (let round = 1; round <= 5; round += 1) {
      world.hide()
      announce(world, 'INVALIDATE', goals)
      await advance(30)
      world.unhide()
      await advance(300)
      expect(shown.version()).toBe(round)
      expect(startsOf(world, goals)).toHaveLength(1 + round)
    }
  })

  it('hidden again: whoever waits is let go again, and the time counts again as no wait', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    world.hide()
    await advance(100)
    world.unhide()
    const waiting = watchPromise(client.invalidateQueries({ queryKey: goals }))
    world.server.write(goals)
    world.hide()
    world.coalescer.scheduleInvalidate(goals)
    await advance(1000)
    expect(waiting.isResolved).toBe(true)
    world.unhide()
    await advance(1000)
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual(strategy === 'direct' ? [0, 0] : [0])
    expect(shown.version()).toBe(1)
  })

  it('a return with nothing missed fetches nothing', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    world.hide()
    await advance(1000)
    world.unhide()
    await advance(1000)
    expect(world.server.requests).toHaveLength(1)
    expect(world.flushed).toEqual([])
  })

  it('handlers may run while hidden, their fetches may not', async () => {
    const world = worldOf(strategy, { maxBufferedChanges: 3 })
    await world.showLoaded(goals)
    world.hide()
    for (let change = 0; change < 10; change += 1) {
      sendChange(world, { invalidate: [goals], patch: [{ queryKey: goals, update: () => ({ version: -1 }) }] })
    }
    await advance(1000)
    expect(world.server.requests).toHaveLength(1)
    world.unhide()
    await advance(1000)
    expect(world.server.requests).toHaveLength(2)
  })

  it("whenHidden 'refetch' goes on as if the page were visible", async () => {
    const world = worldOf(strategy, { whenHidden: 'refetch' })
    const shown = await world.showLoaded(goals)
    world.hide()
    announce(world, 'INVALIDATE', goals)
    const flushed = watchPromise(world.coalescer.flush())
    await advance(50)
    world.unhide()
    world.hide()
    await advance(49)
    expect(flushed.isResolved).toBe(false)
    await advance(1000)
    expect(shown.version()).toBe(1)
    world.unhide()
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })
})
