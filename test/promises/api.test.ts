import { QueryClient } from '@tanstack/react-query'
import * as entry from 'realtime-coalescer'
import { type CoalescerOptions, createCoalescer } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, everyStrategy, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe('the entry point', () => {
  it('exports these by name and nothing else that runs', () => {
    expect(Object.keys(entry).toSorted()).toEqual([
      'KeyWindows',
      'SharedWindow',
      'adaptive',
      'batch',
      'coalesceQueryClient',
      'createCoalescer',
      'createCoalescerWith',
      'createWindowsMachine',
      'debounce',
      'defineStrategy',
      'direct',
      'hybrid',
      'perKey',
    ])
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
    ['strategy', 'no-such-strategy', /strategy.*'debounce'.*'no-such-strategy'/, 'RangeError'],
    ['strategy', { name: 'no-such-strategy' }, /strategy.*'no-such-strategy'/, 'RangeError'],
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
    ['an unknown strategy', (coalescer) => coalescer.switchStrategy('no-such-strategy' as never)],
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
