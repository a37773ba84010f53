import { QueryClient, type QueryKey, QueryObserver } from '@tanstack/react-query'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { changeOf } from '../support/changeOf.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, everyStrategy, isInvalidated, startsOf, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']
const fail = (): never => {
  throw new Error('of the app')
}

afterEach(() => vi.restoreAllMocks())

describe.each(everyStrategy)('containment, %s', (strategy) => {
  const types = (world: ReturnType<typeof worldOf>): string[] => world.errors.map(({ info }) => info.type)

  it('a listener that throws is reported; the other listeners and the fetches go on', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    const heard: string[] = []
    world.coalescer.on('flushed', fail)
    world.coalescer.on('flushed', () => heard.push('flushed'))
    world.coalescer.subscribe(fail)
    world.coalescer.subscribe(() => heard.push('change'))
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(heard).toContain('flushed')
    expect(heard).toContain('change')
    expect(new Set(types(world))).toEqual(new Set(['listenerFailed']))
  })

  it('an onError that throws is noted on the console and loses nothing', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const world = worldOf(strategy, { onError: fail })
    const shown = await world.showLoaded(goals)
    world.coalescer.on('flushed', fail)
    world.coalescer.send({ type: 'CHANGE', change: changeOf('goals'), handler: fail })
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(log).toHaveBeenCalled()
  })

  it('without onError a handler that throws is noted on the console', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const world = worldOf(strategy, { onError: undefined })
    world.coalescer.send({ type: 'CHANGE', change: changeOf('goals'), handler: fail })
    await advance(1000)
    expect(log).toHaveBeenCalledTimes(1)
  })

  it('a queryFn that throws at once is a failed fetch like any other', async () => {
    const world = worldOf(strategy)
    const other = await world.showLoaded(partners)
    const shown = await world.showLoaded(goals)
    shown.observer.setOptions({ queryKey: goals, queryFn: fail })
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    await advance(1000)
    expect(other.version()).toBe(1)
    expect(isInvalidated(world, goals)).toBe(true)
    expect(types(world)).toEqual(['refetchFailed'])
  })

  it.each(['enabled', 'staleTime'] as const)('an %s function that throws harms its query alone', async (name) => {
    const world = worldOf(strategy)
    const other = await world.showLoaded(partners)
    const shown = await world.showLoaded(goals)
    const { options } = shown.observer
    Object.assign(options, { [name]: fail })
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    await advance(1000)
    expect(other.version()).toBe(1)
    expect(types(world)).toContain('queryFailed')
    Object.assign(options, { [name]: undefined })
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(2)
    await world.coalescer.settled()
  })

  it('a hash function that throws for an exact key harms the queries that have it alone', async () => {
    const world = worldOf(strategy)
    let isBroken = false
    const queryKeyHashFn = (queryKey: QueryKey): string => (isBroken ? fail() : `own${JSON.stringify(queryKey)}`)
    await world.showLoaded(['broken'], { queryKeyHashFn })
    const other = await world.showLoaded(goals)
    isBroken = true
    world.change(goals, { exact: true })
    await advance(1000)
    expect(other.version()).toBe(1)
    expect(types(world)).toContain('queryFailed')
    isBroken = false
  })

  it('a listener of the cache that throws while a query is marked loses no fetch, neither its own nor others', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    const other = await world.showLoaded(partners)
    const unsubscribe = world.queryClient.getQueryCache().subscribe((event) => {
      if (event.type === 'updated' && event.query.queryKey[0] === 'goals' && event.action.type === 'invalidate') fail()
    })
    const thrown: unknown[] = []
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    await advance(1000).catch((error: unknown) => thrown.push(error))
    unsubscribe()
    expect([shown.version(), other.version()]).toEqual([1, 1])
    expect(types(world)).toContain('queryFailed')
  })

  it('a listener of the cache that throws as a fetch starts keeps back its request no longer than one may be stuck', async () => {
    const world = worldOf(strategy, { stuckAfterMs: 1000 })
    const shown = await world.showLoaded(goals)
    const unsubscribe = world.queryClient.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated' || event.action.type !== 'fetch') return
      unsubscribe()
      fail()
    })
    announce(world, 'INVALIDATE', goals)
    await advance(3000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('a query client without any options will do, also for exact keys', async () => {
    const queryClient = new QueryClient()
    const world = worldOf(strategy, { queryClient })
    const asked: unknown[] = []
    const observer = new QueryObserver(queryClient, { queryKey: goals, queryFn: () => asked.push(1) })
    const unsubscribe = observer.subscribe(() => undefined)
    await drain()
    world.coalescer.scheduleInvalidate(goals, { exact: true })
    await advance(1000)
    unsubscribe()
    expect([asked.length, world.errors]).toEqual([2, []])
  })

  it('an inspector that throws is reported and changes nothing', async () => {
    const world = worldOf(strategy, { inspect: fail })
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(new Set(types(world))).toEqual(new Set(['listenerFailed']))
  })

  it('a query client cleared in the middle of a flush leaves nothing in flight', async () => {
    const world = worldOf(strategy)
    for (const id of [1, 2, 3]) await world.showLoaded(['goals', id])
    const unsubscribe = world.queryClient.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated' || event.action.type !== 'invalidate') return
      unsubscribe()
      world.queryClient.clear()
    })
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    const settled = world.coalescer.settled()
    await drain()
    await settled
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 0 })
    const shown = await world.showLoaded(partners)
    announce(world, 'INVALIDATE', partners)
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it.each(['removeQueries', 'clear', 'resetQueries'] as const)('%s in flight frees everything', async (how) => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    const first = await world.showLoaded(goals)
    const second = await world.showLoaded(partners)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    void world.coalescer.flush()
    await advance(10)
    first.unmount()
    second.unmount()
    if (how === 'clear') world.queryClient.clear()
    else void world.queryClient[how]()
    await advance(1000)
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 0 })
    await world.coalescer.settled()
  })

  it('a query removed in flight and mounted again is served anew', async () => {
    const world = worldOf(strategy)
    const first = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    await advance(10)
    first.unmount()
    world.queryClient.removeQueries()
    const again = world.show(goals)
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(again.version()).toBe(2)
  })

  it('a handler that schedules, flushes, switches or resets from within does not tie a knot', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.server.write(goals)
    world.coalescer.send({
      type: 'CHANGE',
      change: changeOf('goals'),
      handler: () => {
        world.coalescer.scheduleInvalidate(goals)
        void world.coalescer.flush()
        world.coalescer.switchStrategy('perKey')
        world.coalescer.switchStrategy(strategy)
        return { refetch: [goals] }
      },
    })
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(world.errors).toEqual([])
    world.coalescer.send({
      type: 'CHANGE',
      change: changeOf('goals'),
      handler: () => {
        world.coalescer.reset()
        return {}
      },
    })
    await advance(1000)
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0 })
  })
})
