import { type Query, QueryClient, type QueryKey, QueryObserver, hashKey } from '@tanstack/react-query'
import { type StrategyName, coalesceQueryClient } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World, WorldOptions } from '../support/world.ts'
import { anyStrategy, everyStrategy, isInvalidated, startsOf, watchPromise, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const keys = {
  active: ['goals', 'active'],
  stale: ['goals', 'stale'],
  inactive: ['goals', 'inactive'],
  disabled: ['goals', 'disabled'],
  other: ['partners'],
} satisfies Record<string, QueryKey>

/** Queries in every state a filter can ask for. */
async function setup(strategy: StrategyName, options: WorldOptions = {}): Promise<World & { client: QueryClient }> {
  const world = worldOf(strategy, options)
  await world.showLoaded(keys.active)
  await world.showLoaded(keys.stale)
  world.queryClient.getQueryCache().find({ queryKey: keys.stale })?.invalidate()
  const inactive = await world.showLoaded(keys.inactive)
  inactive.unmount()
  const disabled = await world.showLoaded(keys.disabled)
  disabled.observer.setOptions({ queryKey: keys.disabled, enabled: false })
  await world.showLoaded(keys.other)
  return { ...world, client: coalesceQueryClient(world.queryClient, world.coalescer) }
}

/** Which queries are marked stale and how often each was fetched again. */
const outcomeOf = (world: World): unknown =>
  Object.fromEntries(
    Object.entries(keys).map(([name, queryKey]) => [
      name,
      { stale: isInvalidated(world, queryKey), fetches: startsOf(world, queryKey).length - 1 },
    ]),
  )

type Filters = NonNullable<Parameters<QueryClient['invalidateQueries']>[0]>

const filters: [string, Filters | undefined][] = [
  ['no filters', undefined],
  ['a key', { queryKey: goals }],
  ['an exact key that matches none', { queryKey: goals, exact: true }],
  ['an exact key', { queryKey: keys.active, exact: true }],
  ['exact without a key', { exact: true }],
  ['type active', { queryKey: goals, type: 'active' }],
  ['type inactive', { queryKey: goals, type: 'inactive' }],
  ['type all', { queryKey: goals, type: 'all' }],
  ['stale: true', { queryKey: goals, stale: true }],
  ['stale: false', { queryKey: goals, stale: false }],
  ['fetchStatus idle', { queryKey: goals, fetchStatus: 'idle' }],
  ['fetchStatus fetching', { queryKey: goals, fetchStatus: 'fetching' }],
  ['a predicate', { predicate: (query: Query) => query.queryKey.includes('active') || query.queryKey.length === 1 }],
  ['a predicate and a type', { type: 'inactive', predicate: (query: Query) => query.queryKey[0] === 'goals' }],
]

const refetchTypes = ['active', 'inactive', 'all', 'none'] as const

const invalidations: [string, Filters | undefined][] = [
  ...filters,
  ...refetchTypes.map((refetchType): [string, Filters] => [
    `refetchType ${refetchType}`,
    { queryKey: goals, refetchType },
  ]),
  ['type active, refetchType inactive', { queryKey: goals, type: 'active', refetchType: 'inactive' }],
  ['type inactive, refetchType none', { queryKey: goals, type: 'inactive', refetchType: 'none' }],
]

describe.each(anyStrategy)('coalesceQueryClient means what TanStack Query means, %s', (strategy) => {
  it.each(invalidations)('invalidateQueries, %s', async (_, filter) => {
    const own = await setup(strategy)
    await Promise.all([own.client.invalidateQueries(filter), advance(1000)])
    const plain = await setup(strategy)
    await Promise.all([plain.queryClient.invalidateQueries(filter), advance(1000)])
    expect(outcomeOf(own)).toEqual(outcomeOf(plain))
  })

  it.each(filters)('refetchQueries, %s', async (_, filter) => {
    const own = await setup(strategy)
    await Promise.all([own.client.refetchQueries(filter), advance(1000)])
    const plain = await setup(strategy)
    await Promise.all([plain.queryClient.refetchQueries(filter), advance(1000)])
    expect(outcomeOf(own)).toEqual(outcomeOf(plain))
  })

  it('a storm of calls is one fetch per query, and every promise resolves with the data there', async () => {
    const { client, ...world } = await setup(strategy)
    world.server.write(goals)
    const promises = Array.from({ length: 10 }, (_, index) =>
      index % 2 === 0
        ? client.invalidateQueries({ queryKey: goals })
        : client.refetchQueries({ queryKey: keys.active }),
    )
    const all = watchPromise(Promise.all(promises))
    for (let at = 0; at < 1000 && !all.isResolved; at += 1) await advance(1)
    expect(all.isResolved).toBe(true)
    expect(world.queryClient.getQueryData(keys.active)).toEqual({ version: 1 })
    await advance(1000)
    expect(startsOf(world, keys.active)).toHaveLength(2)
  })

  it('a predicate is asked at the call, as TanStack asks it', async () => {
    const { client, ...world } = await setup(strategy)
    let isMatch = true
    void client.invalidateQueries({ predicate: (query) => isMatch && query.queryHash.includes('active') })
    isMatch = false
    await advance(1000)
    expect(startsOf(world, keys.active)).toHaveLength(2)
    expect(startsOf(world, keys.other)).toHaveLength(1)
  })

  it('one call is one event, however many queries its predicate matches: leading flushes them together', async () => {
    const { client, ...world } = await setup(strategy, { leading: true })
    void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'goals' })
    await drain()
    expect(world.flushed.map(({ reason, keys: flushed }) => [reason, flushed.length])).toEqual([['leading', 4]])
    expect(startsOf(world, keys.stale)).toHaveLength(2)
  })
})

describe.each(everyStrategy)('coalesceQueryClient, %s', (strategy) => {
  it('a promise waits for its own work, not for that of others', async () => {
    const { client, ...world } = await setup(strategy)
    const slow = new QueryObserver(world.queryClient, {
      queryKey: ['slow'],
      queryFn: () => new Promise<never>(() => undefined),
    })
    const unsubscribe = slow.subscribe(() => undefined)
    world.coalescer.scheduleInvalidate(['slow'])
    const own = watchPromise(client.invalidateQueries({ queryKey: keys.active }))
    const never = watchPromise(client.invalidateQueries({ queryKey: ['slow'] }))
    await advance(1000)
    unsubscribe()
    expect([own.isResolved, never.isResolved]).toEqual([true, false])
  })

  it.each(['invalidateQueries', 'refetchQueries'] as const)(
    'a promise of %s waits for the fetch to follow',
    async (method) => {
      const world = worldOf(strategy)
      const client = coalesceQueryClient(world.queryClient, world.coalescer)
      const shown = world.show(goals)
      await advance(90)
      world.server.write(goals)
      let versionAtEnd: number | undefined
      void client[method]({ queryKey: goals }).then(() => (versionAtEnd = shown.version()))
      await advance(1000)
      expect(versionAtEnd).toBe(1)
    },
  )

  it.each(['invalidateQueries', 'refetchQueries'] as const)(
    'a failed fetch of %s resolves, and rejects with throwOnError',
    async (method) => {
      const { client, ...world } = await setup(strategy)
      world.server.fails = () => world.server.requests.at(-1)?.queryHash === hashKey(keys.other)
      const calls = [client[method](), client[method]({}, { throwOnError: true })]
      const outcomes = Promise.allSettled(calls)
      await advance(1000)
      expect(await outcomes).toEqual([
        { status: 'fulfilled', value: undefined },
        { status: 'rejected', reason: new Error('503 for ["partners"]') },
      ])
      expect(new Set(world.errors.map(({ info }) => info.type))).toEqual(new Set(['refetchFailed']))
    },
  )

  it('a predicate that matches a query fetches none of those below its key', async () => {
    const { client, ...world } = await setup(strategy)
    await world.showLoaded(goals)
    void client.invalidateQueries({ predicate: ({ queryHash }) => queryHash === hashKey(goals) })
    await advance(1000)
    expect([goals, keys.active].map((key) => startsOf(world, key).length)).toEqual([2, 1])
  })

  it('hidden, offline, after reset and after stop no promise hangs', async () => {
    const { client, ...world } = await setup(strategy)
    world.hide()
    const hidden = watchPromise(client.invalidateQueries({ queryKey: goals }))
    await drain()
    expect(hidden.isResolved).toBe(true)
    world.unhide()
    await advance(1000)
    world.goOffline()
    const offline = watchPromise(client.invalidateQueries({ queryKey: goals }))
    await advance(1000)
    expect(offline.isResolved).toBe(true)
    world.goOnline()
    await advance(1000)
    const ended = [watchPromise(client.invalidateQueries({ queryKey: goals }))]
    world.coalescer.reset()
    ended.push(watchPromise(client.refetchQueries({ queryKey: goals })))
    world.coalescer.stop()
    await advance(1000)
    expect(ended.map(({ isResolved }) => isResolved)).toEqual([true, true])
  })

  it('after stop it is the plain client', async () => {
    const { client, ...world } = await setup(strategy)
    world.coalescer.stop()
    world.server.write(goals)
    await Promise.all([client.invalidateQueries({ queryKey: keys.active }), advance(100)])
    expect(world.queryClient.getQueryData(keys.active)).toEqual({ version: 1 })
    await Promise.all([client.refetchQueries({ queryKey: keys.active }), advance(100)])
    expect(startsOf(world, keys.active)).toHaveLength(3)
  })

  it('everything else is untouched', async () => {
    const { client, queryClient, ...world } = await setup(strategy)
    expect(client).toBeInstanceOf(QueryClient)
    expect(client.getQueryCache()).toBe(queryClient.getQueryCache())
    expect(client.getMutationCache()).toBe(queryClient.getMutationCache())
    client.setQueryData(['new'], { version: 9 })
    expect(queryClient.getQueryData(['new'])).toEqual({ version: 9 })
    expect(client.getQueryData).toBe(client.getQueryData)
    expect(client.constructor).toBe(QueryClient)
    expect(Object.assign(queryClient, { name: 'app' }) && (client as QueryClient & { name?: string }).name).toBe('app')
    client.setDefaultOptions({ queries: { staleTime: 7 } })
    expect(queryClient.getDefaultOptions().queries?.staleTime).toBe(7)
    client.mount()
    client.unmount()
    const server = new SimulatedServer()
    const fetched = client.fetchQuery({ queryKey: ['fetched'], queryFn: server.queryFn })
    await advance(100)
    expect(await fetched).toEqual({ version: 0 })
    const shown = new QueryObserver(client, { queryKey: ['observed'], queryFn: server.queryFn })
    const unsubscribe = shown.subscribe(() => undefined)
    await advance(100)
    unsubscribe()
    expect(shown.getCurrentResult().data).toEqual({ version: 0 })
    await client.cancelQueries()
    client.removeQueries({ queryKey: ['new'] })
    expect(queryClient.getQueryData(['new'])).toBeUndefined()
    expect(world.errors).toEqual([])
  })

  it('resetQueries still refetches, as it did', async () => {
    const { client, ...world } = await setup(strategy)
    const atMs = Date.now()
    await Promise.all([client.resetQueries({ queryKey: keys.active }), advance(1000)])
    expect(startsOf(world, keys.active).slice(1)).toEqual([atMs])
  })
})

describe('coalesceQueryClient with bad arguments', () => {
  it.each([undefined, null, {}, 'client'])('the client %o throws a TypeError', (client) => {
    const { coalescer } = worldOf('debounce')
    expect(() => coalesceQueryClient(client as never, coalescer)).toThrow(TypeError)
  })

  it.each([undefined, null, {}, 'coalescer'])('the coalescer %o throws a TypeError', (coalescer) => {
    expect(() => coalesceQueryClient(new QueryClient(), coalescer as never)).toThrow(/^Expected `coalescer`/)
  })
})
