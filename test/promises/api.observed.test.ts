import { QueryClient } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, timing, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe('an inspector', () => {
  const invalidations = (seen: readonly InspectionEvent[]): number =>
    seen.filter((event) => event.type === '@xstate.event' && event.event.type === 'INVALIDATE').length

  it('may be an observer', () => {
    const seen: InspectionEvent[] = []
    const { coalescer } = worldOf('debounce', { inspect: { next: (event) => seen.push(event) } })
    for (let event = 0; event < 3; event += 1) coalescer.scheduleInvalidate(goals)
    expect(invalidations(seen)).toBe(3)
  })

  it('that is attached later sees every event until it leaves, however often it says so', () => {
    const { coalescer } = worldOf('debounce')
    const seen: InspectionEvent[] = []
    const others: InspectionEvent[] = []
    const schedule = (times: number): void => {
      for (let event = 0; event < times; event += 1) coalescer.scheduleInvalidate(goals)
    }
    schedule(2)
    const first = coalescer.actor.system.inspect((event) => seen.push(event))
    const second = coalescer.actor.system.inspect((event) => others.push(event))
    schedule(3)
    first.unsubscribe()
    first.unsubscribe()
    schedule(4)
    expect([invalidations(seen), invalidations(others)]).toEqual([3, 7])
    second.unsubscribe()
    const sent = vi.spyOn(coalescer.actor, 'send')
    schedule(5)
    expect([invalidations(others), sent.mock.calls.length]).toEqual([7, 0])
    expect(coalescer.getSnapshot().stats.eventsReceived).toBe(14)
  })
})

describe('the snapshot', () => {
  it('keeps its stats while only its phase changes', () => {
    const { coalescer } = worldOf('debounce')
    const { stats } = coalescer.getSnapshot()
    coalescer.switchStrategy('perKey')
    expect(coalescer.getSnapshot()).toMatchObject({ strategy: 'perKey' })
    expect(coalescer.getSnapshot().stats).toBe(stats)
  })

  it('tells the longest wait of all, not the last', async () => {
    const world = worldOf('debounce')
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    announce(world, 'INVALIDATE', goals)
    await world.coalescer.flush()
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ flushes: 2, longestWaitMs: timing.quietMs })
  })

  it('is idle and the same after stop()', async () => {
    const world = worldOf('debounce')
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    announce(world, 'INVALIDATE', goals)
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'collecting', pendingKeys: 1, inFlight: 1 })
    world.coalescer.stop()
    const stopped = world.coalescer.getSnapshot()
    expect(stopped).toMatchObject({ strategy: 'debounce', phase: 'idle', pendingKeys: 0, inFlight: 0 })
    await advance(1000)
    expect(world.coalescer.getSnapshot()).toBe(stopped)
  })

  it('is the same after stop() in the middle of a flush', async () => {
    const world = worldOf('debounce')
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    let stopped: unknown
    world.coalescer.on('flushed', () => {
      world.coalescer.stop()
      stopped ??= world.coalescer.getSnapshot()
    })
    const unsubscribe = world.queryClient.getQueryCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'invalidate') {
        world.coalescer.stop()
        stopped ??= world.coalescer.getSnapshot()
      }
    })
    await advance(1000)
    unsubscribe()
    expect(stopped).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 0 })
    expect(world.coalescer.getSnapshot()).toBe(stopped)
  })

  it('is told once per turn, however many fetches end in it', async () => {
    const world = worldOf('debounce')
    for (const id of [1, 2, 3]) await world.showLoaded(['goals', id])
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    const listener = vi.fn<() => void>()
    world.coalescer.subscribe(listener)
    world.queryClient.removeQueries()
    await drain()
    expect(listener).toHaveBeenCalledTimes(1)
    expect(world.coalescer.getSnapshot().inFlight).toBe(0)
  })
})

describe('a failure is told with', () => {
  it('the query whose code failed', async () => {
    const world = worldOf('debounce')
    await world.showLoaded(goals)
    const query = world.queryClient.getQueryCache().find({ queryKey: goals })
    if (query)
      vi.spyOn(query, 'isActive').mockImplementation(() => {
        throw new Error('enabled() is broken')
      })
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    expect(world.errors.map(({ info }) => info)).toEqual([
      { type: 'queryFailed', queryKey: goals, queryHash: '["goals"]' },
    ])
    expect(query?.state.isInvalidated).toBe(true)
  })

  it('no query where it is of none', () => {
    const failures: unknown[] = []
    const queryClient = new QueryClient({
      defaultOptions: {
        queries: {
          queryKeyHashFn: () => {
            throw new Error('hash is broken')
          },
        },
      },
    })
    const coalescer = createCoalescer({ queryClient, onError: (_, info) => failures.push(info) })
    coalescer.scheduleInvalidate(goals, { exact: true })
    expect(failures).toEqual([{ type: 'queryFailed', queryKey: [], queryHash: '' }])
    expect(coalescer.getSnapshot().pendingKeys).toBe(1)
    coalescer.stop({ pending: 'drop' })
  })
})

describe('why a query was fetched', () => {
  it('is told by the keys of the flush that match it, and for no other query', async () => {
    const world = worldOf('debounce')
    await world.showLoaded(['goals', 1])
    await world.showLoaded(['partners'])
    world.coalescer.scheduleInvalidate(goals, { source: 'a' })
    world.coalescer.scheduleInvalidate(['partners'], { source: 'b' })
    world.coalescer.scheduleInvalidate(['goals', 2], { source: 'c' })
    expect(world.coalescer.explain('["goals",1]')).toBeUndefined()
    await advance(1000)
    expect(world.coalescer.explain('["goals",1]')).toEqual({
      reason: 'quiet',
      keys: [{ queryKey: goals, events: 1, sources: ['a'] }],
    })
    expect(world.coalescer.explain('["goals",2]')).toBeUndefined()
  })
})
