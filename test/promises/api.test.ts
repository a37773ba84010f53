import { QueryClient } from '@tanstack/react-query'
import * as entry from 'realtime-coalescer'
import { type CoalescerOptions, createCoalescer } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import { SimulatedClock } from 'xstate'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, coalescing, everyStrategy, startsOf, timing, watchPromise, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe('the entry point', () => {
  it('exports createCoalescer and coalesceQueryClient by name and nothing else that runs', () => {
    expect(Object.keys(entry).toSorted()).toEqual(['coalesceQueryClient', 'createCoalescer'])
  })

  it('a coalescer has the public names', () => {
    const { coalescer } = worldOf('debounce')
    expect(Object.keys(coalescer)).toEqual(
      expect.arrayContaining([
        'actor',
        'flush',
        'getSnapshot',
        'on',
        'reset',
        'scheduleInvalidate',
        'scheduleRefetch',
        'send',
        'settled',
        'stop',
        'subscribe',
        'switchStrategy',
      ]),
    )
  })

  it('needs no options at all', () => {
    const coalescer = createCoalescer()
    expect(coalescer.getSnapshot()).toEqual({
      strategy: 'debounce',
      phase: 'idle',
      pendingKeys: 0,
      inFlight: 0,
      stats: {
        eventsReceived: 0,
        flushes: 0,
        fetchesStarted: 0,
        fetchesSaved: 0,
        fetchesFailed: 0,
        longestWaitMs: 0,
      },
    })
    coalescer.stop()
  })

  it('methods work apart from their coalescer', async () => {
    const { coalescer } = worldOf('debounce')
    const { scheduleInvalidate, scheduleRefetch, flush, settled, getSnapshot, switchStrategy, send, reset } = coalescer
    scheduleInvalidate(goals)
    scheduleRefetch(goals, 'all')
    send({ type: 'INVALIDATE', queryKeys: [goals] })
    await flush()
    switchStrategy('perKey')
    await settled()
    reset()
    expect(getSnapshot().stats.eventsReceived).toBe(3)
  })
})

describe('bad options', () => {
  it.each<[string, unknown, RegExp, string]>([
    ['quietMs', Number.NaN, /quietMs.*NaN/, 'RangeError'],
    ['quietMs', -1, /quietMs.*-1/, 'RangeError'],
    ['quietMs', 2 ** 31, /quietMs.*2147483648/, 'RangeError'],
    ['quietMs', Infinity, /quietMs.*Infinity/, 'RangeError'],
    ['quietMs', '150', /quietMs.*'150' \(string\)/, 'TypeError'],
    ['maxWaitMs', Number.NaN, /maxWaitMs/, 'RangeError'],
    ['refetchDelayMs', -0.5, /refetchDelayMs/, 'RangeError'],
    ['jitterMs', null, /jitterMs.*null/, 'TypeError'],
    ['leading', 'yes', /leading.*'yes'/, 'TypeError'],
    ['maxConcurrentRefetches', 0, /maxConcurrentRefetches.*0/, 'RangeError'],
    ['maxConcurrentRefetches', 1.5, /maxConcurrentRefetches/, 'RangeError'],
    ['maxConcurrentRefetches', Number.NaN, /maxConcurrentRefetches/, 'RangeError'],
    ['maxBufferedChanges', 0, /maxBufferedChanges/, 'RangeError'],
    ['whenHidden', 'never', /whenHidden.*'defer', 'refetch'.*'never'/, 'RangeError'],
    ['strategy', 'fast', /strategy.*'debounce'.*'fast'/, 'RangeError'],
    ['strategy', { name: 'fast' }, /strategy.*'fast'/, 'RangeError'],
    ['strategy', { name: 'perKey', quietMs: -1 }, /quietMs.*-1/, 'RangeError'],
    ['strategy', 7, /strategy.*7/, 'TypeError'],
    ['strategy', null, /strategy.*null/, 'TypeError'],
    ['queryClient', {}, /queryClient/, 'TypeError'],
    ['queryClient', null, /queryClient.*null/, 'TypeError'],
    ['onError', 'log', /onError.*'log'/, 'TypeError'],
    ['clock', {}, /clock\.setTimeout/, 'TypeError'],
    ['inspect', 7, /inspect.*7/, 'TypeError'],
  ])('%s: %o says what was expected and what came', (name, value, message, errorName) => {
    const create = (): unknown => createCoalescer({ queryClient: new QueryClient(), [name]: value } as CoalescerOptions)
    expect(create).toThrow(message)
    expect(create).toThrow(/^Expected /)
    expect(create).toThrow(expect.objectContaining({ name: errorName }) as Error)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([null, 'debounce', 7])('options %o are no object', (options) => {
    expect(() => createCoalescer(options as never)).toThrow(TypeError)
  })

  it('undefined counts as missing', () => {
    const undefinedOptions = Object.fromEntries(
      ['queryClient', 'strategy', 'quietMs', 'maxWaitMs', 'leading', 'clock', 'inspect', 'onError', 'whenHidden'].map(
        (name) => [name, undefined],
      ),
    )
    const coalescer = createCoalescer(undefinedOptions)
    expect(coalescer.getSnapshot().strategy).toBe('debounce')
    coalescer.stop()
  })

  it('a delay as long as a timer can be is fine', () => {
    const coalescer = createCoalescer({ quietMs: 2 ** 31 - 1, maxWaitMs: 2 ** 31 - 1, jitterMs: 2 ** 31 - 1 })
    coalescer.stop()
    expect(coalescer.getSnapshot().phase).toBe('idle')
  })
})

describe.each(everyStrategy)('bad calls change nothing, %s', (strategy) => {
  const circular: unknown[] = ['goals']
  circular.push({ self: circular })

  it.each<[string, (coalescer: entry.Coalescer) => unknown]>([
    ['a string key', (coalescer) => coalescer.scheduleInvalidate('goals' as never)],
    ['no key', (coalescer) => coalescer.scheduleInvalidate(undefined as never)],
    ['an object key', (coalescer) => coalescer.scheduleRefetch({ 0: 'goals' } as never)],
    ['a circular key', (coalescer) => coalescer.scheduleInvalidate(circular)],
    ['a circular exact key', (coalescer) => coalescer.scheduleInvalidate(circular, { exact: true })],
    ['a circular key of a REFETCH', (coalescer) => coalescer.scheduleRefetch(circular)],
    ['an unknown refetchType', (coalescer) => coalescer.scheduleInvalidate(goals, { refetchType: 'some' as never })],
    ['exact that is no boolean', (coalescer) => coalescer.scheduleInvalidate(goals, { exact: 1 as never })],
    ['urgent that is no boolean', (coalescer) => coalescer.scheduleInvalidate(goals, { urgent: 'yes' as never })],
    ['source that is no string', (coalescer) => coalescer.scheduleInvalidate(goals, { source: 7 as never })],
    ['options that are null', (coalescer) => coalescer.scheduleInvalidate(goals, null as never)],
    ['an unknown refetch type', (coalescer) => coalescer.scheduleRefetch(goals, 'inactive' as never)],
    ['an unknown strategy', (coalescer) => coalescer.switchStrategy('fast' as never)],
    ['a bad timing', (coalescer) => coalescer.switchStrategy({ name: 'batch', quietMs: Number.NaN })],
    ['an unknown event', (coalescer) => coalescer.send({ type: 'NOPE' } as never)],
    ['an event that is undefined', (coalescer) => coalescer.send(undefined as never)],
    ['an event that is null', (coalescer) => coalescer.send(null as never)],
    ['INVALIDATE without keys', (coalescer) => coalescer.send({ type: 'INVALIDATE' } as never)],
    ['one bad key of two', (coalescer) => coalescer.send({ type: 'INVALIDATE', queryKeys: [goals, 'x' as never] })],
    ['a bad queryType', (coalescer) => coalescer.send({ type: 'REFETCH', queryKeys: [], queryType: 'x' as never })],
    ['CHANGE without a handler', (coalescer) => coalescer.send({ type: 'CHANGE', change: {} } as never)],
    ['CHANGE without a change', (coalescer) => coalescer.send({ type: 'CHANGE', handler: () => ({}) } as never)],
    ['SWITCH_STRATEGY without one', (coalescer) => coalescer.send({ type: 'SWITCH_STRATEGY' } as never)],
    ['an unknown stop policy', (coalescer) => coalescer.stop({ pending: 'later' as never })],
    ['stop options that are null', (coalescer) => coalescer.stop(null as never)],
    ['a listener that is no function', (coalescer) => coalescer.subscribe(undefined as never)],
    ['a record listener that is no function', (coalescer) => coalescer.on('flushed', undefined as never)],
    ['an unknown record', (coalescer) => coalescer.on('flash' as never, () => undefined)],
  ])('%s', async (_, call) => {
    const world = worldOf(strategy)
    const { coalescer } = world
    const before = coalescer.getSnapshot()
    expect(() => call(coalescer)).toThrow(/^Expected /)
    expect(() => call(coalescer)).toThrow(
      expect.objectContaining({ name: expect.stringMatching(/^(Type|Range)Error$/) as string }) as Error,
    )
    expect(coalescer.getSnapshot()).toBe(before)
    expect(vi.getTimerCount()).toBe(0)
    coalescer.scheduleInvalidate(['partners'])
    const collecting = coalescer.getSnapshot()
    expect(() => call(coalescer)).toThrow(/^Expected /)
    expect(coalescer.getSnapshot()).toBe(collecting)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(world.errors).toEqual([])
  })
})

describe('without a query client', () => {
  it('scheduling throws, and says how to give one', () => {
    const coalescer = createCoalescer()
    expect(() => coalescer.scheduleInvalidate(goals)).toThrow(/query client.*realtime\.initialize/)
    expect(() => coalescer.scheduleRefetch(goals)).toThrow(TypeError)
    expect(() => coalescer.send({ type: 'INVALIDATE', queryKeys: [goals] })).toThrow(TypeError)
    coalescer.switchStrategy('hybrid')
    expect(coalescer.getSnapshot()).toMatchObject({ strategy: 'hybrid', pendingKeys: 0 })
    coalescer.reset()
    coalescer.stop()
  })
})

describe.each(everyStrategy)('after stop, %s', (strategy) => {
  it('scheduling throws a TypeError that says what to do; the rest is quiet', async () => {
    const { coalescer } = worldOf(strategy)
    coalescer.stop()
    const calls = [
      () => coalescer.scheduleInvalidate(goals),
      () => coalescer.scheduleRefetch(goals),
      () => coalescer.send({ type: 'FLUSH' }),
      () => coalescer.switchStrategy('batch'),
    ]
    for (const call of calls) {
      expect(call).toThrow(TypeError)
      expect(call).toThrow(/stop.*createCoalescer/)
    }
    await expect(coalescer.flush()).rejects.toThrow(TypeError)
    await coalescer.settled()
    coalescer.reset()
    coalescer.stop()
    coalescer.subscribe(() => undefined)()
    expect(coalescer.getSnapshot().phase).toBe('idle')
  })
})

describe.each(coalescing)('getSnapshot and subscribe, %s', (strategy) => {
  it('walks through the phases', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const { coalescer } = world
    expect(coalescer.getSnapshot()).toMatchObject({ strategy, phase: 'idle' })
    announce(world, 'INVALIDATE', goals)
    expect(coalescer.getSnapshot()).toMatchObject({ phase: 'collecting', pendingKeys: 1, inFlight: 0 })
    await advance(timing.quietMs)
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
    const phases = seen.map((snapshot) => (snapshot as entry.CoalescerSnapshot).phase)
    expect(phases).toContain('collecting')
    expect(phases).toContain('flushing')
    expect(phases.at(-1)).toBe('idle')
    expect(seen.map((snapshot) => (snapshot as entry.CoalescerSnapshot).inFlight)).toContain(1)
    unsubscribe()
    unsubscribe()
    const { length } = seen
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(seen).toHaveLength(length)
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

describe.each(everyStrategy)('flush and settled, %s', (strategy) => {
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
