import { type QueryKey, QueryObserver } from '@tanstack/react-query'
import { describe, expect, it, onTestFinished } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import { clientOf, everyStrategy, fetchDelayOf, invalidations, worldOf } from './support.ts'

useSimulatedTime()

const first = (): number => 1
const second = (): number => 2

/** Pairs of keys that TanStack's own hash cannot tell apart, and one of keys it cannot hash at all. */
const pairs: [string, QueryKey, QueryKey][] = [
  ['undefined and null', ['a', undefined], ['a', null]],
  ['two functions', ['a', first], ['a', second]],
  ['two symbols', ['a', Symbol('first')], ['a', Symbol('second')]],
  ['NaN and null', ['a', Number.NaN], ['a', null]],
  ['NaN and Infinity', ['a', Number.NaN], ['a', Infinity]],
  ['two regular expressions', ['a', /first/], ['a', /second/]],
  ['two bigints', ['a', 1n], ['a', 2n]],
  ['a map and an object', ['a', new Map()], ['a', {}]],
]

const queryKeyHashFn = (queryKey: QueryKey): string =>
  queryKey.map((part) => `${typeof part} ${Object.prototype.toString.call(part)} ${String(part)}`).join()

/** Mounts a query that only its own `queryKeyHashFn` tells apart from others, and counts its requests. */
function show({ queryClient }: World, queryKey: QueryKey): { starts: number[] } {
  const starts: number[] = []
  const observer = new QueryObserver(queryClient, {
    queryKey,
    queryKeyHashFn,
    queryFn: async () => {
      starts.push(Date.now())
      await new Promise((resolve) => setTimeout(resolve, 100))
      return starts.length
    },
  })
  onTestFinished(observer.subscribe(() => undefined))
  return { starts }
}

describe.each(everyStrategy)('G2 keys that only queryKeyHashFn tells apart, %s', (strategy) => {
  describe.each(pairs)('%s', (_, one, other) => {
    it.each(invalidations.flatMap((kind) => [Infinity, 1].map((limit) => [kind, limit] as const)))(
      'exact, by %s: each is fetched once (%i slots)',
      async (kind, maxConcurrentRefetches) => {
        const world = worldOf(strategy, { maxConcurrentRefetches })
        // TanStack itself throws at the call where a query's hash does.
        if (kind === 'INVALIDATE') await world.showLoaded(['a', 'query of plain data'])
        const shown = [show(world, one), show(world, other)]
        await advance(200)
        for (const queryKey of [one, other]) {
          if (kind === 'CLIENT') void clientOf(world).invalidateQueries({ queryKey, exact: true })
          else world.coalescer.scheduleInvalidate(queryKey, { exact: true })
        }
        await advance(2000)
        expect(shown.map(({ starts }) => starts.length)).toEqual([2, 2])
        expect(world.errors).toEqual([])
      },
    )

    it('exact: an event for one leaves the other alone', async () => {
      const world = worldOf(strategy)
      const shown = [show(world, one), show(world, other)]
      await advance(200)
      world.coalescer.scheduleInvalidate(other, { exact: true })
      await advance(2000)
      expect(shown.map(({ starts }) => starts.length)).toEqual([1, 2])
    })

    it('a fetch of each that is cancelled is owed again', async () => {
      const world = worldOf(strategy)
      const shown = [show(world, one), show(world, other)]
      await advance(200)
      world.coalescer.scheduleInvalidate(one, { exact: true })
      world.coalescer.scheduleInvalidate(other, { exact: true })
      await advance(fetchDelayOf(strategy) + 10)
      await world.queryClient.cancelQueries({ queryKey: ['a'] })
      await advance(2000)
      expect(shown.map(({ starts }) => starts.length)).toEqual([3, 3])
      expect(world.errors).toEqual([])
    })
  })

  it.each(pairs.slice(0, 3))('as a prefix, too: %s', async (_, one, other) => {
    const world = worldOf(strategy)
    const shown = [show(world, [...one, 'x']), show(world, [...other, 'x'])]
    await advance(200)
    world.coalescer.scheduleInvalidate(one)
    world.coalescer.scheduleRefetch(other)
    await advance(2000)
    expect(shown.map(({ starts }) => starts.length)).toEqual([2, 2])
  })
})

describe.each(everyStrategy)('G1 a key is what it was at the event, %s', (strategy) => {
  it('one array used for many keys', async () => {
    const world = worldOf(strategy)
    const shown = [await world.showLoaded(['goals', { id: 1 }]), await world.showLoaded(['goals', { id: 2 }])]
    const part = { id: 0 }
    const queryKey = ['goals', part]
    for (const id of [1, 2]) {
      part.id = id
      world.server.write(['goals', { id }])
      world.coalescer.scheduleInvalidate(queryKey)
    }
    queryKey[0] = 'other'
    await advance(1000)
    expect(shown.map(({ version }) => version())).toEqual([1, 1])
  })
})

describe.each(everyStrategy)('G2 exact keys by the hash of TanStack, %s', (strategy) => {
  const undefinedKey = ['a', undefined]
  const nullKey = ['a', null]
  const nanKey = ['a', Number.NaN]

  it.each([undefinedKey, nanKey, ['a', new Map([[1, 2]])], ['a', /b/], ['a', { b: 1, a: undefined }], ['a', []]])(
    'one that JSON tells less of than there is, or that it tells all of, is fetched: %o',
    async (...queryKey) => {
      const world = worldOf(strategy)
      await world.showLoaded(queryKey)
      await advance(100)
      world.coalescer.scheduleInvalidate(queryKey, { exact: true })
      await advance(1000)
      expect(world.server.requestsOf(queryKey)).toHaveLength(2)
      expect(world.errors).toEqual([])
    },
  )

  it.each([
    [undefinedKey, nullKey],
    [nullKey, undefinedKey],
  ])('two of one hash: the newest event of either counts (%o, %o)', async (one, other) => {
    const world = worldOf(strategy)
    const { observer } = await world.showLoaded(one)
    const send = (queryKey: QueryKey): void => world.coalescer.scheduleInvalidate(queryKey, { exact: true })
    send(one)
    send(other)
    void observer.refetch()
    world.server.write(one)
    send(one)
    await advance(2000)
    expect(world.queryClient.getQueryData(one)).toEqual({ version: 1 })
  })
})
