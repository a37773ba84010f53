import { describe, expect, it, vi } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, coalescing, flushDelayOf, timing, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(coalescing)('G11 jitter, %s', (strategy) => {
  const flushTimes = async (clients: number, options: object, steady = false): Promise<number[]> => {
    const times: number[] = []
    for (let client = 0; client < clients; client += 1) {
      const world = worldOf(strategy, options)
      await world.showLoaded(goals)
      const end = Date.now() + (steady ? 600 : 1)
      do {
        announce(world, 'INVALIDATE', goals)
        await advance(steady ? 20 : 1)
      } while (Date.now() < end)
      await advance(1000)
      times.push(world.flushed[0]?.waitedMs ?? -1)
      world.end()
    }
    return times
  }

  it('spreads the flushes of a lone change over jitterMs, after quietMs and within maxWaitMs', async () => {
    const times = await flushTimes(60, { jitterMs: 100 })
    expect(Math.min(...times)).toBeGreaterThanOrEqual(timing.quietMs)
    expect(Math.max(...times)).toBeLessThanOrEqual(flushDelayOf(strategy) + 100)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(50)
    expect(new Set(times).size).toBeGreaterThan(10)
  })

  it('never passes maxWaitMs, however large it is', async () => {
    const times = await flushTimes(40, { jitterMs: 100_000 })
    expect(Math.max(...times)).toBeLessThanOrEqual(timing.maxWaitMs)
    expect(new Set(times).size).toBeGreaterThan(5)
  })

  it('spreads the flushes of a steady stream, too', async () => {
    const times = await flushTimes(20, { jitterMs: 100 }, true)
    expect(Math.max(...times)).toBeLessThanOrEqual(timing.maxWaitMs)
    expect(new Set(times).size).toBeGreaterThan(3)
  })

  it('0 draws nothing', async () => {
    const random = vi.spyOn(Math, 'random')
    expect(new Set(await flushTimes(3, { jitterMs: 0 }))).toEqual(new Set([flushDelayOf(strategy)]))
    random.mockRestore()
  })

  it('holds for the flush on return from hidden: nobody waits longer than visible', async () => {
    const world = worldOf(strategy, { jitterMs: 100 })
    const shown = await world.showLoaded(goals)
    world.hide()
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    world.unhide()
    await advance(100 + timing.maxWaitMs)
    expect(shown.version()).toBe(1)
  })
})
