import { describe, expect, it } from 'vitest'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import {
  announce,
  coalescing,
  everyStrategy,
  flushDelayOf,
  keepsRootsApart,
  startsOf,
  timing,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(coalescing)('G11 leading, %s', (strategy) => {
  it('an event after idle is flushed at once, and one 10 ms later gets a trailing flush', async () => {
    const world = worldOf(strategy, { leading: true })
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    expect(world.flushed.map(({ reason, waitedMs }) => [reason, waitedMs])).toEqual([['leading', 0]])
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    expect(world.flushed).toHaveLength(1)
    await advance(flushDelayOf(strategy))
    expect(world.flushed.map(({ reason }) => reason)).toEqual(['leading', 'quiet'])
    await advance(1000)
    expect(shown.version()).toBe(2)
  })

  it('an event after the trailing flush and a quiet time is flushed at once again', async () => {
    const world = worldOf(strategy, { leading: true })
    await world.showLoaded(goals)
    for (let round = 0; round < 3; round += 1) {
      announce(world, 'INVALIDATE', goals)
      await advance(10)
      announce(world, 'INVALIDATE', goals)
      await advance(500)
    }
    expect(world.flushed.map(({ reason }) => reason)).toEqual(
      Array.from({ length: 3 }, () => ['leading', 'quiet']).flat(),
    )
  })

  it('a steady stream leads once and is then bounded by maxWaitMs', async () => {
    const world = worldOf(strategy, { leading: true })
    await world.showLoaded(goals)
    for (let at = 0; at < 1000; at += 20) {
      announce(world, 'INVALIDATE', goals)
      await advance(20)
    }
    await advance(500)
    const reasons = world.flushed.map(({ reason }) => reason)
    expect(reasons[0]).toBe('leading')
    expect(reasons.slice(1)).not.toContain('leading')
    expect(reasons.length).toBeLessThanOrEqual(2 + 1000 / timing.maxWaitMs)
    for (const { waitedMs } of world.flushed) expect(waitedMs).toBeLessThanOrEqual(timing.maxWaitMs)
  })

  it('leads by key under perKey, by root under adaptive, for all keys together elsewhere', async () => {
    const world = worldOf(strategy, { leading: true })
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', ['partners'])
    await drain()
    const led = world.flushed.filter(({ reason }) => reason === 'leading').length
    expect(led).toBe(keepsRootsApart(strategy) ? 2 : 1)
    await advance(1000)
    expect(world.flushed.flatMap(({ keys }) => keys).map(({ events }) => events)).toEqual([1, 1])
  })
})

describe.each(everyStrategy)('G11 urgent, %s', (strategy) => {
  it('flushes at once and says so', async () => {
    const world = worldOf(strategy, { refetchDelayMs: 10_000 })
    const shown = await world.showLoaded(goals)
    world.change(goals, { urgent: true })
    await drain()
    expect(world.flushed.map(({ reason }) => reason)).toEqual([strategy === 'direct' ? 'direct' : 'urgent'])
    expect(startsOf(world, goals)).toHaveLength(2)
    await advance(100)
    expect(shown.version()).toBe(1)
  })

  it('takes what is pending along, except under perKey and adaptive, which flush its key or root alone', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(['partners'])
    announce(world, 'INVALIDATE', ['partners'])
    world.change(goals, { urgent: true })
    const urgent = world.flushed.at(-1)?.keys.map(({ queryKey }) => queryKey[0])
    expect(urgent).toEqual(keepsRootsApart(strategy) ? ['goals'] : ['partners', 'goals'])
    await advance(1000)
    expect(startsOf(world, ['partners'])).toHaveLength(2)
  })

  it('an urgent event in a stream leaves the others their window', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    for (let at = 0; at < 600; at += 30) {
      world.change(goals, { urgent: at % 90 === 0 })
      await advance(30)
    }
    await advance(1000)
    expect(shown.version()).toBe(20)
    for (const { waitedMs } of world.flushed) expect(waitedMs).toBeLessThanOrEqual(timing.maxWaitMs)
  })
})
