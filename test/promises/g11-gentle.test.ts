import { describe, expect, it } from 'vitest'
import type { QueryKey } from '@tanstack/react-query'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import { announce, coalescing, everyStrategy, startsOf, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const goal = (id: number): QueryKey => ['goals', id]

const running = ({ server }: World): number => server.requests.filter(({ outcome }) => outcome === 'running').length

/** Advances step by step and returns the most requests that ran at once. */
async function peakOver(world: World, ms: number): Promise<number> {
  let peak = running(world)
  for (let at = 0; at < ms; at += 5) {
    await advance(5)
    peak = Math.max(peak, running(world))
  }
  return peak
}

describe.each(everyStrategy)('G11 at most maxConcurrentRefetches at once, %s', (strategy) => {
  it.each([1, 3])('limit %i over 20 mounted queries of one prefix', async (limit) => {
    const world = worldOf(strategy, { maxConcurrentRefetches: limit })
    for (let id = 0; id < 20; id += 1) world.show(goal(id))
    await advance(100)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', goals)
    expect(await peakOver(world, 5000)).toBe(limit)
    for (let id = 0; id < 20; id += 1) expect(world.queryClient.getQueryData(goal(id))).toEqual({ version: 2 })
    expect(world.coalescer.getSnapshot()).toMatchObject({ inFlight: 0, pendingKeys: 0 })
  })

  it('urgent events, flush(), a switch and a return to the page keep to it', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 2 })
    for (let id = 0; id < 6; id += 1) world.show(goal(id))
    await advance(100)
    world.change(goals, { urgent: true })
    void world.coalescer.flush()
    world.change(goal(1), { urgent: true })
    world.coalescer.switchStrategy(strategy === 'perKey' ? 'hybrid' : 'perKey')
    const peak = await peakOver(world, 50)
    world.hide()
    await advance(500)
    world.change(goals)
    world.unhide()
    expect(Math.max(peak, await peakOver(world, 5000))).toBe(2)
    expect(world.queryClient.getQueryData(goal(1))).toEqual({ version: 3 })
  })

  it.each(['none', 'active'] as const)(
    "a query that waits for a slot is not fetched by TanStack's focus refetch, even if an event for %s comes",
    async (refetchType) => {
      const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
      for (const id of [1, 2]) await world.showLoaded(goal(id))
      world.server.latencyMs = () => 1000
      world.change(goals)
      void world.coalescer.flush()
      await drain()
      world.change(goal(2), { refetchType })
      await advance(500)
      world.hide()
      world.unhide()
      expect(await peakOver(world, 5000)).toBe(1)
      expect([1, 2].map((id) => startsOf(world, goal(id)).length)).toEqual([2, 2])
    },
  )

  it('queries that nobody shows keep their place in the queue when an event asks for those on screen', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    await world.showLoaded(goal(0))
    for (const id of [1, 2]) (await world.showLoaded(goal(id))).unmount()
    world.coalescer.scheduleRefetch(goals, 'all')
    void world.coalescer.flush()
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    await advance(5000)
    for (const id of [0, 1, 2]) expect(world.queryClient.getQueryData(goal(id))).toEqual({ version: 1 })
    for (const id of [1, 2]) expect(startsOf(world, goal(id))).toHaveLength(2)
  })

  it('a slot is freed when the app fetches its query instead', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    for (const id of [1, 2]) await world.showLoaded(goal(id))
    world.server.latencyMs = () => 5000
    world.change(goal(1))
    void world.coalescer.flush()
    world.change(goal(2))
    void world.coalescer.flush()
    await advance(1000)
    expect(startsOf(world, goal(2))).toHaveLength(1)
    void world.queryClient.refetchQueries({ queryKey: goal(1), exact: true })
    await advance(10)
    expect(startsOf(world, goal(2))).toHaveLength(2)
  })

  it('a slot is freed when its query is removed', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    const first = await world.showLoaded(goal(1))
    await world.showLoaded(goal(2))
    first.observer.setOptions({ queryKey: goal(1), queryFn: () => new Promise(() => undefined) })
    world.coalescer.scheduleInvalidate(goal(1))
    void world.coalescer.flush()
    await drain()
    world.coalescer.scheduleInvalidate(goal(2))
    await advance(1000)
    expect(startsOf(world, goal(2))).toHaveLength(1)
    first.unmount()
    world.queryClient.removeQueries({ queryKey: goal(1), exact: true })
    await advance(1000)
    expect(startsOf(world, goal(2))).toHaveLength(2)
    expect(world.coalescer.getSnapshot().inFlight).toBe(0)
  })

  it.each(['clear', 'cancel', 'unmount', 'fail'] as const)('a slot is freed by %s', async (how) => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1, queries: { queryFn: undefined as never } })
    const { server } = world
    const first = await world.showLoaded(goal(1), { queryFn: server.abortableQueryFn })
    await world.showLoaded(goal(2), { queryFn: server.abortableQueryFn })
    if (how === 'fail') server.fails = () => true
    world.coalescer.scheduleInvalidate(goal(1))
    void world.coalescer.flush()
    await drain()
    server.fails = () => false
    world.change(goal(2))
    void world.coalescer.flush()
    await drain()
    expect(startsOf(world, goal(2))).toHaveLength(1)
    if (how === 'cancel') {
      first.observer.setOptions({ queryKey: goal(1), enabled: false })
      void world.queryClient.cancelQueries({ queryKey: goal(1) })
    }
    if (how !== 'fail') first.unmount()
    if (how === 'clear') world.queryClient.removeQueries({ queryKey: goal(1) })
    await advance(how === 'fail' ? 100 : 1)
    expect(startsOf(world, goal(2))).toHaveLength(2)
  })

  it('counts its own fetches only: those of the app neither wait nor take a slot', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    world.show(goal(1))
    world.show(goal(2))
    await drain()
    expect(running(world)).toBe(2)
    announce(world, 'INVALIDATE', goals)
    await advance(100)
    expect(await peakOver(world, 1000)).toBe(1)
    expect(world.server.requests).toHaveLength(4)
  })
})

describe.each(coalescing)('G11 order, %s', (strategy) => {
  it('mounted queries go first, then what was requested last', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    for (const id of [1, 2, 3, 4]) await world.showLoaded(goal(id))
    const gone = await world.showLoaded(goal(5))
    gone.unmount()
    const before = world.server.requests.length
    for (const id of [1, 2, 3, 4]) world.coalescer.scheduleRefetch(goal(id))
    world.coalescer.scheduleRefetch(goal(5), 'all')
    void world.coalescer.flush()
    await advance(10)
    world.coalescer.scheduleInvalidate(goal(2))
    void world.coalescer.flush()
    await advance(2000)
    const order = world.server.requests.slice(before).map(({ queryHash }) => queryHash)
    expect(order).toEqual([4, 2, 3, 1, 5].map((id) => JSON.stringify(goal(id))))
  })
})
