import { describe, expect, it } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, everyStrategy, flushDelayOf, startsOf, timing, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(everyStrategy)('G7 timing of %s', (strategy) => {
  it('a longer quietMs applies to what is pending, within maxWaitMs', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.switchStrategy({ name: strategy, quietMs: 120 })
    await advance(2000)
    expect(shown.version()).toBe(1)
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual([
      Math.min(flushDelayOf(strategy, 120), timing.maxWaitMs),
    ])
  })

  it('a shorter maxWaitMs that has passed already flushes at once', async () => {
    if (strategy === 'direct') return
    const world = worldOf(strategy, { quietMs: 500, maxWaitMs: 1000 })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(300)
    world.coalescer.switchStrategy({ name: strategy, maxWaitMs: 200 })
    await advance(0)
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual([300])
  })

  it('options of createCoalescer hold, those in the strategy object win, and do not outlive it', async () => {
    if (strategy === 'direct') return
    const world = worldOf({ name: strategy, quietMs: 20 } as never, { quietMs: 70 })
    await world.showLoaded(goals)
    const waited = async (): Promise<number | undefined> => {
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      return world.flushed.at(-1)?.waitedMs
    }
    expect(await waited()).toBe(flushDelayOf(strategy, 20))
    world.coalescer.switchStrategy({ name: strategy, quietMs: 30 })
    expect(await waited()).toBe(flushDelayOf(strategy, 30))
    world.coalescer.switchStrategy(strategy)
    expect(await waited()).toBe(flushDelayOf(strategy, 70))
  })

  it('a switch to itself in a stream, again and again, starves nothing', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    for (let at = 0; at < 600; at += 10) {
      announce(world, 'INVALIDATE', goals)
      world.coalescer.switchStrategy({ name: strategy, quietMs: 40 + (at % 20) })
      await advance(10)
    }
    for (const { waitedMs } of world.flushed) expect(waitedMs).toBeLessThanOrEqual(timing.maxWaitMs)
    await advance(1000)
    expect(shown.version()).toBe(60)
  })
})

describe('G7 defaults', () => {
  it.each([
    ['debounce', 150],
    ['batch', 80],
    ['perKey', 100],
    ['hybrid', 150],
  ] as const)('%s waits for %i ms of quiet unless told otherwise', async (strategy, quietMs) => {
    const world = worldOf(strategy, { quietMs: undefined, maxWaitMs: undefined, refetchDelayMs: undefined })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual([quietMs])
    const fetchedAfterMs = (startsOf(world, goals)[1] ?? 0) - 100
    expect(fetchedAfterMs).toBe(quietMs + (strategy === 'hybrid' ? 200 : 0))
    for (let at = 0; at < 1500; at += 40) {
      announce(world, 'INVALIDATE', goals)
      await advance(40)
    }
    expect(world.flushed.some(({ reason, waitedMs }) => reason === 'maxWait' && waitedMs === 1000)).toBe(true)
  })
})
