import { focusManager } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { SimulatedClock } from 'xstate'
import { changeOf } from '../support/changeOf.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { type World, type WorldOptions, createWorld } from '../support/world.ts'

useSimulatedTime()

const goals = ['goals']
const withWindows = ['debounce', 'batch', 'perKey', 'hybrid'] as const satisfies readonly StrategyName[]

const create = (strategy: StrategyName, options: WorldOptions = {}): World =>
  createWorld({ strategy, quietMs: 50, maxWaitMs: 200, refetchDelayMs: 40, ...options })

const reasonsOf = ({ flushed }: World): string[] => flushed.map(({ reason }) => reason)
const phaseOf = ({ coalescer }: World): string => coalescer.getSnapshot().phase

describe.each(withWindows)('a burst under %s', (strategy) => {
  it('with leading goes on after its first flush until it has been quiet', async () => {
    const world = create(strategy, { leading: true })
    world.change(goals)
    expect(phaseOf(world)).toBe('collecting')
    await advance(30)
    world.change(goals)
    await advance(50)
    expect([reasonsOf(world), phaseOf(world)]).toEqual([['leading', 'quiet'], 'idle'])
    world.change(goals)
    expect(reasonsOf(world)).toEqual(['leading', 'quiet', 'leading'])
  })

  it('with leading and no second event is over after the quiet time', async () => {
    const world = create(strategy, { leading: true })
    world.change(goals)
    await advance(49)
    expect(phaseOf(world)).toBe('collecting')
    await advance(1)
    expect([reasonsOf(world), phaseOf(world)]).toEqual([['leading'], 'idle'])
  })

  it('with leading is over on return if it ended while the page was hidden', async () => {
    const world = create(strategy, { leading: true })
    world.change(goals)
    world.hide()
    await advance(1000)
    world.unhide()
    expect(phaseOf(world)).toBe('idle')
    world.change(goals)
    expect(reasonsOf(world)).toEqual(['leading', 'leading'])
  })

  it('with leading is not ended by a flush of nothing', async () => {
    const world = create(strategy, { leading: true })
    world.change(goals)
    await world.coalescer.flush()
    world.change(goals)
    expect(reasonsOf(world)).toEqual(['leading'])
  })

  it('with leading goes on after a flush for maxWait: what follows does not lead', async () => {
    const world = create(strategy, { leading: true, maxWaitMs: 100 })
    for (let event = 0; event < 8; event += 1) {
      world.change(goals)
      await advance(20)
    }
    await advance(100)
    expect(reasonsOf(world)).toEqual(['leading', 'maxWait', 'quiet'])
  })

  it('without leading is over with its flush, also for maxWait', async () => {
    const world = create(strategy, { maxWaitMs: 40 })
    world.change(goals)
    await advance(40)
    expect([reasonsOf(world), world.coalescer.getSnapshot().pendingKeys]).toEqual([['maxWait'], 0])
    expect(phaseOf(world)).toBe('idle')
  })

  it('does not lead while the page is hidden', async () => {
    const world = create(strategy, { leading: true })
    world.hide()
    world.change(goals)
    expect(vi.getTimerCount()).toBe(0)
    world.change(goals, { urgent: true })
    await advance(1000)
    expect([reasonsOf(world), phaseOf(world)]).toEqual([[], 'collecting'])
    world.unhide()
    expect([reasonsOf(world), phaseOf(world)]).toEqual([['visible'], 'idle'])
  })

  it('is seen to collect, to be flushed and to be over', async () => {
    const world = create(strategy)
    const phases: string[] = []
    world.coalescer.subscribe(() => phases.push(phaseOf(world)))
    world.change(goals)
    await advance(50)
    expect(phases.filter((phase, index) => phase !== phases[index - 1])).toEqual(['collecting', 'flushing', 'idle'])
  })

  it('draws its own jitter', async () => {
    const random = vi.spyOn(Math, 'random')
    onTestFinished(() => random.mockRestore())
    const world = create(strategy, { jitterMs: 100 })
    for (const share of [0, 0.5, 0.1]) {
      random.mockReturnValue(share)
      world.change(goals)
      await advance(150)
    }
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual([50, 100, 60])
  })

  it('hidden midway waits for the return, its timer too', async () => {
    const world = create(strategy)
    world.change(goals)
    world.hide()
    await advance(1000)
    await world.coalescer.flush()
    expect([reasonsOf(world), phaseOf(world), vi.getTimerCount()]).toEqual([[], 'collecting', 0])
    world.unhide()
    expect([reasonsOf(world), phaseOf(world)]).toEqual([['visible'], 'idle'])
  })

  it('hidden midway is not flushed by an event that finds it overdue', async () => {
    const world = create(strategy)
    world.change(goals)
    world.hide()
    vi.setSystemTime(Date.now() + 1000)
    world.change(goals)
    expect([reasonsOf(world), phaseOf(world)]).toEqual([[], 'collecting'])
    world.unhide()
    await advance(1000)
    expect(reasonsOf(world)).toEqual(['visible'])
  })

  it('moves its deadline with each event and its timer with none, also if every event reaches the chart', () => {
    const clock = new SimulatedClock()
    const setTimeoutOf = vi.spyOn(clock, 'setTimeout')
    const world = create(strategy, {
      clock,
      inspect: () => undefined,
    })
    for (let event = 0; event < 5; event += 1) world.change(goals)
    expect(setTimeoutOf).toHaveBeenCalledTimes(1)
  })
})

describe.each(withWindows)('with nothing pending, under %s', (strategy) => {
  it.each([false, true])(
    'a wake-up, a flush and a return to the page leave it idle, with leading %s',
    async (leading) => {
      const world = create(strategy, { leading })
      focusManager.onFocus()
      expect(phaseOf(world)).toBe('idle')
      await world.coalescer.flush()
      expect(phaseOf(world)).toBe('idle')
      world.hide()
      world.unhide()
      expect([phaseOf(world), world.flushed, vi.getTimerCount()]).toEqual(['idle', [], 0])
    },
  )

  it('an INVALIDATE of no key leaves it idle, urgent or leading', () => {
    const world = create(strategy, { leading: true })
    world.coalescer.send({ type: 'INVALIDATE', queryKeys: [] })
    expect([phaseOf(world), world.flushed]).toEqual(['idle', []])
  })
})

describe('batch', () => {
  it('flushes at once when its buffer is full, and not before', () => {
    const world = create('batch', { maxBufferedChanges: 3 })
    const flushes = [1, 2, 3].map((id) => {
      world.coalescer.send({ type: 'CHANGE', change: changeOf('goals', id), handler: () => ({ invalidate: [goals] }) })
      return world.flushed.length
    })
    expect(flushes).toEqual([0, 0, 1])
    expect(world.flushed.map(({ reason, keys }) => [reason, keys[0]?.events])).toEqual([['maxWait', 3]])
  })
})

describe('perKey', () => {
  it('an urgent key is flushed alone, and so is a leading one', async () => {
    const world = create('perKey')
    world.change(['a'])
    world.change(['b'], { urgent: true })
    expect(world.flushed.map(({ keys }) => keys.map(({ queryKey }) => queryKey))).toEqual([[['b']]])
    expect(phaseOf(world)).toBe('collecting')
    await advance(50)
    expect([reasonsOf(world), phaseOf(world)]).toEqual([['urgent', 'quiet'], 'idle'])
  })

  it('flush() takes the keys of all windows', async () => {
    const world = create('perKey')
    world.change(['a'])
    await advance(20)
    world.change(['b'])
    void world.coalescer.flush()
    expect(world.flushed.map(({ reason, keys }) => [reason, keys.length])).toEqual([['manual', 2]])
    expect(phaseOf(world)).toBe('idle')
  })
})

describe('hybrid', () => {
  it('is idle after a flush that leaves nothing to fetch', async () => {
    const world = create('hybrid')
    world.change(goals)
    await advance(50)
    expect([reasonsOf(world), phaseOf(world)]).toEqual([['quiet'], 'idle'])
  })

  it('fetches all that is marked with an urgent event, and waits for nothing more', async () => {
    const world = create('hybrid')
    await world.showLoaded(['goals', 1])
    await world.showLoaded(['goals', 2])
    world.change(['goals', 1])
    await advance(50)
    expect(phaseOf(world)).toBe('flushing')
    world.change(['goals', 2], { urgent: true })
    await drain()
    expect([world.coalescer.getSnapshot().inFlight, phaseOf(world)]).toEqual([2, 'idle'])
  })

  it('keeps what is marked while the page is hidden, and fetches it on return', async () => {
    const world = create('hybrid')
    const shown = await world.showLoaded(goals)
    world.change(goals)
    await advance(50)
    world.hide()
    await advance(1000)
    expect(shown.version()).toBe(0)
    world.unhide()
    await advance(1000)
    expect([shown.version(), phaseOf(world)]).toEqual([1, 'idle'])
  })
})
