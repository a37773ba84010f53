import type { QueryKey } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, coalescing, eventKinds, fetchDelayOf, sendChange, startsOf, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(coalescing)('G2 few, %s', (strategy) => {
  const settledStarts = async (keys: readonly QueryKey[], schedule: (world: ReturnType<typeof worldOf>) => void) => {
    const world = worldOf(strategy)
    for (const key of keys) await world.showLoaded(key)
    const before = world.server.requests.length
    schedule(world)
    await advance(2000)
    return { world, count: world.server.requests.length - before }
  }

  it.each(eventKinds)('many %s events of one key are one fetch', async (kind) => {
    const { count } = await settledStarts([goals], (world) => {
      for (let i = 0; i < 25; i += 1) announce(world, kind, goals)
    })
    expect(count).toBe(1)
  })

  it('INVALIDATE followed by REFETCH of one key is one fetch, and so is the other order', async () => {
    const { count } = await settledStarts([goals], ({ coalescer }) => {
      coalescer.scheduleInvalidate(goals)
      coalescer.scheduleRefetch(goals)
    })
    expect(count).toBe(1)
    const reversed = await settledStarts([goals], ({ coalescer }) => {
      coalescer.scheduleRefetch(goals, 'all')
      coalescer.scheduleInvalidate(goals)
    })
    expect(reversed.count).toBe(1)
  })

  it('a query that parent, child and exact keys match is fetched once', async () => {
    const { count } = await settledStarts([['goals', 1]], ({ coalescer }) => {
      coalescer.scheduleInvalidate(goals)
      coalescer.scheduleInvalidate(['goals', 1])
      coalescer.scheduleInvalidate(['goals', 1], { exact: true })
      coalescer.scheduleRefetch([])
    })
    expect(count).toBe(1)
  })

  it('a row that is deleted and inserted again is one fetch per affected key', async () => {
    const { count } = await settledStarts([['motivations', 'today'], ['dashboard']], (world) => {
      sendChange(world, { invalidate: [['motivations'], ['dashboard']] }, 'motivations')
      sendChange(world, { invalidate: [['motivations'], ['dashboard']] }, 'motivations')
    })
    expect(count).toBe(2)
  })

  it('keys that differ only in the order of properties are one pending key', async () => {
    const { world, count } = await settledStarts([['goals', { a: 1, b: 2 }]], ({ coalescer }) => {
      coalescer.scheduleInvalidate(['goals', { a: 1, b: 2 }])
      coalescer.scheduleInvalidate(['goals', { b: 2, a: 1 }])
    })
    expect(count).toBe(1)
    expect(world.flushed.map(({ keys }) => keys)).toEqual([
      [{ queryKey: ['goals', { a: 1, b: 2 }], events: 2, sources: [] }],
    ])
  })

  it('{ a: undefined } and {} stay two pending keys, because they match different queries', async () => {
    const withA: QueryKey = ['goals', { a: 1 }]
    const { world, count } = await settledStarts([withA], ({ coalescer }) => {
      coalescer.scheduleInvalidate(['goals', { a: undefined }])
      coalescer.scheduleInvalidate(['goals', {}])
      expect(coalescer.getSnapshot().pendingKeys).toBe(2)
    })
    expect(count).toBe(1)
    world.coalescer.scheduleInvalidate(['goals', { a: undefined }])
    await advance(2000)
    expect(startsOf(world, withA)).toHaveLength(2)
  })

  it.each([
    ['1 and "1"', ['goals', 1], ['goals', '1']],
    ['null and undefined', ['goals', null], ['goals', undefined]],
    ['true and "true"', ['goals', true], ['goals', 'true']],
    ['nested and flat', ['goals', ['a', 'b']], ['goals', ['a'], 'b']],
    ['an array and an object', ['goals', ['a']], ['goals', { 0: 'a' }]],
    ['joined strings', ['a,b'], ['a', 'b']],
  ])('%s are different keys', (_, first, second) => {
    const { coalescer } = worldOf(strategy)
    coalescer.scheduleInvalidate(first)
    coalescer.scheduleInvalidate(second)
    expect(coalescer.getSnapshot().pendingKeys).toBe(2)
  })

  it('exact and not exact of one key do not absorb each other', async () => {
    const { world, count } = await settledStarts([['goals'], ['goals', 1]], ({ coalescer }) => {
      coalescer.scheduleInvalidate(goals, { exact: true })
      coalescer.scheduleInvalidate(goals)
    })
    expect(count).toBe(2)
    world.coalescer.scheduleInvalidate(goals, { exact: true })
    await advance(2000)
    expect(startsOf(world, ['goals', 1])).toHaveLength(2)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('a query whose fetch started after the newest event is left alone', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(1)
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(2000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(world.flushed).toEqual([expect.objectContaining({ fetched: [], skippedFresh: 1, markedStale: 0 })])
  })

  it('a mount that fetches after the event is not followed by a fetch of the flush', async () => {
    const world = worldOf(strategy)
    world.queryClient.setQueryData(goals, { version: 0 })
    await world.queryClient.invalidateQueries({ queryKey: goals })
    announce(world, 'INVALIDATE', goals)
    world.show(goals)
    await advance(2000)
    expect(startsOf(world, goals)).toHaveLength(1)
  })

  it('events during a fetch make one fetch to follow, and never two in flight', async () => {
    const world = worldOf(strategy)
    world.server.latencyMs = () => 500
    await world.showLoaded(goals)
    world.coalescer.scheduleInvalidate(goals)
    let peak = 0
    for (let i = 0; i < 40; i += 1) {
      await advance(10)
      if (startsOf(world, goals).length > 1) announce(world, 'INVALIDATE', goals)
      peak = Math.max(peak, world.server.runningOf(goals))
    }
    await advance(3000)
    expect(peak).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(3)
    expect(world.server.requests.every(({ outcome }) => outcome === 'ok')).toBe(true)
  })

  it('one flush of parents, children and repeats starts each fetch in one turn', async () => {
    const keys = Array.from({ length: 40 }, (_, index): QueryKey => ['goals', index])
    const world = worldOf(strategy)
    for (const key of keys) world.show(key)
    await advance(100)
    for (const key of [goals, ...keys, ...keys]) world.coalescer.scheduleInvalidate(key)
    await advance(fetchDelayOf(strategy))
    expect(world.server.requests).toHaveLength(80)
    await advance(1000)
    expect(world.server.requests).toHaveLength(80)
  })

  it('events of one synchronous turn are one fetch also without a quiet window', async () => {
    const world = worldOf(strategy, { quietMs: 0 })
    await world.showLoaded(goals)
    for (let event = 0; event < 10; event += 1) announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(world.flushed.map(({ reason, keys }) => [reason, keys[0]?.events])).toEqual([['quiet', 10]])
  })

  it('custom hash functions decide what an exact key matches', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server })
    const caseless = (queryKey: QueryKey): string => JSON.stringify(queryKey).toLowerCase()
    await world.showLoaded(['Goals', 1], { queryKeyHashFn: caseless })
    await world.showLoaded(['Goals', 2])
    const before = server.requests.length
    world.coalescer.scheduleInvalidate(['GOALS', 1], { exact: true })
    world.coalescer.scheduleInvalidate(['GOALS', 2], { exact: true })
    await advance(2000)
    expect(server.requests.slice(before).map(({ queryHash }) => queryHash)).toEqual(['["Goals",1]'])
    expect(world.errors).toEqual([])
  })

  it('exact keys that only the hash function of a query tells apart are both answered', async () => {
    const world = worldOf(strategy)
    const withMaps = (queryKey: QueryKey): string =>
      JSON.stringify(queryKey, (_, value: unknown) => (value instanceof Map ? [...value] : value))
    const first: QueryKey = ['goals', new Map([['done', true]])]
    const second: QueryKey = ['goals', new Map([['done', false]])]
    const starts: unknown[] = []
    const options = {
      queryKeyHashFn: withMaps,
      queryFn: ({ queryKey }: { queryKey: QueryKey }) => {
        starts.push(queryKey)
        return Promise.resolve({ version: 0 })
      },
    }
    world.show(first, options)
    world.show(second, options)
    await advance(10)
    starts.length = 0
    world.coalescer.scheduleInvalidate(first, { exact: true })
    world.coalescer.scheduleInvalidate(second, { exact: true })
    await advance(2000)
    expect(starts).toEqual([first, second])
  })
})
