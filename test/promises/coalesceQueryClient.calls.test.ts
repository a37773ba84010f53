import { type Query, type QueryKey, QueryObserver, hashKey } from '@tanstack/react-query'
import { coalesceQueryClient } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World, WorldOptions } from '../support/world.ts'
import {
  coalescing,
  everyStrategy,
  fetchDelayOf,
  isInvalidated,
  keepsRootsApart,
  startsOf,
  timing,
  watchPromise,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']
const latencyMs = 100

const clientOf = (world: World, urgentInMutations = false) =>
  coalesceQueryClient(world.queryClient, world.coalescer, { urgentInMutations })

/** A query that was loaded and whose component is gone. */
async function cached(world: World, queryKey: QueryKey = goals): Promise<void> {
  const shown = await world.showLoaded(queryKey)
  shown.unmount()
}

describe.each(everyStrategy)('coalesceQueryClient beside events, %s', (strategy) => {
  const lookalike = ['@goals']

  it.each([true, false])(
    'neither of a call and an event for a key that begins with @ is lost, call first: %s',
    async (isFirst) => {
      const world = worldOf(strategy)
      const shown = [await world.showLoaded(goals), await world.showLoaded(lookalike)]
      for (const queryKey of [goals, lookalike]) world.server.write(queryKey)
      const call = (): void => void clientOf(world).invalidateQueries({ queryKey: goals })
      if (isFirst) call()
      world.coalescer.scheduleInvalidate(lookalike)
      if (!isFirst) call()
      await advance(5_000)
      expect(shown.map((one) => one.version())).toEqual([1, 1])
    },
  )
})

describe.each(everyStrategy)('coalesceQueryClient judges and marks at the call, %s', (strategy) => {
  it.each([
    [{ queryKey: goals, refetchType: 'none' }],
    [{ queryKey: goals, refetchType: 'inactive' }],
    [{ queryKey: goals, type: 'inactive' }],
    [{ queryKey: goals }],
    [{ predicate: ({ queryHash }: Query) => queryHash === hashKey(goals) }],
  ] as const)('a component that mounts in the same turn as %o shows new data', async (filters) => {
    const world = worldOf(strategy)
    await cached(world)
    world.server.write(goals)
    void clientOf(world).invalidateQueries(filters)
    expect(isInvalidated(world, goals)).toBe(true)
    const shown = world.show(goals)
    await advance(latencyMs)
    expect(shown.version()).toBe(1)
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('what is unmounted before the flush is found stale at its next mount', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.server.write(goals)
    void clientOf(world).invalidateQueries({ queryKey: goals, type: 'active' })
    shown.unmount()
    const again = world.show(goals)
    await advance(1000)
    expect(again.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it.each(['invalidateQueries', 'refetchQueries'] as const)('a loader right after %s gets new data', async (method) => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const client = clientOf(world)
    world.server.write(goals)
    void client[method]({ queryKey: goals })
    const loaded = client.fetchQuery({ queryKey: goals, staleTime: 60_000 })
    await advance(latencyMs)
    expect(await loaded).toEqual({ version: 1 })
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('what comes into the cache after the call is none of its business', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    void clientOf(world).invalidateQueries({ queryKey: goals, type: 'inactive' })
    world.queryClient.setQueryData(['goals', 1], { version: 0 })
    const shown = world.show(['goals', 1])
    await advance(1000)
    expect([startsOf(world, goals), startsOf(world, ['goals', 1])]).toEqual([[0], []])
    expect(isInvalidated(world, ['goals', 1])).toBe(false)
    shown.unmount()
  })

  it('a mark is not set again at the flush over what the app has written since', async () => {
    const world = worldOf(strategy)
    await cached(world)
    void clientOf(world).invalidateQueries({ queryKey: goals })
    world.queryClient.setQueryData(goals, { version: 7 })
    await advance(1000)
    expect(isInvalidated(world, goals)).toBe(false)
  })

  it('a fetch from before the call does not make a marked query pass for fresh', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    void shown.observer.refetch()
    await advance(10)
    world.server.write(goals)
    shown.unmount()
    void clientOf(world).invalidateQueries({ queryKey: goals, refetchType: 'none' })
    await advance(1000)
    expect(isInvalidated(world, goals)).toBe(true)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('shown while such a fetch still runs, it is fetched once more', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    void shown.observer.refetch()
    await advance(1)
    shown.unmount()
    world.server.write(goals)
    void clientOf(world).invalidateQueries({ queryKey: goals })
    const again = world.show(goals)
    await advance(1000)
    expect(again.version()).toBe(1)
  })

  it('a predicate is asked only about queries of the type, as often as TanStack Query asks it', async () => {
    const asked = async (isPlain: boolean): Promise<unknown[]> => {
      const world = worldOf(strategy)
      await world.showLoaded(goals)
      await cached(world, ['partners'])
      const hashes: string[] = []
      const client = isPlain ? world.queryClient : clientOf(world)
      const predicate = ({ queryHash }: Query): boolean => hashes.push(queryHash) > 0
      await Promise.all([
        client.invalidateQueries({ type: 'inactive', predicate }),
        client.refetchQueries({ type: 'active', predicate }),
        client.invalidateQueries({ type: 'active', refetchType: 'inactive', predicate }),
        advance(1000),
      ])
      return hashes
    }
    expect(await asked(false)).toEqual(await asked(true))
  })

  it('a predicate that throws throws at the call, and nothing is scheduled', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const client = clientOf(world)
    const predicate = (): boolean => {
      throw new Error('predicate')
    }
    expect(() => client.invalidateQueries({ predicate })).toThrow('predicate')
    expect(() => client.refetchQueries({ predicate })).toThrow('predicate')
    await advance(1000)
    expect([startsOf(world, goals), isInvalidated(world, goals), world.errors]).toEqual([[0], false, []])
  })

  it('of two queries with equal keys a predicate picks one', async () => {
    const world = worldOf(strategy)
    const keys = [{ queryKey: ['when', undefined] }, { queryKey: ['when', null] }]
    const queryKeyHashFn = ([, part]: QueryKey): string => String(part)
    for (const { queryKey } of keys) world.show(queryKey, { queryKeyHashFn })
    await advance(200)
    const before = world.server.requests.length
    void clientOf(world).invalidateQueries({ predicate: ({ queryHash }) => queryHash === 'null' })
    await advance(1000)
    expect(world.server.requests.length - before).toBe(1)
  })

  it('two queries with equal keys that a predicate picks are two pending keys', async () => {
    const world = worldOf(strategy)
    const queryKeyHashFn = ([, part]: QueryKey): string => String(part)
    for (const part of [undefined, null]) world.show(['when', part], { queryKeyHashFn })
    await advance(200)
    void clientOf(world).invalidateQueries({ predicate: () => true })
    await advance(1000)
    expect(world.flushed.flatMap(({ keys }) => keys.map(({ events }) => events))).toEqual([1, 1])
  })

  it('cancelRefetch: false leaves a fetch that is running to run', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server, queries: { queryFn: server.abortableQueryFn } })
    const shown = await world.showLoaded(goals)
    void shown.observer.refetch()
    await advance(10)
    world.server.write(goals)
    void clientOf(world).invalidateQueries({ queryKey: goals }, { cancelRefetch: false })
    await advance(1000)
    expect(server.requests.map(({ outcome }) => outcome)).not.toContain('aborted')
    expect(shown.version()).toBe(1)
  })
})

describe.each(everyStrategy)('refetchQueries of coalesceQueryClient with cancelRefetch: false, %s', (strategy) => {
  const joining = async (world: World, options: object = {}) => {
    const shown = await world.showLoaded(goals)
    void shown.observer.refetch()
    await advance(10)
    const end = Promise.allSettled([
      clientOf(world).refetchQueries({ queryKey: goals }, { cancelRefetch: false, ...options }),
    ])
    return { shown, end }
  }

  it('joins a request that is running, and waits for its end', async () => {
    const world = worldOf(strategy)
    const { end } = await joining(world)
    expect(isInvalidated(world, goals)).toBe(false)
    const ended = watchPromise(end)
    await advance(latencyMs - 11)
    expect(ended.isResolved).toBe(false)
    await advance(1)
    expect(ended.isResolved).toBe(true)
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('fetches what is not running beside it', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(['goals', 1])
    const { end } = await joining(world)
    await advance(1000)
    await end
    expect([startsOf(world, goals).length, startsOf(world, ['goals', 1]).length]).toEqual([2, 2])
  })

  it('rejects with its failure under throwOnError', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    world.server.fails = () => true
    const { end } = await joining(world, { throwOnError: true })
    await advance(1000)
    expect((await end)[0].status).toBe('rejected')
  })

  it.each(['cancelled', 'offline', 'hung'] as const)('waits for none that is %s', async (how) => {
    const world = worldOf(strategy, { stuckAfterMs: 500 })
    await world.showLoaded(goals)
    world.server.hangs = () => how === 'hung'
    if (how === 'offline') world.goOffline()
    const { end } = await joining(world)
    const ended = watchPromise(end)
    if (how === 'cancelled') void world.queryClient.cancelQueries({ queryKey: goals })
    await advance(how === 'hung' ? 1000 : 0)
    expect(ended.isResolved).toBe(true)
    world.goOnline()
    world.server.hangs = () => false
  })

  it('does not join one that is older than an event', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    void shown.observer.refetch()
    await advance(10)
    world.server.write(goals)
    const client = clientOf(world)
    const refetches = vi.spyOn(client, 'refetchQueries')
    void client.invalidateQueries({ queryKey: goals }, { cancelRefetch: false })
    await advance(1000)
    expect([refetches.mock.calls.length, shown.version()]).toEqual([1, 1])
  })
})

describe.each(everyStrategy)('promises of coalesceQueryClient, %s', (strategy) => {
  it.each(['unmounted', 'disabled', 'offline', 'unmounted after the call'] as const)(
    'throwOnError rejects for no failure from before, of a query that is %s',
    async (how) => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      const client = clientOf(world)
      world.server.fails = () => true
      await Promise.all([client.invalidateQueries({ queryKey: goals }), advance(1000)])
      world.server.fails = () => false
      if (how === 'unmounted') shown.unmount()
      else if (how === 'disabled') shown.observer.setOptions({ queryKey: goals, enabled: false })
      else if (how === 'offline') world.goOffline()
      const end = Promise.allSettled([client.invalidateQueries({ queryKey: goals }, { throwOnError: true })])
      if (how === 'unmounted after the call') shown.unmount()
      await advance(1000)
      expect(await end).toEqual([{ status: 'fulfilled', value: undefined }])
      world.goOnline()
      await advance(1000)
    },
  )

  it('a failure of the fetch it led to rejects, also if it comes after one that succeeds for an earlier call', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const client = clientOf(world)
    const first = Promise.allSettled([client.refetchQueries({ queryKey: goals }, { throwOnError: true })])
    await advance(fetchDelayOf(strategy) + 10)
    world.server.fails = () => true
    const second = Promise.allSettled([
      client.invalidateQueries({ queryKey: goals }, { throwOnError: true, cancelRefetch: false }),
    ])
    await advance(1000)
    expect([await first, await second].map(([end]) => end?.status)).toEqual(['fulfilled', 'rejected'])
  })

  it('later events do not hold up a promise', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: strategy === 'direct' ? 5 : Infinity })
    await world.showLoaded(goals)
    const end = watchPromise(clientOf(world).invalidateQueries({ queryKey: goals }))
    for (let ms = 0; ms < timing.maxWaitMs + timing.refetchDelayMs + latencyMs; ms += 10) {
      await advance(10)
      world.change(goals)
    }
    await drain()
    expect(end.isResolved).toBe(true)
  })

  it('a mutation whose onSuccess returns an invalidation succeeds with the new data there', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    const client = clientOf(world)
    const mutation = client.getMutationCache().build(client, {
      mutationFn: async () => world.server.write(goals),
      onSuccess: () => client.invalidateQueries({ queryKey: goals }),
    })
    let versionAtEnd: number | undefined
    void mutation.execute(undefined).then(() => (versionAtEnd = shown.version()))
    await advance(1000)
    expect(versionAtEnd).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })
})

describe.each(coalescing)('waiting for calls in a row, %s', (strategy) => {
  const keys = [goals, ['partners'], ['dashboard']]

  async function timeOfThree(isStream: boolean, options: WorldOptions = {}): Promise<number> {
    const world = worldOf(strategy, options)
    for (const key of keys) await world.showLoaded(key)
    await world.showLoaded(['stream'])
    const client = clientOf(world)
    const startedAt = Date.now()
    const end = { at: NaN }
    const callAll = async (): Promise<void> => {
      for (const queryKey of keys) await client.invalidateQueries({ queryKey })
      end.at = Date.now()
    }
    void callAll()
    for (let ms = 0; ms < 2000 && Number.isNaN(end.at); ms += 10) {
      if (isStream) world.coalescer.scheduleInvalidate(['stream'])
      await advance(10)
    }
    return end.at - startedAt
  }

  it('three awaited calls wait for one window in all', async () => {
    expect(await timeOfThree(false)).toBeLessThanOrEqual(fetchDelayOf(strategy) + 3 * latencyMs + 10)
  })

  it('three awaited calls wait for one window in all under a stream as well', async () => {
    expect(await timeOfThree(true)).toBeLessThanOrEqual(timing.maxWaitMs + timing.refetchDelayMs + 3 * latencyMs + 30)
  })

  it('what follows in the same turn shares a flush', async () => {
    const world = worldOf(strategy)
    for (const key of keys) await world.showLoaded(key)
    const client = clientOf(world)
    const callTwo = async (): Promise<void> => {
      await client.invalidateQueries({ queryKey: goals })
      await client.invalidateQueries({ queryKey: ['partners'] })
    }
    await Promise.all([callTwo(), callTwo(), callTwo(), advance(1000)])
    expect(keys.map((key) => startsOf(world, key).length)).toEqual([2, 2, 1])
  })

  it('calls that nobody awaits are hurried by nothing', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const client = clientOf(world)
    for (let ms = 0; ms < 2000; ms += 10) {
      void client.invalidateQueries({ queryKey: goals })
      await advance(10)
    }
    await advance(1000)
    expect(world.flushed.map(({ reason }) => reason)).not.toContain('urgent')
  })

  it.each([true, false])('calls of a mutation are urgent only if asked to be: %s', async (urgentInMutations) => {
    const world = worldOf(strategy)
    for (const key of keys) await world.showLoaded(key)
    const client = clientOf(world, urgentInMutations)
    const startedAt = Date.now()
    const mutation = client.getMutationCache().build(client, {
      mutationFn: async () => 'saved',
      onSuccess: () => Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey }))),
    })
    let endedAt = NaN
    void mutation.execute(undefined).then(() => (endedAt = Date.now()))
    await advance(1000)
    expect(endedAt - startedAt).toBe(latencyMs + (urgentInMutations ? 0 : fetchDelayOf(strategy)))
    expect(world.flushed).toHaveLength(strategy === 'perKey' && !urgentInMutations ? world.flushed.length : 1)
    void client.invalidateQueries({ queryKey: goals })
    await drain()
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('calls are not urgent for a mutation that waits for the network', async () => {
    const world = worldOf(strategy, { queries: { networkMode: 'always' } })
    await world.showLoaded(goals)
    const client = clientOf(world, true)
    world.goOffline()
    const mutation = client.getMutationCache().build(client, { mutationFn: async () => 'saved' })
    void mutation.execute(undefined)
    await drain()
    void client.invalidateQueries({ queryKey: goals })
    await advance(fetchDelayOf(strategy) - 1)
    expect(startsOf(world, goals)).toHaveLength(1)
    await advance(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })
})

describe.each(coalescing.filter(keepsRootsApart))('waiting for calls in a row, %s', (strategy) => {
  it('hurries nothing else, which waits apart', async () => {
    const keys = [goals, ['partners'], ['dashboard']]
    const world = worldOf(strategy)
    for (const key of keys) await world.showLoaded(key)
    const client = clientOf(world)
    const callTwo = async (): Promise<void> => {
      await client.invalidateQueries({ queryKey: goals })
      world.coalescer.scheduleInvalidate(['dashboard'])
      await client.invalidateQueries({ queryKey: ['partners'] })
    }
    void callTwo()
    await advance(fetchDelayOf(strategy) + latencyMs + 10)
    expect(keys.map((key) => startsOf(world, key).length)).toEqual([2, 2, 1])
    await advance(1000)
    expect(startsOf(world, ['dashboard'])).toHaveLength(2)
  })
})

describe.each(everyStrategy)('a storm of calls, %s', (strategy) => {
  it('holds as much as one call, and asks and fetches no more than TanStack Query', async () => {
    const world = worldOf(strategy)
    const observers = Array.from({ length: 20 }, (_, index) => {
      world.queryClient.setQueryData(['row', index], { version: 0 })
      return new QueryObserver(world.queryClient, { queryKey: ['row', index] })
    })
    const unsubscribes = observers.map((observer) => observer.subscribe(() => undefined))
    const client = clientOf(world)
    const predicate = ({ queryKey }: Query): boolean => queryKey[0] === 'row'
    const promises = new Set(Array.from({ length: 60 }, () => client.invalidateQueries({ predicate })))
    // One promise stands for all the calls that wait for the same fetches.
    expect(promises.size).toBeLessThanOrEqual(strategy === 'direct' ? 60 : 1)
    expect(world.coalescer.getSnapshot().pendingKeys).toBeLessThanOrEqual(20)
    await Promise.all([...promises, advance(1000)])
    for (const unsubscribe of unsubscribes) unsubscribe()
    expect(world.server.requests).toHaveLength(strategy === 'direct' ? 60 * 20 : 20)
  })
})

describe.each(everyStrategy)('coalesceQueryClient, a query that is disabled after the call, %s', (strategy) => {
  it('does not hold up the promise, also while a fetch is owed for an earlier call', async () => {
    const world = worldOf(strategy, { server: new SimulatedServer({ latencyMs: 1000 }) })
    const shown = await world.showLoaded(goals)
    const client = clientOf(world)
    void client.refetchQueries({ queryKey: goals })
    await advance(fetchDelayOf(strategy) + 10)
    const promise = watchPromise(client.invalidateQueries({ queryKey: goals }))
    shown.observer.setOptions({ ...shown.observer.options, enabled: false })
    await advance(3000)
    expect(promise.isResolved).toBe(true)
  })
})
