import type { QueryKey } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import { isInvalidated, worldOf } from './support.ts'

useSimulatedTime()

const goal = (id: number): QueryKey => ['goals', id]
const goalsFrom = (first: number, count: number): QueryKey[] => Array.from({ length: count }, (_, i) => goal(first + i))

async function flush({ coalescer }: World, queryKeys: readonly QueryKey[], exact = false): Promise<void> {
  await advance(10)
  coalescer.send({ type: 'INVALIDATE', queryKeys, exact })
  coalescer.send({ type: 'FLUSH' })
  await advance(10)
}

/** Puts data into the cache that was read at a time, and tells whether it was found stale. */
function restoresStale(world: World, queryKey: QueryKey, readAtMs: number): boolean | undefined {
  world.queryClient.setQueryData(queryKey, { version: 0 }, { updatedAt: readAtMs })
  return isInvalidated(world, queryKey)
}

describe('G1 fresh, data restored after the flush of many events', () => {
  describe.each([true, false])('exact %s', (exact) => {
    it.each([999, 1000, 1001, 1999, 2000, 2001, 3500])('from before %i of them is stale', async (count) => {
      const world = worldOf('debounce')
      const readAtMs = Date.now()
      await flush(world, goalsFrom(0, count), exact)
      const stale = [0, 1, Math.floor(count / 2), Math.max(0, count - 1001), count - 1].map(goal)
      expect(stale.map((queryKey) => restoresStale(world, queryKey, readAtMs))).toEqual(stale.map(() => true))
      expect(goalsFrom(0, count).map((queryKey) => restoresStale(world, queryKey, Date.now() - 1))).not.toContain(true)
    })
  })

  it('is left alone if it is of another key, while there are at most a thousand keys, however often they are flushed', async () => {
    const world = worldOf('debounce')
    const readAtMs = Date.now()
    for (let round = 0; round < 5; round += 1) await flush(world, goalsFrom(0, 999))
    expect(restoresStale(world, ['partners'], readAtMs)).toBe(false)
    expect(restoresStale(world, goal(998), readAtMs)).toBe(true)
  })

  it('is left alone if it is of another key, however often one key is flushed', async () => {
    const world = worldOf('debounce')
    const readAtMs = Date.now()
    for (let round = 0; round < 2500; round += 1) {
      world.coalescer.scheduleInvalidate(goal(1))
      world.coalescer.send({ type: 'FLUSH' })
    }
    expect(restoresStale(world, ['partners'], readAtMs - 1)).toBe(false)
    expect(restoresStale(world, goal(1), readAtMs - 1)).toBe(true)
  })

  it('is stale if an older event of a key that contains it came before the read, and a newer one of its own after', async () => {
    const world = worldOf('debounce')
    await flush(world, [['goals']])
    await advance(1000)
    const readAtMs = Date.now()
    await flush(world, goalsFrom(0, 4000))
    expect(restoresStale(world, goal(0), readAtMs)).toBe(true)
  })

  it('counts the newest event of a key that is flushed again', async () => {
    const world = worldOf('debounce')
    await flush(world, goalsFrom(0, 500))
    await advance(1000)
    const readAtMs = Date.now()
    await flush(world, goalsFrom(0, 500))
    expect(restoresStale(world, goal(3), readAtMs)).toBe(true)
    expect(restoresStale(world, ['partners'], readAtMs)).toBe(false)
  })

  it('is stale if its key, the first of many, was named once more after the read', async () => {
    const world = worldOf('debounce')
    world.coalescer.send({ type: 'INVALIDATE', queryKeys: goalsFrom(0, 3000) })
    await advance(10)
    const readAtMs = Date.now()
    await advance(10)
    await flush(world, [goal(0)])
    expect(restoresStale(world, goal(0), readAtMs)).toBe(true)
  })

  it('is stale once the request is cancelled that runs beside it, though nothing shows it', async () => {
    const world = worldOf('debounce')
    const shown = await world.showLoaded(goal(0))
    const readAtMs = Date.now()
    await flush(world, goalsFrom(0, 2500))
    await advance(1000)
    shown.unmount()
    void world.queryClient.refetchQueries({ queryKey: goal(0), type: 'all' })
    expect(restoresStale(world, goal(0), readAtMs)).toBe(false)
    await world.queryClient.cancelQueries({ queryKey: goal(0) })
    await advance(1000)
    expect(isInvalidated(world, goal(0))).toBe(true)
  })

  it('does not count what reset() has forgotten', async () => {
    const world = worldOf('debounce')
    const readAtMs = Date.now()
    await flush(world, goalsFrom(0, 2500))
    world.coalescer.reset()
    await flush(world, goalsFrom(5000, 999))
    expect(restoresStale(world, goal(3), readAtMs)).toBe(false)
    expect(restoresStale(world, goal(5003), readAtMs)).toBe(true)
  })
})
