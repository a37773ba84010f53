import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, eventKinds, everyStrategy, startsOf, timing, watchEnd, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

/** Stops the date alone, as libraries do that mock it; timers go on. */
function freezeDate(): void {
  const date = vi.spyOn(Date, 'now').mockReturnValue(Date.now())
  onTestFinished(() => date.mockRestore())
}

describe.each(everyStrategy)('G3 a date that stands still while timers run, %s', (strategy) => {
  it.each(eventKinds)('%s is flushed all the same', async (kind) => {
    await advance(10)
    freezeDate()
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, kind, goals)
    await advance(timing.maxWaitMs + timing.refetchDelayMs + 100)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('a burst, and one more after it', async () => {
    freezeDate()
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    for (const events of [5, 10]) {
      for (let event = 0; event < 5; event += 1) {
        announce(world, 'INVALIDATE', goals)
        await advance(20)
      }
      await advance(2 * timing.maxWaitMs + timing.refetchDelayMs + 200)
      expect(shown.version()).toBe(events)
    }
    const ends = watchEnd(world)
    await advance(10)
    expect(ends()).toEqual([true, true])
  })

  it('frozen between the event and its flush', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(10)
    freezeDate()
    await advance(2 * timing.maxWaitMs + timing.refetchDelayMs + 100)
    expect(shown.version()).toBe(1)
  })
})
