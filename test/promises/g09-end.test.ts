import { focusManager, onlineManager } from '@tanstack/react-query'
import { coalesceQueryClient } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import {
  announce,
  coalescing,
  everyStrategy,
  isInvalidated,
  startsOf,
  timing,
  watchPromise,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']

const listeners = (manager: object): number => (manager as { listeners: Set<unknown> }).listeners.size

describe.each(everyStrategy)('G9 stop, %s', (strategy) => {
  it.each(['markStale', 'flush', 'drop'] as const)('%s leaves no timer and no subscription', async (pending) => {
    const before = { focus: listeners(focusManager), online: listeners(onlineManager) }
    const world = worldOf(strategy, { mounted: false, leading: true })
    const cache = world.queryClient.getQueryCache()
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'CHANGE', partners)
    if (strategy === 'hybrid') await advance(timing.quietMs)
    world.coalescer.stop({ pending })
    await advance(500)
    expect(vi.getTimerCount()).toBe(0)
    expect(cache.hasListeners()).toBe(false)
    expect({ focus: listeners(focusManager), online: listeners(onlineManager) }).toEqual(before)
  })

  it('getSnapshot() still works after stop, is idle and stays the same object', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.stop()
    const snapshot = world.coalescer.getSnapshot()
    expect(snapshot).toMatchObject({ strategy, phase: 'idle', pendingKeys: 0, inFlight: 0 })
    expect(snapshot.stats.eventsReceived).toBe(1)
    await advance(1000)
    expect(world.coalescer.getSnapshot()).toBe(snapshot)
  })

  it('twice is once, whatever the second call says', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.stop({ pending: 'drop' })
    const starts = startsOf(world, goals).length
    world.coalescer.stop({ pending: 'flush' })
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(starts)
  })

  it('promises given before stop resolve', async () => {
    const world = worldOf(strategy)
    world.server.latencyMs = () => 5000
    world.show(goals)
    await advance(1)
    announce(world, 'INVALIDATE', goals)
    const waits = [watchPromise(world.coalescer.settled()), watchPromise(world.coalescer.flush())]
    world.coalescer.stop()
    await drain()
    expect(waits.map(({ isResolved }) => isResolved)).toEqual([true, true])
    await world.coalescer.settled()
  })

  it('a fetch in flight from before its event: markStale leaves its query stale', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.server.latencyMs = () => 300
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(10)
    world.server.write(goals)
    world.coalescer.scheduleInvalidate(goals, { refetchType: 'none' })
    world.coalescer.stop()
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(isInvalidated(world, goals)).toBe(true)
    shown.unmount()
    const again = await world.showLoaded(goals)
    expect(again.version()).toBe(1)
  })

  it('a first fetch from before its event: flush fetches once more when it has ended', async () => {
    const world = worldOf(strategy)
    const shown = world.show(goals)
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.stop({ pending: 'flush' })
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('a first fetch from before its event: drop lets it be', async () => {
    const world = worldOf(strategy)
    world.show(goals)
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.stop({ pending: 'drop' })
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(1)
    expect(isInvalidated(world, goals)).toBe(false)
  })

  it('a fetch to follow: each policy holds', async () => {
    const fetched: Record<string, [number, boolean | undefined]> = {}
    for (const pending of ['markStale', 'flush', 'drop'] as const) {
      const world = worldOf(strategy)
      world.show(goals)
      await advance(10)
      announce(world, 'INVALIDATE', goals)
      void world.coalescer.flush()
      await drain()
      world.coalescer.stop({ pending })
      await advance(1000)
      fetched[pending] = [startsOf(world, goals).length, isInvalidated(world, goals)]
      world.end()
    }
    expect(fetched).toEqual({ markStale: [1, true], flush: [2, false], drop: [1, false] })
  })

  it('queries that wait for a slot: each policy holds, and flush keeps to the limit', async () => {
    const ends: Record<string, unknown> = {}
    for (const pending of ['markStale', 'flush', 'drop'] as const) {
      const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
      const keys = [1, 2, 3].map((id) => ['goals', id])
      for (const key of keys) await world.showLoaded(key)
      announce(world, 'INVALIDATE', goals)
      void world.coalescer.flush()
      await drain()
      world.coalescer.stop({ pending })
      let peak = 0
      for (let at = 0; at < 1000; at += 10) {
        await advance(10)
        peak = Math.max(peak, world.server.requests.filter(({ outcome }) => outcome === 'running').length)
      }
      const stale = keys.filter((key) => isInvalidated(world, key)).length
      ends[pending] = { requests: world.server.requests.length, peak, stale }
      world.end()
    }
    expect(ends).toEqual({
      markStale: { requests: 4, peak: 1, stale: 2 },
      flush: { requests: 6, peak: 1, stale: 0 },
      drop: { requests: 4, peak: 1, stale: 2 },
    })
  })

  it.each([
    { pending: 'markStale', started: 1, leavesStale: true },
    { pending: 'flush', started: 3, leavesStale: false },
    { pending: 'drop', started: 1, leavesStale: strategy !== 'direct' },
  ] as const)('in the middle of a flush, from code of the app, $pending treats the rest as told', async (expected) => {
    const world = worldOf(strategy)
    const keys = [0, 1, 2].map((id) => ['lists', id])
    for (const key of keys) await world.showLoaded(key)
    const unsubscribe = world.queryClient.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated' || event.action.type !== 'fetch') return
      unsubscribe()
      world.coalescer.stop({ pending: expected.pending })
    })
    announce(world, 'INVALIDATE', ['lists'])
    await advance(1000)
    expect(keys.flatMap((key) => startsOf(world, key)).length - keys.length).toBe(expected.started)
    expect(keys.some((key) => isInvalidated(world, key))).toBe(expected.leavesStale)
    expect(world.errors).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('starts nothing that was queued, in a slot that has just become free', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, {
      server,
      maxConcurrentRefetches: 2,
      queries: { queryFn: server.abortableQueryFn },
    })
    const keys = [0, 1, 2].map((id) => ['lists', id])
    const first = await world.showLoaded(keys[0] ?? [])
    for (const key of keys.slice(1)) await world.showLoaded(key)
    world.coalescer.scheduleInvalidate(['lists'], { urgent: true })
    await advance(1)
    announce(world, 'REFETCH', ['lists'])
    const requests = server.requests.length
    first.unmount()
    world.coalescer.stop()
    await advance(1000)
    expect(server.requests).toHaveLength(requests)
  })

  it('what only a refetch was asked for is left stale, also when a fetch from before ends after the stop', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    void shown.observer.refetch()
    await advance(1)
    void coalesceQueryClient(world.queryClient, world.coalescer).refetchQueries({ queryKey: goals })
    world.coalescer.stop()
    await advance(5000)
    // `direct` has started its own fetch before the stop.
    expect(isInvalidated(world, goals)).toBe(strategy !== 'direct')
  })

  it('while hidden, flush marks instead of fetching', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    world.hide()
    announce(world, 'INVALIDATE', goals)
    world.coalescer.stop({ pending: 'flush' })
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(1)
    expect(isInvalidated(world, goals)).toBe(true)
  })

  it('from inside a flushed listener ends the coalescer and contains nothing', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    world.coalescer.on('flushed', () => world.coalescer.stop())
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(world.errors).toEqual([])
    expect(world.coalescer.getSnapshot().phase).toBe('idle')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe.each(coalescing)('G9 stop with work pending, %s', (strategy) => {
  it.each([
    { pending: undefined, starts: 1, stale: true },
    { pending: 'markStale', starts: 1, stale: true },
    { pending: 'flush', starts: 2, stale: false },
    { pending: 'drop', starts: 1, stale: false },
  ] as const)('pending: $pending', async ({ pending, starts, stale }) => {
    for (const kind of ['INVALIDATE', 'CHANGE'] as const) {
      const world = worldOf(strategy)
      await world.showLoaded(goals)
      announce(world, kind, goals)
      world.coalescer.stop({ pending })
      await advance(1000)
      expect([kind, startsOf(world, goals).length, isInvalidated(world, goals)]).toEqual([kind, starts, stale])
      world.end()
    }
  })

  it('the last flush is told of, with reason stop', async () => {
    for (const pending of ['markStale', 'flush'] as const) {
      const world = worldOf(strategy)
      await world.showLoaded(goals)
      announce(world, 'INVALIDATE', goals)
      world.coalescer.stop({ pending })
      const [fetched, markedStale] = pending === 'flush' ? [['["goals"]'], 0] : [[], 1]
      expect(world.flushed).toMatchObject([{ reason: 'stop', fetched, markedStale }])
      world.end()
    }
  })
})
