import { createRequire } from 'node:module'
import { QueryClient, QueryObserver, focusManager, hydrate } from '@tanstack/react-query'
import { coalesceQueryClient, createCoalescer } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import { describe, expect, it, vi } from 'vitest'
import { FakeSupabase } from '../support/fakeSupabase.ts'
import { helpOf } from '../support/help.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { everyStrategy, isInvalidated, startsOf, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe('a coalescer and its query client', () => {
  it('coalesceQueryClient refuses another client than the coalescer has, and marks nothing', async () => {
    const world = worldOf('debounce')
    await world.showLoaded(goals)
    expect(helpOf(() => coalesceQueryClient(new QueryClient(), world.coalescer))).toMatchObject({
      error: 'TypeError',
      name: 'queryClient',
    })
    expect(isInvalidated(world, goals)).toBe(false)
  })

  it('takes the client it has, wrapped or not, and gives the same wrapped one each time', () => {
    const { queryClient, coalescer } = worldOf('debounce')
    const client = coalesceQueryClient(queryClient, coalescer)
    expect(client).not.toBe(queryClient)
    expect(coalesceQueryClient(queryClient, coalescer)).toBe(client)
    expect(coalesceQueryClient(client, coalescer)).toBe(client)
  })

  it('gives a coalescer without a client its client', () => {
    const queryClient = new QueryClient()
    const coalescer = createCoalescer()
    coalesceQueryClient(queryClient, coalescer)
    expect(() => coalescer.scheduleInvalidate(goals)).not.toThrow()
    coalescer.stop()
  })

  it('initialize() of a realtime service refuses another client', () => {
    const { queryClient, coalescer } = worldOf('debounce')
    const supabase = new FakeSupabase()
    const realtime = createRealtimeService({
      supabase,
      coalescer,
      channel: 'db',
      tables: { goals: { keys: () => [goals] } },
    })
    expect(() => realtime.initialize(new QueryClient())).toThrow(TypeError)
    expect(() => realtime.initialize(coalesceQueryClient(queryClient, coalescer))).not.toThrow()
    realtime.stop()
  })
})

describe('a query client of a second copy of TanStack Query', () => {
  it('is warned of once, and works', async () => {
    // The build for require() is another copy than the one for import.
    const { QueryClient: OtherClient } = createRequire(import.meta.url)('@tanstack/react-query') as {
      QueryClient: typeof QueryClient
    }
    const queryClient = new OtherClient()
    expect(queryClient).not.toBeInstanceOf(QueryClient)
    const warnings: string[] = []
    const coalescer = createCoalescer({ onWarning: (message) => warnings.push(message) })
    const client = coalesceQueryClient(queryClient, coalescer)
    coalesceQueryClient(queryClient, coalescer, { urgentInMutations: true })
    expect(warnings).toEqual([expect.stringContaining('got one of another')])
    let requests = 0
    await client.prefetchQuery({ queryKey: goals, queryFn: () => ++requests })
    await Promise.all([client.refetchQueries({ queryKey: goals }), advance(1000)])
    expect([requests, client.getQueryData(goals)]).toEqual([2, 2])
    coalescer.stop()
  })

  it('a client of this copy is not warned of, and onWarning must be a function', () => {
    const warnings: string[] = []
    const coalescer = createCoalescer({
      queryClient: new QueryClient(),
      onWarning: (message) => warnings.push(message),
    })
    expect(warnings).toEqual([])
    coalescer.stop()
    expect(helpOf(() => createCoalescer({ onWarning: 7 as never }))).toMatchObject({ name: 'onWarning' })
  })
})

describe.each(everyStrategy)('the wrapped client, %s', (strategy) => {
  it('is the client of every queryFn, also of what is first prefetched, hydrated or written', async () => {
    const world = worldOf(strategy)
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    const clients: unknown[] = []
    const queryFn = (context: { client: QueryClient }): number => clients.push(context.client)
    await client.prefetchQuery({ queryKey: ['prefetched'], queryFn })
    await client.ensureQueryData({ queryKey: ['ensured'], queryFn })
    await client.fetchInfiniteQuery({ queryKey: ['infinite'], queryFn, initialPageParam: 0 })
    client.setQueryData(['written'], 1)
    hydrate(client, {
      mutations: [],
      queries: [{ queryKey: ['hydrated'], queryHash: '["hydrated"]', state: { ...worldState }, dehydratedAt: 0 }],
    })
    for (const name of ['prefetched', 'written', 'hydrated', 'observed']) {
      const observer = new QueryObserver(client, { queryKey: [name], queryFn })
      const unsubscribe = observer.subscribe(() => undefined)
      void client.invalidateQueries({ queryKey: [name] })
      await advance(1000)
      unsubscribe()
    }
    expect(clients.length).toBeGreaterThanOrEqual(7)
    expect(new Set(clients)).toEqual(new Set([client]))
  })

  it('is mounted and unmounted with the one it wraps', async () => {
    const world = worldOf(strategy, { mounted: false })
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    client.mount()
    world.coalescer.stop()
    expect(focusManager.hasListeners()).toBe(true)
    world.queryClient.unmount()
    expect(focusManager.hasListeners()).toBe(false)
  })

  it('can be spied on, and heeds overrides of its methods as TanStack Query does', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    const calls = vi.spyOn(client, 'invalidateQueries')
    const written = vi.spyOn(client, 'setQueryData')
    const refetched = vi.spyOn(client, 'refetchQueries')
    const fetched = vi.spyOn(client, 'fetchQuery')
    await Promise.all([client.invalidateQueries({ queryKey: goals }), advance(1000)])
    client.setQueryData(['new'], 1)
    await client.prefetchQuery({ queryKey: ['new'], queryFn: () => 1 })
    expect(calls).toHaveBeenCalledWith({ queryKey: goals })
    expect(written).toHaveBeenCalledOnce()
    expect(refetched).toHaveBeenCalledOnce()
    expect(fetched).toHaveBeenCalledOnce()
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(Object.hasOwn(world.queryClient, 'setQueryData')).toBe(false)
    vi.restoreAllMocks()
    await Promise.all([client.invalidateQueries({ queryKey: goals }), advance(1000)])
    expect(calls).toHaveBeenCalledTimes(1)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('a mocked method is not the real one', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    vi.spyOn(client, 'refetchQueries').mockResolvedValue(undefined)
    await Promise.all([client.invalidateQueries({ queryKey: goals }), advance(1000)])
    vi.restoreAllMocks()
    expect(isInvalidated(world, goals)).toBe(true)
    expect(startsOf(world, goals)).toHaveLength(1)
  })

  it('a wrapper assigned to it works before and after stop', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    const original = client.invalidateQueries.bind(client)
    let calls = 0
    client.invalidateQueries = (...args) => {
      calls += 1
      return original(...args)
    }
    await Promise.all([client.invalidateQueries({ queryKey: goals }), advance(1000)])
    world.coalescer.stop()
    await Promise.all([client.invalidateQueries({ queryKey: goals }), advance(1000)])
    expect(calls).toBe(2)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('has the state, the class and the properties of the one it wraps', async () => {
    const world = worldOf(strategy)
    class AppClient extends QueryClient {
      readonly name: string = 'app'
      refresh(): Promise<void> {
        return this.invalidateQueries({ queryKey: goals })
      }
    }
    const raw = new AppClient({ queryCache: world.queryClient.getQueryCache() })
    const client = coalesceQueryClient(raw, world.coalescer)
    await world.showLoaded(goals)
    expect(client).toBeInstanceOf(AppClient)
    expect(client.name).toBe('app')
    expect(client.constructor).toBe(AppClient)
    raw.setQueryDefaults(['a'], { staleTime: 5 })
    client.setMutationDefaults(['m'], { retry: 3 })
    client.setDefaultOptions({ queries: { gcTime: 9 } })
    expect(client.getQueryDefaults(['a'])).toEqual({ staleTime: 5 })
    expect(raw.getMutationDefaults(['m'])).toEqual({ retry: 3 })
    expect(client.defaultQueryOptions({ queryKey: ['a'] })).toMatchObject({ staleTime: 5, gcTime: 9 })
    const refreshed = client.refresh()
    expect(isInvalidated(world, goals)).toBe(strategy !== 'direct' ? true : isInvalidated(world, goals))
    await Promise.all([refreshed, advance(1000)])
    expect(world.coalescer.getSnapshot().stats.eventsReceived).toBe(1)
  })
})

const worldState = {
  data: 1,
  dataUpdateCount: 1,
  dataUpdatedAt: 0,
  error: null,
  errorUpdateCount: 0,
  errorUpdatedAt: 0,
  fetchFailureCount: 0,
  fetchFailureReason: null,
  fetchMeta: null,
  isInvalidated: false,
  status: 'success',
  fetchStatus: 'idle',
} as const
