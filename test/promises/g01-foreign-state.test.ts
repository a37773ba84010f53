import {
  QueryClient,
  type QueryKey,
  QueryObserver,
  type QueryState,
  defaultShouldDehydrateQuery,
  dehydrate,
  hashKey,
  hydrate,
  notifyManager,
  experimental_streamedQuery as streamedQuery,
} from '@tanstack/react-query'
import { coalesceQueryClient } from 'realtime-coalescer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SimulatedServer, type Versioned } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import {
  announce,
  everyStrategy,
  fetchDelayOf,
  invalidations,
  isInvalidated,
  startsOf,
  watchPromise,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']
const stuckAfterMs = 1000

/** Puts a state of another tab into the cache, as `broadcastQueryClient` does. */
function putState({ queryClient }: World, queryKey: QueryKey, state: Partial<QueryState>): void {
  const query = queryClient.getQueryCache().get(hashKey(queryKey))
  if (!query) throw new Error(`Expected a query of ${hashKey(queryKey)}.`)
  query.setState({ ...query.state, ...state })
}

/** Joins the caches of several windows, as `broadcastQueryClient` does, with a delay for each message. */
function broadcast(worlds: readonly World[], delayMs: number): void {
  let isReceiving = false
  for (const from of worlds) {
    const unsubscribe = from.queryClient.getQueryCache().subscribe((event) => {
      if (isReceiving || event.type !== 'updated' || event.action.type !== 'success') return
      const { queryHash, state } = event.query
      for (const to of worlds) {
        if (to === from) continue
        setTimeout(() => {
          isReceiving = true
          to.queryClient.getQueryCache().get(queryHash)?.setState(state)
          isReceiving = false
        }, delayMs)
      }
    })
    onTestFinished(unsubscribe)
  }
}

describe.each(everyStrategy)('G1 fresh, whatever else is put into the cache, %s', (strategy) => {
  describe.each([20, 100, 300])('an answer of another tab, %i ms after the event', (delayMs) => {
    it.each(invalidations.flatMap((kind) => (['new', 'old'] as const).map((data) => [kind, data] as const)))(
      'does not take the place of the fetch for %s (%s data)',
      async (kind, data) => {
        const world = worldOf(strategy)
        const shown = await world.showLoaded(goals)
        world.server.latencyMs = () => 600
        void shown.observer.refetch()
        await advance(10)
        world.server.latencyMs = () => 100
        announce(world, kind, goals)
        await advance(delayMs)
        putState(world, goals, {
          data: { version: data === 'new' ? 1 : 0 },
          dataUpdatedAt: Date.now(),
          isInvalidated: false,
          fetchStatus: 'idle',
        })
        await advance(5000)
        expect(shown.version()).toBe(1)
        expect(isInvalidated(world, goals)).toBe(false)
        expect(startsOf(world, goals).length).toBeLessThanOrEqual(strategy === 'direct' ? 4 : 3)
        expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', inFlight: 0 })
      },
    )
  })

  it('an answer of another tab before the flush leaves the fetch to be done', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(10)
    putState(world, goals, { data: { version: 0 }, isInvalidated: false, fetchStatus: 'idle' })
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('an answer of another tab takes no mark away from data that no request of this tab has brought', async () => {
    const world = worldOf(strategy)
    world.queryClient.setQueryData(goals, { version: 0 }, { updatedAt: Date.now() })
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    putState(world, goals, { data: { version: 0 }, dataUpdatedAt: Date.now(), isInvalidated: false })
    const shown = world.show(goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(1)
  })

  it('answers of another tab that are none of this one are found out once for an event', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    for (let answer = 0; answer < 5; answer += 1) {
      putState(world, goals, { data: { version: 1, answer }, dataUpdatedAt: Date.now(), isInvalidated: false })
      await advance(1000)
    }
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('an answer of another tab that comes while a request runs leaves the next one to be found out', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(fetchDelayOf(strategy) + 20)
    for (const answer of [1, 2]) {
      putState(world, goals, { data: { version: 0, answer }, dataUpdatedAt: Date.now(), isInvalidated: false })
      await advance(1000)
    }
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it.each(invalidations)(
    'what a request from before %s brings, which another tab has hidden, is not shown over a newer answer',
    async (kind) => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      world.server.latencyMs = () => 400
      void shown.observer.refetch()
      await advance(10)
      putState(world, goals, { data: { version: 0 }, dataUpdatedAt: Date.now(), fetchStatus: 'idle' })
      announce(world, kind, goals)
      world.server.latencyMs = () => 20
      void shown.observer.refetch()
      await advance(1000)
      expect(shown.version()).toBe(1)
    },
  )

  it('a request that the app has cancelled, and reverted, holds up no urgent event of the same turn', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.server.latencyMs = () => 600
    void shown.observer.refetch()
    await advance(10)
    void world.queryClient.cancelQueries({ queryKey: goals })
    world.server.latencyMs = () => 100
    world.server.write(goals)
    world.coalescer.scheduleInvalidate(goals, { urgent: true })
    await advance(1)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('a request that another tab has hidden and the app has cancelled silently holds up no fetch', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    void shown.observer.refetch()
    await advance(10)
    putState(world, goals, { data: { version: 0 }, dataUpdatedAt: Date.now(), fetchStatus: 'idle' })
    await world.queryClient.getQueryCache().get(hashKey(goals))?.cancel({ silent: true })
    announce(world, 'INVALIDATE', goals)
    const settled = watchPromise(world.coalescer.settled())
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(settled.isResolved).toBe(true)
  })

  it.each([2, 4, 8, 12])('one event costs %i windows that share their answers one request each', async (windows) => {
    const server = new SimulatedServer()
    const worlds = Array.from({ length: windows }, () => worldOf(strategy, { server }))
    const shown = worlds.map((world) => world.show(goals))
    await advance(200)
    broadcast(worlds, 3)
    let next = 0
    server.latencyMs = () => [60, 150, 240, 400][next++ % 4] ?? 0
    const before = server.requests.length
    server.write(goals)
    for (const world of worlds) {
      world.coalescer.scheduleInvalidate(goals)
      await advance(5)
    }
    await advance(5000)
    expect(shown.map((one) => one.version())).toEqual(worlds.map(() => 1))
    expect(server.requests.length - before).toBeLessThanOrEqual(windows)
  })

  it('an answer of another tab does not free the slot of a request that runs', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    const shown = [await world.showLoaded(['goals', 1]), await world.showLoaded(['goals', 2])]
    world.server.latencyMs = () => 500
    world.change(goals)
    await advance(300)
    const first = world.server.requests.at(-1)?.queryHash === hashKey(['goals', 1]) ? ['goals', 1] : ['goals', 2]
    putState(world, first, { data: { version: 1 }, isInvalidated: false, fetchStatus: 'idle' })
    let peak = 0
    for (let ms = 0; ms < 2000; ms += 10) {
      await advance(10)
      peak = Math.max(peak, world.server.requests.filter(({ outcome }) => outcome === 'running').length)
    }
    expect(peak).toBe(1)
    expect(shown.map((one) => one.version())).toEqual([1, 1])
  })

  it.each(invalidations.flatMap((kind) => (['before', 'after'] as const).map((when) => [when, kind] as const)))(
    'a state that says fetching with no request behind it, put in %s %s, holds up no fetch',
    async (when, kind) => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      const claim = (): void => putState(world, goals, { data: { version: 0 }, fetchStatus: 'fetching' })
      if (when === 'before') claim()
      announce(world, kind, goals)
      if (when === 'after') claim()
      const settled = watchPromise(world.coalescer.settled())
      const flushed = watchPromise(world.coalescer.flush())
      await advance(1000)
      expect(shown.version()).toBe(1)
      expect([settled.isResolved, flushed.isResolved]).toEqual([true, true])
      expect(startsOf(world, goals)).toHaveLength(2)
    },
  )

  it('a state without data that says fetching with no request behind it holds up no fetch', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    putState(world, goals, { data: undefined, status: 'pending', fetchStatus: 'fetching' })
    announce(world, 'INVALIDATE', goals)
    const settled = watchPromise(world.coalescer.settled())
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(settled.isResolved).toBe(true)
  })

  it.each([undefined, 50])(
    'a query that another tab has built, said to be fetching, is fetched (its own component mounts %s ms later)',
    async (mountMs) => {
      const world = worldOf(strategy)
      const other = new QueryClient()
      other.setQueryData(goals, { version: 0 })
      const state = other.getQueryState<Versioned>(goals)
      if (!state) throw new Error('Expected a state.')
      world.queryClient
        .getQueryCache()
        .build<Versioned>(world.queryClient, { queryKey: goals }, { ...state, fetchStatus: 'fetching' })
      if (mountMs === undefined) world.show(goals)
      announce(world, 'INVALIDATE', goals)
      if (mountMs !== undefined) await advance(mountMs)
      const shown = world.show(goals)
      const settled = watchPromise(world.coalescer.settled())
      await advance(1000)
      expect(shown.version()).toBe(1)
      expect(settled.isResolved).toBe(true)
      expect(startsOf(world, goals)).toHaveLength(1)
    },
  )

  it('a claim of another tab in the middle of our fetch, whose answer is cancelled, holds up no fetch', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(fetchDelayOf(strategy) + 20)
    await world.queryClient.cancelQueries({ queryKey: goals })
    putState(world, goals, { data: { version: 0 }, fetchStatus: 'fetching' })
    announce(world, 'INVALIDATE', goals)
    const settled = watchPromise(world.coalescer.settled())
    await advance(1000)
    expect(shown.version()).toBe(2)
    expect(settled.isResolved).toBe(true)
  })

  describe('a hydrated promise', () => {
    it.each([0, 20, 60, 300])(
      'of a request from before the event does not count, hydrated %i ms later',
      async (delayMs) => {
        const world = worldOf(strategy)
        const shown = await world.showLoaded(goals)
        await advance(50)
        const other = new QueryClient()
        world.server.latencyMs = () => 600
        void other.prefetchQuery({ queryKey: goals, queryFn: world.server.queryFn })
        await drain()
        const state = dehydrate(other, {
          shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) || query.state.status === 'pending',
        })
        world.server.latencyMs = () => 100
        announce(world, 'INVALIDATE', goals)
        await advance(delayMs)
        hydrate(world.queryClient, state)
        await advance(5000)
        expect(shown.version()).toBe(1)
        expect(isInvalidated(world, goals)).toBe(false)
        expect(startsOf(world, goals).length).toBeLessThanOrEqual(4)
      },
    )

    it('that makes its query after the flush is followed by a fetch', async () => {
      const world = worldOf(strategy)
      await advance(10)
      const other = new QueryClient()
      world.server.latencyMs = () => 600
      void other.prefetchQuery({ queryKey: goals, queryFn: world.server.queryFn })
      await drain()
      const state = dehydrate(other, { shouldDehydrateQuery: () => true })
      world.server.latencyMs = () => 100
      announce(world, 'INVALIDATE', goals)
      await advance(300)
      hydrate(world.queryClient, state)
      const shown = world.show(goals)
      await advance(5000)
      expect(shown.version()).toBe(1)
    })
  })

  describe('data restored after the flush of an event', () => {
    /** A cache as it was persisted: version 0, read now. */
    const persisted = async (world: World): Promise<ReturnType<typeof dehydrate>> => {
      const other = new QueryClient()
      const read = other.fetchQuery({ queryKey: goals, queryFn: world.server.queryFn })
      await advance(100)
      await read
      return dehydrate(other)
    }

    it.each(invalidations.flatMap((kind) => (['before', 'after'] as const).map((when) => [kind, when] as const)))(
      'from before it (%s) is not shown as fresh (mounted %s)',
      async (kind, when) => {
        const world = worldOf(strategy)
        const state = await persisted(world)
        const disabled = when === 'before' ? world.show(goals, { enabled: false }) : undefined
        announce(world, kind, goals)
        await advance(1000)
        hydrate(world.queryClient, state)
        // As an app that is restoring: what it shows may fetch once its cache is back.
        disabled?.observer.setOptions({ queryKey: goals })
        const shown = disabled ?? world.show(goals)
        await advance(1000)
        expect(shown.version()).toBe(1)
        expect(startsOf(world, goals)).toHaveLength(2)
      },
    )

    it('from before it is marked stale if nothing shows it', async () => {
      const world = worldOf(strategy)
      const state = await persisted(world)
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      hydrate(world.queryClient, state)
      await advance(1000)
      expect(isInvalidated(world, goals)).toBe(true)
      expect(startsOf(world, goals)).toHaveLength(1)
    })

    it('over newer data on screen (its time is of an older read) is fetched again', async () => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      const readAtMs = Date.now()
      await advance(100)
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      expect(shown.version()).toBe(1)
      world.queryClient.setQueryData(goals, { version: 0 }, { updatedAt: readAtMs })
      await advance(1000)
      expect(shown.version()).toBe(1)
      expect(startsOf(world, goals).length).toBeLessThanOrEqual(3)
    })

    it('from before it is found, whatever the app makes of its key and of the key in the record', async () => {
      const world = worldOf(strategy)
      const state = await persisted(world)
      const key = [...goals]
      world.coalescer.on('flushed', ({ keys }) => keys.forEach(({ queryKey }) => (queryKey as string[]).push('told')))
      announce(world, 'INVALIDATE', key)
      world.server.write(goals)
      key.push('changed')
      await advance(1000)
      hydrate(world.queryClient, state)
      await advance(1000)
      expect(isInvalidated(world, goals)).toBe(true)
    })

    it('from after it is fresh', async () => {
      const world = worldOf(strategy)
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      const state = await persisted(world)
      hydrate(world.queryClient, state)
      const shown = world.show(goals)
      await advance(1000)
      expect(shown.version()).toBe(1)
      expect(startsOf(world, goals)).toHaveLength(1)
    })

    describe('while a request runs that is newer', () => {
      /** An event has been answered, another request runs, and what was read before the event is put in beside it. */
      const restoredBeside = async (world: World, isShown: boolean): Promise<void> => {
        const shown = await world.showLoaded(goals)
        const readAtMs = Date.now()
        await advance(100)
        announce(world, 'INVALIDATE', goals)
        await advance(1000)
        if (!isShown) shown.unmount()
        void world.queryClient.refetchQueries({ queryKey: goals, type: 'all' })
        world.queryClient.setQueryData(goals, { version: 0 }, { updatedAt: readAtMs })
      }

      it('costs no request if that one ends', async () => {
        const world = worldOf(strategy)
        await restoredBeside(world, true)
        await advance(1000)
        expect(world.queryClient.getQueryData(goals)).toMatchObject({ version: 1 })
        expect(startsOf(world, goals)).toHaveLength(3)
        expect(isInvalidated(world, goals)).toBe(false)
      })

      it('is fetched again if that one is cancelled', async () => {
        const world = worldOf(strategy)
        await restoredBeside(world, true)
        void world.queryClient.cancelQueries({ queryKey: goals })
        expect(world.queryClient.getQueryData(goals)).toMatchObject({ version: 0 })
        await advance(2000)
        expect(world.queryClient.getQueryData(goals)).toMatchObject({ version: 1 })
        expect(startsOf(world, goals)).toHaveLength(4)
      })

      it('is marked stale if that one is cancelled and nothing shows it, for which nobody waits', async () => {
        const world = worldOf(strategy)
        await restoredBeside(world, false)
        const settled = watchPromise(world.coalescer.settled())
        await drain()
        expect(settled.isResolved).toBe(true)
        void world.queryClient.cancelQueries({ queryKey: goals })
        await advance(2000)
        expect(world.queryClient.getQueryData(goals)).toMatchObject({ version: 0 })
        expect(isInvalidated(world, goals)).toBe(true)
        expect(startsOf(world, goals)).toHaveLength(3)
      })
    })

    it('from between its event and one of another key is fresh', async () => {
      const world = worldOf(strategy)
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      const state = await persisted(world)
      await advance(1000)
      announce(world, 'INVALIDATE', ['partners'])
      await advance(1000)
      hydrate(world.queryClient, state)
      world.show(goals)
      await advance(1000)
      expect(startsOf(world, goals)).toHaveLength(1)
    })

    it.each(invalidations)('from before an event (%s) whose flush is still to come is stale', async (kind) => {
      const world = worldOf(strategy)
      const state = await persisted(world)
      await advance(10)
      announce(world, kind, goals)
      hydrate(world.queryClient, state)
      const shown = world.show(goals)
      await advance(1000)
      expect(shown.version()).toBe(1)
    })

    it('for a key that no event named is left alone', async () => {
      const world = worldOf(strategy)
      const state = await persisted(world)
      announce(world, 'INVALIDATE', ['partners'])
      await advance(1000)
      hydrate(world.queryClient, state)
      world.show(goals)
      await advance(1000)
      expect(startsOf(world, goals)).toHaveLength(1)
    })
  })

  it.each([0, 1000])(
    "a persister's data, read before the event and handed out by a fetch %i ms after it, does not count",
    async (delayMs) => {
      const world = worldOf(strategy)
      await advance(100)
      const readAtMs = Date.now() - 50
      announce(world, 'INVALIDATE', goals)
      await advance(delayMs)
      const shown = world.show(goals, {
        persister: async (queryFn, context, query) => {
          if (query.state.data !== undefined) return await queryFn(context)
          // As `experimental_createQueryPersister` does: the time of the read comes after the data.
          notifyManager.schedule(() => query.setState({ dataUpdatedAt: readAtMs }))
          return { version: 0 }
        },
      })
      await advance(5000)
      expect(shown.version()).toBe(1)
      expect(startsOf(world, goals)).toHaveLength(1)
    },
  )

  it.each(invalidations)('a streamed query open from before %s is opened anew within stuckAfterMs', async (kind) => {
    const world = worldOf(strategy, { stuckAfterMs })
    const opened: number[] = []
    const observer = new QueryObserver<{ version: number }[]>(world.queryClient, {
      queryKey: goals,
      queryFn: streamedQuery({
        async *streamFn() {
          opened.push(Date.now())
          yield { version: world.server.versionOf(goals) }
          await new Promise(() => undefined)
        },
      }),
    })
    onTestFinished(observer.subscribe(() => undefined))
    await advance(200)
    announce(world, kind, goals)
    const eventAtMs = Date.now()
    await advance(stuckAfterMs + 500)
    expect(observer.getCurrentResult().data?.at(-1)).toEqual({ version: 1 })
    expect(opened.filter((ms) => ms > eventAtMs + stuckAfterMs + 200)).toEqual([])
    await advance(20 * stuckAfterMs)
    expect(opened).toHaveLength(2)
  })

  it('a streamed query that opens after the event counts', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    let opened = 0
    world.server.write(goals)
    world.coalescer.scheduleInvalidate(goals)
    const observer = new QueryObserver(world.queryClient, {
      queryKey: goals,
      queryFn: streamedQuery({
        async *streamFn() {
          opened += 1
          yield { version: world.server.versionOf(goals) }
          await new Promise(() => undefined)
        },
      }),
    })
    onTestFinished(observer.subscribe(() => undefined))
    await advance(20 * stuckAfterMs)
    expect(opened).toBe(1)
  })

  it('invalidateQueries of the coalesced client is not answered by a hydrated promise', async () => {
    const world = worldOf(strategy)
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    const shown = await world.showLoaded(goals)
    await advance(50)
    const other = new QueryClient()
    void other.prefetchQuery({ queryKey: goals, queryFn: world.server.queryFn })
    await drain()
    const state = dehydrate(other, { shouldDehydrateQuery: () => true })
    world.server.write(goals)
    let versionAtEnd: number | undefined
    void client.invalidateQueries({ queryKey: goals }).then(() => (versionAtEnd = shown.version()))
    hydrate(world.queryClient, state)
    await advance(5000)
    expect(versionAtEnd).toBe(1)
  })
})
