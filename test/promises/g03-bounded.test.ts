import { focusManager } from '@tanstack/react-query'
import { type FlushedRecord } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, coalescing, flushDelayOf, sendChange, startsOf, timing, worldOf } from './support.ts'

const goals = ['goals']

const hasGoals = ({ keys }: FlushedRecord): boolean => keys.some(({ queryKey }) => queryKey === goals)

describe.each(coalescing)('G3 bounded, %s', (strategy) => {
  useSimulatedTime()

  it.each([10, 30, 49])('an event every %i ms does not put the flush off for longer than maxWaitMs', async (every) => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    for (let at = 0; at < 3000; at += every) {
      announce(world, 'INVALIDATE', goals)
      await advance(every)
    }
    await advance(1000)
    expect(world.flushed.filter(({ reason }) => reason === 'maxWait').length).toBeGreaterThanOrEqual(3000 / 250 - 1)
    for (const { waitedMs } of world.flushed) expect(waitedMs).toBeLessThanOrEqual(timing.maxWaitMs)
    expect(world.coalescer.getSnapshot().stats.longestWaitMs).toBe(timing.maxWaitMs)
  })

  it('a lone event waits for quietMs, counted from the event', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(flushDelayOf(strategy) - 1)
    expect(world.flushed).toEqual([])
    await advance(1)
    expect(world.flushed).toEqual([expect.objectContaining({ reason: 'quiet', waitedMs: flushDelayOf(strategy) })])
  })

  it('an event within the window starts the quiet time again', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(40)
    announce(world, 'INVALIDATE', goals)
    await advance(flushDelayOf(strategy) - 1)
    expect(world.flushed).toEqual([])
    await advance(1)
    expect(world.flushed).toEqual([expect.objectContaining({ reason: 'quiet', waitedMs: 40 + flushDelayOf(strategy) })])
  })

  it('quietMs above maxWaitMs flushes at maxWaitMs', async () => {
    const world = worldOf(strategy, { quietMs: 500, maxWaitMs: 100 })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(99)
    expect(world.flushed).toEqual([])
    await advance(1)
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual([100])
  })

  it('quietMs 0 flushes without the clock moving on', async () => {
    const world = worldOf(strategy, { quietMs: 0 })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(0)
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual([0])
  })

  it('maxWaitMs 0 flushes without the clock moving on', async () => {
    const world = worldOf(strategy, { maxWaitMs: 0 })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(0)
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual([0])
  })

  it.each([false, true])('a late timer is caught up with by the next event (leading: %s)', async (leading) => {
    const world = worldOf(strategy, { leading })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await drain()
    announce(world, 'INVALIDATE', goals)
    const flushes = world.flushed.length
    // The timers of a throttled page do not fire while its clock goes on.
    vi.setSystemTime(Date.now() + 5000)
    announce(world, 'INVALIDATE', ['partners'])
    expect(world.flushed.slice(flushes).find(hasGoals)?.reason).toBe('maxWait')
  })

  it.each([false, true])('a late timer is caught up with by a focus (leading: %s)', async (leading) => {
    const world = worldOf(strategy, { leading })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await drain()
    announce(world, 'INVALIDATE', goals)
    const flushes = world.flushed.length
    vi.setSystemTime(Date.now() + 5000)
    focusManager.onFocus()
    expect(world.flushed.slice(flushes).find(hasGoals)?.reason).toBe('maxWait')
  })

  it('a system clock that is set back does not stretch the wait', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(10)
    vi.setSystemTime(Date.now() - 1_000_000)
    announce(world, 'INVALIDATE', goals)
    await advance(timing.maxWaitMs)
    expect(world.flushed).toHaveLength(1)
  })

  it('time hidden does not count as waiting', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(20)
    world.hide()
    await advance(10_000)
    world.unhide()
    await advance(0)
    expect(world.flushed).toEqual([expect.objectContaining({ reason: 'visible', waitedMs: 20 })])
    expect(world.coalescer.getSnapshot().stats.longestWaitMs).toBe(20)
  })

  it('an event that comes while hidden has waited for nothing on return', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    world.hide()
    await advance(500)
    announce(world, 'INVALIDATE', goals)
    await advance(10_000)
    world.unhide()
    await advance(0)
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual([0])
  })

  it("with whenHidden 'refetch' the time hidden counts, and the flush comes in time", async () => {
    const world = worldOf(strategy, { whenHidden: 'refetch' })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(20)
    world.hide()
    await advance(20)
    world.unhide()
    await advance(1000)
    expect(world.flushed.map(({ waitedMs }) => waitedMs)).toEqual([flushDelayOf(strategy)])
  })

  it('buffered changes are bounded like keys', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    for (let at = 0; at < 400; at += 20) {
      sendChange(world, { invalidate: [goals] })
      await advance(20)
    }
    for (const { waitedMs } of world.flushed) expect(waitedMs).toBeLessThanOrEqual(timing.maxWaitMs)
    expect(world.flushed).not.toEqual([])
  })
})

describe('G3 bounded, each strategy by its own rule', () => {
  useSimulatedTime()

  it('perKey: a busy key neither delays nor hurries a quiet one', async () => {
    const world = worldOf('perKey')
    await world.showLoaded(goals)
    await world.showLoaded(['partners'])
    const start = Date.now()
    const flushedAt = new Map<string, number>()
    world.coalescer.on('flushed', ({ keys }) => {
      for (const { queryKey } of keys) {
        const name = String(queryKey[0])
        if (!flushedAt.has(name)) flushedAt.set(name, Date.now() - start)
      }
    })
    announce(world, 'INVALIDATE', ['partners'])
    for (let at = 0; at < 400; at += 20) {
      announce(world, 'INVALIDATE', goals)
      await advance(20)
    }
    expect(Object.fromEntries(flushedAt)).toEqual({ partners: timing.quietMs, goals: timing.maxWaitMs })
  })

  it('perKey: 1 000 keys in one turn are one flush', async () => {
    const world = worldOf('perKey')
    for (let id = 0; id < 1000; id += 1) world.coalescer.scheduleInvalidate(['goals', id])
    expect(world.coalescer.getSnapshot().pendingKeys).toBe(1000)
    expect(vi.getTimerCount()).toBeLessThanOrEqual(2)
    await advance(timing.quietMs)
    expect(world.flushed.map(({ keys }) => keys.length)).toEqual([1000])
  })

  it('hybrid: the fetches start refetchDelayMs after the marking, by a timer that later markings do not re-arm', async () => {
    const world = worldOf('hybrid', { refetchDelayMs: 120 })
    await world.showLoaded(goals)
    await world.showLoaded(['partners'])
    const start = Date.now()
    announce(world, 'INVALIDATE', goals)
    await advance(100)
    announce(world, 'INVALIDATE', ['partners'])
    await advance(1000)
    expect(startsOf(world, goals).at(-1)).toBe(start + timing.quietMs + 120)
    expect(startsOf(world, ['partners']).at(-1)).toBe(start + timing.quietMs + 120)
  })

  it('hybrid: markings without a pause between them still lead to fetches in time', async () => {
    const world = worldOf('hybrid', { refetchDelayMs: 150 })
    world.server.latencyMs = () => 1
    await world.showLoaded(goals)
    const start = Date.now()
    for (let at = 0; at < 2000; at += 20) {
      announce(world, 'INVALIDATE', goals)
      await advance(20)
    }
    const starts = [start, ...startsOf(world, goals).slice(1)]
    for (const [index, at] of starts.entries()) {
      expect((starts[index + 1] ?? at) - at).toBeLessThanOrEqual(2 * (timing.maxWaitMs + 150))
    }
    expect(starts.length).toBeGreaterThan(4)
  })

  it('hybrid: a late refetch timer is caught up with by the next event', async () => {
    const world = worldOf('hybrid')
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    expect(startsOf(world, goals)).toHaveLength(1)
    vi.setSystemTime(Date.now() + 5000)
    announce(world, 'INVALIDATE', ['partners'])
    await drain()
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('hybrid: a late refetch timer is caught up with by a focus', async () => {
    const world = worldOf('hybrid')
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    vi.setSystemTime(Date.now() + 5000)
    focusManager.onFocus()
    await drain()
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it.each(['flush', 'urgent', 'stop'] as const)('hybrid: %s skips the refetch delay', async (how) => {
    const world = worldOf('hybrid', { refetchDelayMs: 10_000 })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    expect(startsOf(world, goals)).toHaveLength(1)
    if (how === 'flush') void world.coalescer.flush()
    else if (how === 'urgent') world.coalescer.scheduleInvalidate(['partners'], { urgent: true })
    else world.coalescer.stop({ pending: 'flush' })
    await drain()
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('hybrid: a leading event skips the refetch delay', async () => {
    const world = worldOf('hybrid', { leading: true, refetchDelayMs: 10_000 })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await drain()
    expect(startsOf(world, goals)).toHaveLength(2)
  })
})
