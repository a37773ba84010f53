import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { QueryKey } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { changeOf } from '../support/changeOf.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { clientOf, coalescing, everyStrategy, sendChange, worldOf } from './support.ts'

useSimulatedTime()

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const goals = ['goals']

describe.each(coalescing)('G10 bounded memory, %s', (strategy) => {
  it('what is pending grows with distinct keys, not with events', () => {
    const { coalescer } = worldOf(strategy)
    for (let event = 0; event < 5000; event += 1) {
      coalescer.scheduleInvalidate(['goals', event % 10], { source: `s${event}` })
      coalescer.scheduleRefetch(['goals', event % 10])
    }
    expect(coalescer.getSnapshot().pendingKeys).toBe(10)
    expect(coalescer.getSnapshot().stats.eventsReceived).toBe(10_000)
  })

  it('at most 50 distinct sources are kept per key, and every event is counted', async () => {
    const world = worldOf(strategy)
    for (let event = 0; event < 200; event += 1) world.coalescer.scheduleInvalidate(goals, { source: `s${event % 80}` })
    await advance(1000)
    const [key] = world.flushed[0]?.keys ?? []
    expect(key?.events).toBe(200)
    expect(key?.sources).toHaveLength(50)
    expect(new Set(key?.sources).size).toBe(50)
  })
})

describe('G10 bounded memory, batch', () => {
  it('flushes early once maxBufferedChanges are buffered', async () => {
    const world = worldOf('batch', { maxBufferedChanges: 5 })
    for (let change = 0; change < 4; change += 1) sendChange(world, { invalidate: [goals] })
    expect(world.flushed).toEqual([])
    expect(world.coalescer.getSnapshot().pendingKeys).toBe(4)
    sendChange(world, { invalidate: [goals] })
    await drain()
    expect(world.flushed.map(({ keys }) => keys[0]?.events)).toEqual([5])
    expect(world.coalescer.getSnapshot()).toMatchObject({ pendingKeys: 0, phase: 'idle' })
  })

  it('never buffers more, also while hidden', async () => {
    const world = worldOf('batch', { maxBufferedChanges: 5 })
    world.hide()
    for (let change = 0; change < 100; change += 1) {
      sendChange(world, { invalidate: [goals] })
      expect(world.coalescer.getSnapshot().pendingKeys).toBeLessThanOrEqual(6)
    }
    world.unhide()
    await advance(1000)
    expect(world.flushed.map(({ keys }) => keys[0]?.events)).toEqual([100])
  })

  it('a limit of its own wins over that of the options, and a lower one applies to what is buffered', async () => {
    const world = worldOf('batch', { maxBufferedChanges: 5 })
    for (let change = 0; change < 4; change += 1) sendChange(world, { invalidate: [goals] })
    world.coalescer.switchStrategy({ name: 'batch', maxBufferedChanges: 2 })
    await drain()
    expect(world.flushed.map(({ keys }) => keys[0]?.events)).toEqual([4])
  })
})

describe.each(everyStrategy)('G10 nothing is held of what is flushed, %s', (strategy) => {
  /** Keys with an object part; returns weak references to those parts. */
  const scheduleKeys = (count: number, schedule: (queryKey: QueryKey) => void): WeakRef<object>[] =>
    Array.from({ length: count }, (_, id) => {
      const part = { id }
      schedule(['goals', part])
      return new WeakRef(part)
    })

  const countAlive = async (refs: readonly WeakRef<object>[]): Promise<number> => {
    let alive = refs.length
    for (let attempt = 0; attempt < 10 && alive > 0; attempt += 1) {
      await drain()
      collectGarbage()
      await drain()
      alive = refs.filter((ref) => ref.deref() !== undefined).length
    }
    return alive
  }

  it.each([
    ['flush()', {}],
    ['urgent', { urgent: true }],
  ])('keys flushed by %s', async (how, options) => {
    const world = worldOf(strategy, { leading: false })
    const unheard = world.flushed
    const refs = scheduleKeys(200, (queryKey) => {
      world.coalescer.scheduleInvalidate(queryKey, options)
      if (how === 'flush()') void world.coalescer.flush()
      unheard.length = 0
    })
    await drain()
    expect(await countAlive(refs)).toBeLessThan(10)
  })

  it('keys whose window has ended', async () => {
    const world = worldOf(strategy)
    const refs = scheduleKeys(200, (queryKey) => world.coalescer.scheduleInvalidate(queryKey))
    await advance(1000)
    world.flushed.length = 0
    expect(await countAlive(refs)).toBeLessThan(10)
  })

  it('changes whose handlers have run', async () => {
    const world = worldOf(strategy)
    const refs = Array.from({ length: 200 }, (_, id) => {
      const change = changeOf('goals', id)
      world.coalescer.send({ type: 'CHANGE', change, handler: () => ({ invalidate: [goals] }) })
      return new WeakRef(change)
    })
    await advance(1000)
    world.flushed.length = 0
    expect(await countAlive(refs)).toBeLessThan(10)
  })

  it('queries that have been removed', async () => {
    const world = worldOf(strategy)
    const refs = scheduleKeys(50, (queryKey) => world.queryClient.setQueryData(queryKey, { version: 0 }))
    world.coalescer.scheduleInvalidate(goals, { refetchType: 'all' })
    await advance(1000)
    world.queryClient.removeQueries()
    world.flushed.length = 0
    expect(await countAlive(refs)).toBeLessThan(10)
  })

  it.each(['before', 'after'] as const)('queries that calls have matched, removed %s the flush', async (when) => {
    const world = worldOf(strategy)
    const refs = scheduleKeys(50, (queryKey) => world.queryClient.setQueryData(queryKey, { version: 0 }))
    if (when === 'before') world.hide()
    void clientOf(world).invalidateQueries({ queryKey: goals, refetchType: 'all' })
    if (when === 'after') await advance(1000)
    world.queryClient.removeQueries()
    world.flushed.length = 0
    expect(await countAlive(refs)).toBeLessThan(10)
    world.unhide()
  })
})
