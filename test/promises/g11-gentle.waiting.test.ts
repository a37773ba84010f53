import { MutationObserver, type QueryKey, hashKey } from '@tanstack/react-query'
import { coalesceQueryClient } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import type { Versioned } from '../support/simulatedServer.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import type { Shown, World } from '../support/world.ts'
import {
  announce,
  coalescing,
  everyStrategy,
  fetchDelayOf,
  flushDelayOf,
  invalidations,
  isInvalidated,
  startsOf,
  watchPromise,
  worldOf,
} from './support.ts'

useSimulatedTime()

const inner = ['inner']
const outer = ['outer']
const goal = (id: number): QueryKey => ['goals', id]

/** Shows `outer`, whose `queryFn` reads `inner` from the cache if it is fresh there, and answers with its version. */
async function showNested(world: World): Promise<() => number | undefined> {
  await world.showLoaded(inner)
  const shown = world.show(outer, {
    queryFn: () =>
      world.queryClient.fetchQuery<Versioned>({
        queryKey: inner,
        queryFn: world.server.queryFn,
        staleTime: Infinity,
      }),
  })
  await advance(200)
  return shown.version
}

describe.each(everyStrategy)('G11 what waits for a slot, %s', (strategy) => {
  it('is marked stale at the flush', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    const shown = new Map<number, Shown>()
    for (const id of [1, 2, 3]) shown.set(id, await world.showLoaded(goal(id)))
    world.server.latencyMs = () => 1000
    world.change(['goals'])
    await advance(flushDelayOf(strategy) + 1)
    const unfetched = [1, 2, 3].filter((id) => startsOf(world, goal(id)).length === 1)
    expect(unfetched.length).toBeGreaterThanOrEqual(2)
    expect(unfetched.map((id) => isInvalidated(world, goal(id)))).toEqual(unfetched.map(() => true))
    expect(unfetched.map((id) => shown.get(id)?.observer.getCurrentResult().isStale)).toEqual(unfetched.map(() => true))
    await advance(5000)
    for (const id of [1, 2, 3]) {
      expect(world.queryClient.getQueryData(goal(id))).toEqual({ version: 1 })
      expect(isInvalidated(world, goal(id))).toBe(false)
      expect(startsOf(world, goal(id))).toHaveLength(2)
    }
  })

  it.each(['defer', 'refetch'] as const)(
    'stays marked while the page is hidden (%s), for what asks then',
    async (whenHidden) => {
      const world = worldOf(strategy, { maxConcurrentRefetches: 1, whenHidden })
      for (const id of [1, 2, 3]) await world.showLoaded(goal(id))
      world.server.latencyMs = () => 1000
      world.change(['goals'], { urgent: true })
      const waiting = [1, 2, 3].filter((id) => startsOf(world, goal(id)).length === 1)
      world.hide()
      await advance(500)
      expect(waiting.map((id) => isInvalidated(world, goal(id)))).toEqual([true, true])
      const answer = watchPromise(
        world.queryClient
          .fetchQuery<Versioned>({
            queryKey: goal(waiting[1] ?? 0),
            queryFn: world.server.queryFn,
            staleTime: Infinity,
          })
          .then(({ version }) => expect(version).toBe(1)),
      )
      await advance(1000)
      expect(answer.isResolved).toBe(true)
      world.unhide()
      await advance(5000)
      for (const id of [1, 2, 3]) expect(startsOf(world, goal(id))).toHaveLength(2)
    },
  )

  it('is shown as stale, also if what takes the slot was stale before', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    const waiting = await world.showLoaded(goal(1))
    await world.showLoaded(goal(2))
    void world.queryClient.invalidateQueries({ queryKey: goal(2), refetchType: 'none' })
    world.server.latencyMs = () => 1000
    for (const id of [1, 2]) world.change(goal(id))
    await advance(400)
    expect([1, 2].map((id) => startsOf(world, goal(id)).length).sort()).toEqual([1, 2])
    expect(waiting.observer.getCurrentResult().isStale).toBe(true)
  })

  it('is marked stale, and its component told, when it is to follow a fetch that has just ended', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    const shown = await world.showLoaded(goal(1))
    await world.showLoaded(goal(2))
    world.server.latencyMs = () => 1000
    world.change(goal(2))
    await advance(fetchDelayOf(strategy) + 1)
    world.server.latencyMs = () => 300
    void shown.observer.refetch()
    await advance(10)
    world.change(goal(1))
    await advance(500)
    expect([startsOf(world, goal(1)).length, isInvalidated(world, goal(1))]).toEqual([2, true])
    expect(shown.observer.getCurrentResult().isStale).toBe(true)
    await advance(2000)
    expect(shown.version()).toBe(1)
  })

  it('is marked stale, and its component told, when the mutation that held it has ended', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    const shown = [await world.showLoaded(goal(1)), await world.showLoaded(goal(2))]
    const mutation = new MutationObserver(world.queryClient, {
      mutationFn: () => new Promise((resolve) => setTimeout(resolve, 300)),
      onMutate: () => {
        for (const id of [1, 2]) world.queryClient.setQueryData(goal(id), { version: 0 })
      },
    })
    void mutation.mutate()
    await advance(10)
    world.server.latencyMs = () => 1000
    world.change(['goals'])
    await advance(500)
    expect([1, 2].map((id) => startsOf(world, goal(id)).length).sort()).toEqual([1, 2])
    expect(shown.map(({ observer }) => observer.getCurrentResult().isStale)).toEqual([true, true])
    await advance(3000)
    expect(shown.map((one) => one.version())).toEqual([1, 1])
  })

  it.each(invalidations)(
    'does not pass for fresh after %s: what the request of another reads is read anew',
    async (kind) => {
      const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
      const version = await showNested(world)
      announce(world, kind, inner)
      announce(world, kind, outer)
      await advance(5000)
      expect(version()).toBe(1)
      expect(world.queryClient.getQueryData(inner)).toEqual({ version: 1 })
      expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', inFlight: 0 })
    },
  )

  it('is fetched by a mount of its own, which the slot does not hold up, and not a second time', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    for (const id of [1, 2]) await world.showLoaded(goal(id))
    world.server.latencyMs = () => 1000
    world.change(['goals'])
    await advance(flushDelayOf(strategy) + 45)
    const waiting = [1, 2].find((id) => startsOf(world, goal(id)).length === 1) ?? 0
    world.show(goal(waiting))
    await advance(1)
    expect(startsOf(world, goal(waiting))).toHaveLength(2)
    await advance(5000)
    expect(startsOf(world, goal(waiting))).toHaveLength(2)
  })

  it.each(['refetchQueries', 'invalidateQueries'] as const)(
    'what a request asks for and awaits (%s) does not wait for the slot of that request',
    async (method) => {
      const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
      const client = coalesceQueryClient(world.queryClient, world.coalescer)
      const session = await world.showLoaded(['session'])
      const other = await world.showLoaded(goal(1))
      let isExpired = false
      const shown = world.show(outer, {
        queryFn: async (context) => {
          if (isExpired) {
            isExpired = false
            await client[method]({ queryKey: ['session'] })
          }
          return await world.server.queryFn(context)
        },
      })
      await advance(200)
      isExpired = true
      world.server.write(['session'])
      world.change(outer)
      world.change(goal(1))
      const settled = watchPromise(world.coalescer.settled())
      await advance(2000)
      expect([session.version(), shown.version(), other.version()]).toEqual([1, 1, 1])
      expect(startsOf(world, ['session'])).toHaveLength(2)
      expect(settled.isResolved).toBe(true)
    },
  )
})

describe.each(everyStrategy)('G11 what waits for a slot of a paused fetch, %s', (strategy) => {
  it.each([
    ['at once', (call: () => Promise<void>) => call()],
    ['by an async function', async (call: () => Promise<void>) => call()],
    ['with others', (call: () => Promise<void>) => Promise.all([Promise.resolve(), call()])],
  ])(
    'is fetched without a slot if the app awaits it %s, while hiding pauses the retries that hold every slot',
    async (_, awaiting) => {
      const world = worldOf(strategy, { maxConcurrentRefetches: 1, whenHidden: 'refetch' })
      let isDown = false
      const { queryFn } = world.server
      await world.showLoaded(goal(1), {
        queryFn: (context) => (isDown ? Promise.reject(new Error('503')) : queryFn(context)),
        retry: 3,
        retryDelay: 50,
      })
      await world.showLoaded(goal(2))
      isDown = true
      world.change(goal(1))
      await advance(flushDelayOf(strategy) + 11)
      world.hide()
      await advance(100)
      expect(world.queryClient.getQueryState(goal(1))?.fetchStatus).toBe('paused')
      world.server.write(goal(2))
      const client = coalesceQueryClient(world.queryClient, world.coalescer)
      const versions: unknown[] = []
      const call = async (): Promise<void> => {
        await awaiting(() => client.invalidateQueries({ queryKey: goal(2) }))
        versions.push(world.queryClient.getQueryData(goal(2)))
      }
      void call()
      await advance(2000)
      expect(versions).toEqual([{ version: 1 }])
    },
  )

  it('is waited for by nobody who has called and gone on', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1, whenHidden: 'refetch' })
    for (const id of [1, 2]) await world.showLoaded(goal(id))
    world.goOffline()
    world.change(goal(1))
    await advance(fetchDelayOf(strategy) + 10)
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    const watched = watchPromise(client.invalidateQueries({ queryKey: goal(2) }))
    await advance(fetchDelayOf(strategy) + 10)
    expect(watched.isResolved).toBe(true)
  })
})

describe.each(coalescing.filter((strategy) => strategy !== 'perKey'))('G11 one flush, %s', (strategy) => {
  it('marks all its queries before it fetches the first, whatever their order', async () => {
    const world = worldOf(strategy)
    const version = await showNested(world)
    world.server.write(inner)
    world.coalescer.scheduleInvalidate(outer)
    world.coalescer.scheduleInvalidate(inner)
    await advance(2000)
    expect(version()).toBe(1)
    expect(world.server.requests.filter(({ queryHash }) => queryHash === hashKey(inner))).toHaveLength(2)
  })
})
