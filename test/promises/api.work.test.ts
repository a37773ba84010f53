import { MutationObserver } from '@tanstack/react-query'
import type { CoalescerSnapshot } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import { SimulatedClock } from 'xstate'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import {
  announce,
  coalescing,
  everyStrategy,
  fetchDelayOf,
  flushDelayOf,
  startsOf,
  timing,
  watchPromise,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(coalescing)('getSnapshot and subscribe, %s', (strategy) => {
  it('walks through the phases', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const { coalescer } = world
    expect(coalescer.getSnapshot()).toMatchObject({ strategy, phase: 'idle' })
    announce(world, 'INVALIDATE', goals)
    expect(coalescer.getSnapshot()).toMatchObject({ phase: 'collecting', pendingKeys: 1, inFlight: 0 })
    await advance(flushDelayOf(strategy))
    if (strategy === 'hybrid') {
      // oxlint-disable-next-line vitest/no-conditional-expect -- hybrid alone waits between marking and fetching
      expect(coalescer.getSnapshot()).toMatchObject({ phase: 'flushing', pendingKeys: 0, inFlight: 0 })
      await advance(timing.refetchDelayMs)
    }
    expect(coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 1 })
    await advance(100)
    expect(coalescer.getSnapshot()).toMatchObject({ phase: 'idle', inFlight: 0 })
  })

  it('is the same object while nothing changes, and its stats too', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const { coalescer } = world
    const idle = coalescer.getSnapshot()
    await advance(1000)
    world.queryClient.setQueryData(['other'], { version: 0 })
    expect(coalescer.getSnapshot()).toBe(idle)
    announce(world, 'INVALIDATE', goals)
    const collecting = coalescer.getSnapshot()
    expect(collecting).not.toBe(idle)
    await advance(10)
    expect(coalescer.getSnapshot()).toBe(collecting)
  })

  it('subscribers hear of every change, after it, until they unsubscribe', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const { coalescer } = world
    const seen: unknown[] = []
    const unsubscribe = coalescer.subscribe(() => seen.push(coalescer.getSnapshot()))
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(seen.at(-1)).toBe(coalescer.getSnapshot())
    expect(new Set(seen).size).toBe(seen.length)
    const phases = seen.map((snapshot) => (snapshot as CoalescerSnapshot).phase)
    expect(phases).toContain('collecting')
    expect(phases).toContain('flushing')
    expect(phases.at(-1)).toBe('idle')
    expect(seen.map((snapshot) => (snapshot as CoalescerSnapshot).inFlight)).toContain(1)
    unsubscribe()
    unsubscribe()
    const { length } = seen
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(seen).toHaveLength(length)
  })

  it('subscribers hear of the end of a burst that leaves nothing to flush, also after a switch', async () => {
    const world = worldOf('direct', { leading: true })
    const { coalescer } = world
    coalescer.switchStrategy(strategy)
    const phases: string[] = []
    coalescer.subscribe(() => phases.push(coalescer.getSnapshot().phase))
    for (let burst = 0; burst < 2; burst += 1) {
      announce(world, 'INVALIDATE', goals)
      await advance(timing.quietMs - 1)
      expect(phases.at(-1)).toBe('collecting')
      await advance(1)
      expect(phases.at(-1)).toBe('idle')
    }
  })

  it('the same listener twice is called twice, and each unsubscribes by itself', async () => {
    const { coalescer } = worldOf(strategy)
    const listener = vi.fn<() => void>()
    const first = coalescer.on('flushed', listener)
    const second = coalescer.on('flushed', listener)
    coalescer.scheduleInvalidate(goals)
    await coalescer.flush()
    expect(listener).toHaveBeenCalledTimes(2)
    first()
    coalescer.scheduleInvalidate(goals)
    await coalescer.flush()
    expect(listener).toHaveBeenCalledTimes(3)
    second()
    coalescer.scheduleInvalidate(goals)
    await coalescer.flush()
    expect(listener).toHaveBeenCalledTimes(3)
  })
})

describe.each(coalescing)('flush, %s', (strategy) => {
  it('waits for what it flushes, not for what was flushed before', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    await world.showLoaded(['other'])
    world.server.latencyMs = () => 5000
    announce(world, 'INVALIDATE', goals)
    await advance(fetchDelayOf(strategy))
    world.server.latencyMs = () => 100
    announce(world, 'INVALIDATE', ['other'])
    const flushed = watchPromise(world.coalescer.flush())
    await advance(100)
    expect(flushed.isResolved).toBe(true)
  })
})

describe.each(everyStrategy)('flush and settled, %s', (strategy) => {
  it.each(['urgent', 'leading'])('flush() right after an event that is %s waits for its fetch', async (how) => {
    const world = worldOf(strategy, { leading: how === 'leading' })
    const shown = await world.showLoaded(goals)
    world.change(goals, { urgent: how === 'urgent' })
    const seen = world.coalescer.flush().then(() => shown.version())
    await advance(1000)
    expect(await seen).toBe(1)
  })

  it('flush({ queryKey }) waits for its fetches whenever they were flushed, and for no others', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.show(['other'], { queryFn: () => new Promise<never>(() => undefined) })
    world.change([])
    while (startsOf(world, goals).length < 2) await advance(1)
    const seen = watchPromise(world.coalescer.flush({ queryKey: goals }))
    await advance(99)
    expect([seen.isResolved, shown.version()]).toEqual([false, 0])
    await advance(1)
    expect([seen.isResolved, shown.version()]).toEqual([true, 1])
  })

  it('flush() resolves when the fetches have ended, those to follow included', async () => {
    const world = worldOf(strategy)
    const shown = world.show(goals)
    await advance(60)
    announce(world, 'INVALIDATE', goals)
    const flushed = watchPromise(world.coalescer.flush())
    await advance(139)
    expect(flushed.isResolved).toBe(false)
    await advance(1)
    expect(flushed.isResolved).toBe(true)
    expect(shown.version()).toBe(1)
  })

  it('flush() called by what a flush calls resolves when its own fetches have ended', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const other = await world.showLoaded(['other'])
    let flushed: ReturnType<typeof watchPromise> | undefined
    const off = world.coalescer.on('flushed', () => {
      off()
      announce(world, 'INVALIDATE', ['other'])
      flushed = watchPromise(world.coalescer.flush())
    })
    announce(world, 'INVALIDATE', goals)
    await advance(flushDelayOf(strategy))
    await advance(99)
    expect([flushed?.isResolved, other.version()]).toEqual([false, 0])
    await advance(1)
    expect([flushed?.isResolved, other.version()]).toEqual([true, 1])
  })

  it('flush() resolves when a fetch fails, is removed or is aborted', async () => {
    for (const how of ['fail', 'remove', 'unmount', 'reset', 'stop'] as const) {
      const world = worldOf(strategy, { queries: { queryFn: undefined as never } })
      const { server } = world
      const shown = await world.showLoaded(goals, { queryFn: server.abortableQueryFn })
      if (how === 'fail') server.fails = () => true
      announce(world, 'INVALIDATE', goals)
      const flushed = watchPromise(world.coalescer.flush())
      await advance(10)
      expect(flushed.isResolved).toBe(false)
      if (how === 'remove') world.queryClient.removeQueries()
      if (how === 'unmount') shown.unmount()
      if (how === 'reset') world.coalescer.reset()
      if (how === 'stop') world.coalescer.stop()
      await advance(how === 'fail' ? 90 : 1)
      expect([how, flushed.isResolved]).toEqual([how, true])
      world.end()
    }
  })

  it('flush() with nothing pending resolves', async () => {
    const { coalescer, flushed } = worldOf(strategy)
    await coalescer.flush()
    expect(flushed).toEqual([])
  })

  it('flush() from inside a listener flushes what the listener has scheduled', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    const inner: { isResolved: boolean }[] = []
    world.coalescer.on('flushed', () => {
      if (inner.length > 0) return
      announce(world, 'INVALIDATE', goals)
      inner.push(watchPromise(world.coalescer.flush()))
    })
    announce(world, 'INVALIDATE', goals)
    void world.coalescer.flush()
    await advance(1000)
    expect(inner).toEqual([{ isResolved: true }])
    expect(shown.version()).toBe(2)
  })

  it('settled() waits for what is pending, in flight, queued and to follow', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    const first = world.show(['goals', 1])
    const second = await world.showLoaded(['goals', 2])
    announce(world, 'INVALIDATE', goals)
    const settled = watchPromise(world.coalescer.settled())
    for (let at = 0; at < 2000 && !settled.isResolved; at += 1) await advance(1)
    expect([first.version(), second.version()]).toEqual([1, 1])
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', inFlight: 0, pendingKeys: 0 })
    await drain()
    expect(world.server.requests.filter(({ outcome }) => outcome === 'running')).toEqual([])
  })

  it("settled() resolves when a fetch of the app ends that has replaced the coalescer's own", async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(fetchDelayOf(strategy) + 10)
    const settled = watchPromise(world.coalescer.settled())
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(99)
    expect(settled.isResolved).toBe(false)
    await advance(1)
    expect([settled.isResolved, shown.version()]).toEqual([true, 1])
  })

  it('settled() resolves when the paused mutations have ended that go before paused fetches', async () => {
    const world = worldOf(strategy)
    const loaded = await world.showLoaded(goals, { networkMode: 'always' })
    world.goOffline()
    const mutation = new MutationObserver(world.queryClient, {
      mutationFn: () => new Promise((resolve) => setTimeout(resolve, 2000)),
    })
    void mutation.mutate()
    announce(world, 'INVALIDATE', goals)
    await advance(fetchDelayOf(strategy) + 10)
    const settled = watchPromise(world.coalescer.settled())
    world.goOnline()
    await advance(1900)
    expect(loaded.version()).toBe(1)
    await advance(200)
    expect(settled.isResolved).toBe(true)
  })

  it('settled() with nothing to wait for resolves at once', async () => {
    const { coalescer } = worldOf(strategy)
    await coalescer.settled()
    expect(coalescer.getSnapshot().phase).toBe('idle')
  })
})

describe.each(everyStrategy)('the actor, %s', (strategy) => {
  it('takes the events of the coalescer', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    const { actor } = world.coalescer
    world.server.write(goals)
    actor.send({ type: 'INVALIDATE', queryKeys: [goals], source: 'actor' })
    actor.send({ type: 'REFETCH', queryKeys: [goals], queryType: 'all' })
    actor.send({ type: 'FLUSH' })
    await advance(1000)
    expect(shown.version()).toBe(1)
    actor.send({ type: 'SWITCH_STRATEGY', strategy: { name: 'perKey', quietMs: 10 } })
    expect(world.coalescer.getSnapshot().strategy).toBe('perKey')
    actor.send({ type: 'INVALIDATE', queryKeys: [goals] })
    actor.send({ type: 'RESET' })
    await advance(1000)
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0 })
  })

  it('emits the four records to its own listeners', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const heard: string[] = []
    for (const name of ['flushed', 'strategySwitched', 'refetchFailed', 'handlerFailed'] as const) {
      world.coalescer.actor.on(name, (record) => heard.push(record.type))
    }
    world.server.fails = () => true
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    world.coalescer.send({
      type: 'CHANGE',
      change: { schema: 's', table: 't', eventType: 'DELETE', new: {}, old: {}, commitTimestamp: null, errors: null },
      handler: () => {
        throw new Error('handler')
      },
    })
    await advance(1000)
    world.coalescer.switchStrategy(strategy === 'batch' ? 'debounce' : 'batch')
    expect(heard).toEqual(['flushed', 'refetchFailed', 'handlerFailed', 'strategySwitched'])
  })

  it('an inspector sees every event, and sees the same work done', async () => {
    const inspected: string[] = []
    const world = worldOf(strategy, {
      inspect: (event) => {
        if (event.type === '@xstate.event') inspected.push(event.event.type)
      },
    })
    const shown = await world.showLoaded(goals)
    for (let event = 0; event < 5; event += 1) announce(world, 'INVALIDATE', goals)
    expect(inspected.filter((type) => type === 'INVALIDATE')).toHaveLength(5)
    await advance(1000)
    expect(shown.version()).toBe(5)
  })

  it('runs on the clock of the options', () => {
    const clock = new SimulatedClock()
    const setTimeoutOf = vi.spyOn(clock, 'setTimeout')
    const { coalescer } = worldOf(strategy, { clock })
    coalescer.scheduleInvalidate(goals)
    expect(setTimeoutOf).toHaveBeenCalledTimes(strategy === 'direct' ? 0 : 1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('one INVALIDATE of many keys counts one event per key', async () => {
    const world = worldOf(strategy)
    world.coalescer.send({ type: 'INVALIDATE', queryKeys: [goals, ['partners'], goals] })
    world.coalescer.send({ type: 'REFETCH', queryKeys: [goals] })
    world.coalescer.send({ type: 'INVALIDATE', queryKeys: [] })
    await advance(1000)
    expect(world.coalescer.getSnapshot().stats.eventsReceived).toBe(4)
    expect(startsOf(world, goals)).toEqual([])
  })
})
