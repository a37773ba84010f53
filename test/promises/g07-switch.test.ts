import type { StrategyName } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import { changeOf } from '../support/changeOf.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { flushDelayOf, announce, everyStrategy, sendChange, startsOf, timing, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']

const pairs = everyStrategy.flatMap((from) => everyStrategy.filter((to) => to !== from).map((to) => ({ from, to })))

describe.each(pairs)('G7 switch from $from to $to', ({ from, to }) => {
  it('with events pending: nothing is lost and nothing is flushed twice', async () => {
    const world = worldOf(from)
    const first = await world.showLoaded(goals)
    const second = await world.showLoaded(partners)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'CHANGE', partners)
    await advance(10)
    world.coalescer.switchStrategy(to)
    await advance(2000)
    expect([first.version(), second.version()]).toEqual([1, 1])
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(startsOf(world, partners)).toHaveLength(2)
    expect(world.coalescer.getSnapshot()).toMatchObject({ strategy: to, phase: 'idle', pendingKeys: 0, inFlight: 0 })
  })

  it('between the flush and the end of its fetches: one fetch, and one to follow for what comes after', async () => {
    const world = worldOf(from)
    world.server.latencyMs = () => 300
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    await advance(10)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.switchStrategy(to)
    await advance(3000)
    expect(shown.version()).toBe(2)
    expect(world.server.requestsOf(goals).filter(({ outcome }) => outcome === 'ok').length).toBeLessThanOrEqual(3)
    expect(world.server.runningOf(goals)).toBe(0)
  })

  it('pending work keeps its first-seen time, so that maxWaitMs holds across the switch', async () => {
    const world = worldOf(from)
    await world.showLoaded(goals)
    for (let at = 0; at < 150; at += 30) {
      announce(world, 'INVALIDATE', goals)
      await advance(30)
    }
    world.coalescer.switchStrategy(to)
    for (let at = 0; at < 150; at += 30) {
      announce(world, 'INVALIDATE', goals)
      await advance(30)
    }
    await advance(1000)
    for (const { waitedMs } of world.flushed) expect(waitedMs).toBeLessThanOrEqual(timing.maxWaitMs)
    expect(world.flushed.reduce((sum, { keys }) => sum + keys.reduce((all, key) => all + key.events, 0), 0)).toBe(10)
  })

  it('while hidden and while queries wait for a slot', async () => {
    const world = worldOf(from, { maxConcurrentRefetches: 1 })
    const first = await world.showLoaded(goals)
    const second = await world.showLoaded(partners)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    void world.coalescer.flush()
    await advance(10)
    world.hide()
    announce(world, 'INVALIDATE', partners)
    world.coalescer.switchStrategy(to)
    await advance(1000)
    announce(world, 'CHANGE', partners)
    world.unhide()
    await advance(1000)
    expect([first.version(), second.version()]).toEqual([1, 3])
  })

  it('after the marking and before the fetches of hybrid, whose queries are fetched then', async () => {
    const world = worldOf(from, { refetchDelayMs: 10_000 })
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(flushDelayOf(from))
    world.coalescer.switchStrategy(to)
    await advance(100)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('handlers of buffered changes run once, in order', async () => {
    const world = worldOf(from)
    await world.showLoaded(goals)
    const ran: number[] = []
    for (const id of [1, 2, 3]) {
      world.coalescer.send({
        type: 'CHANGE',
        change: changeOf('goals', id),
        handler: (change) => {
          ran.push(Number((change.new as { id: number }).id))
          return { invalidate: [goals] }
        },
      })
    }
    world.coalescer.switchStrategy(to)
    world.coalescer.switchStrategy(from)
    world.coalescer.switchStrategy(to)
    await advance(1000)
    expect(ran).toEqual([1, 2, 3])
    const events = world.flushed.flatMap(({ keys }) => keys.map((key) => key.events))
    expect(events.reduce((sum, count) => sum + count, 0)).toBe(3)
  })

  it('from inside a flushed listener', async () => {
    const world = worldOf(from)
    const shown = await world.showLoaded(goals)
    let switched = false
    world.coalescer.on('flushed', () => {
      if (switched) return
      switched = true
      announce(world, 'INVALIDATE', goals)
      world.coalescer.switchStrategy(to)
    })
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(shown.version()).toBe(2)
    expect(world.coalescer.getSnapshot().strategy).toBe(to)
  })

  it('from inside a handler', async () => {
    const world = worldOf(from)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    world.coalescer.send({
      type: 'CHANGE',
      change: changeOf('goals'),
      handler: () => {
        world.coalescer.switchStrategy(to)
        return { invalidate: [goals] }
      },
    })
    await advance(2000)
    expect(shown.version()).toBe(1)
    expect(world.coalescer.getSnapshot()).toMatchObject({ strategy: to, phase: 'idle' })
  })

  it('tells of itself once, with the keys that move over', async () => {
    const world = worldOf(from)
    const switches: unknown[] = []
    world.coalescer.on('strategySwitched', (record) => switches.push(record))
    world.coalescer.switchStrategy(to)
    world.coalescer.switchStrategy(to)
    expect(switches).toEqual([{ from, to, pendingKeys: 0 }])
  })
})

describe('G7 a switch between a flush that falls due and its marking', () => {
  it('does not leave marked queries without their fetch', async () => {
    const world = worldOf('hybrid')
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    // Overdue already: the event of this handler makes hybrid flush, after the switch it asks for.
    vi.setSystemTime(Date.now() + 5000)
    world.coalescer.send({
      type: 'CHANGE',
      change: changeOf('goals'),
      handler: () => {
        world.coalescer.switchStrategy('debounce')
        return { invalidate: [goals] }
      },
    })
    await advance(2000)
    expect(shown.version()).toBe(1)
    expect(world.coalescer.getSnapshot()).toMatchObject({ strategy: 'debounce', phase: 'idle' })
  })
})

describe('G7 every strategy in turn under a stream', () => {
  it('loses nothing, repeats nothing and leaves no timer', async () => {
    const world = worldOf('debounce')
    const shown = await world.showLoaded(goals)
    let sent = 0
    let events = 0
    world.coalescer.on('flushed', ({ keys }) => {
      for (const key of keys) events += key.events
    })
    for (let round = 0; round < 60; round += 1) {
      const strategy = everyStrategy[round % everyStrategy.length] as StrategyName
      announce(world, 'INVALIDATE', goals)
      sendChange(world, { invalidate: [goals] })
      sent += 2
      world.coalescer.switchStrategy(strategy)
      await advance(7)
    }
    await advance(2000)
    expect(shown.version()).toBe(60)
    expect(events).toBe(sent)
    await drain()
    expect(vi.getTimerCount()).toBe(0)
  })
})
