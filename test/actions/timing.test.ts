import { describe, expect, it, vi } from 'vitest'
import { createTimekeeper } from '../../src/actions/clock.ts'
import { resolveEffects, sourceOf } from '../../src/actions/effects.ts'
import { Emitter } from '../../src/actions/report.ts'
import { pickTiming } from '../../src/actions/timing.ts'
import type { Change } from '../../src/actions/types.ts'
import { show } from '../../src/actions/validate.ts'

describe('pickTiming', () => {
  it('keeps what is given and leaves out what is undefined, so that it hides no default', () => {
    expect(pickTiming({ quietMs: 0, maxWaitMs: undefined, leading: false })).toEqual({ quietMs: 0, leading: false })
    expect(Object.keys(pickTiming({ quietMs: undefined }))).toEqual([])
  })

  it.each(['quietMs', 'maxWaitMs', 'refetchDelayMs', 'jitterMs'] as const)('%s takes 0 to 2147483647', (name) => {
    expect(pickTiming({ [name]: 0 })).toEqual({ [name]: 0 })
    expect(pickTiming({ [name]: 2 ** 31 - 1 })).toEqual({ [name]: 2 ** 31 - 1 })
    expect(() => pickTiming({ [name]: 2 ** 31 })).toThrow(RangeError)
    expect(() => pickTiming({ [name]: -1 })).toThrow(RangeError)
    expect(() => pickTiming({ [name]: Number.NaN })).toThrow(RangeError)
    expect(() => pickTiming({ [name]: '5' as never })).toThrow(TypeError)
  })

  it('maxBufferedChanges is a whole number of at least 1', () => {
    expect(pickTiming({ maxBufferedChanges: 1 })).toEqual({ maxBufferedChanges: 1 })
    for (const bad of [0, 1.5, Number.NaN, Infinity]) {
      expect(() => pickTiming({ maxBufferedChanges: bad })).toThrow(RangeError)
    }
  })
})

describe('createTimekeeper', () => {
  const clockOf = (times: number[]) => ({
    setTimeout: vi.fn<(fn: () => void, timeout: number) => void>(),
    clearTimeout: vi.fn<() => void>(),
    now: () => times.shift() ?? 0,
  })

  it('goes on from where it was when its clock is set back', () => {
    const { now } = createTimekeeper(clockOf([100, 200, 50, 60, 300]))
    expect([now(), now(), now(), now(), now()]).toEqual([100, 200, 200, 210, 450])
  })

  it('reads Date.now() without a clock', () => {
    vi.useFakeTimers({ now: 1234 })
    expect(createTimekeeper(undefined).now()).toBe(1234)
    vi.useRealTimers()
  })

  it('goes by a timer whose time has stood still, and by the clock where that has moved', () => {
    const clock = clockOf([100, 100, 100, 130, 140])
    const keeper = createTimekeeper(clock)
    const fire = (): void => clock.setTimeout.mock.lastCall?.[0]()
    const seen: number[] = []
    keeper.setTimeout(() => seen.push(keeper.now()), 50)
    fire()
    keeper.setTimeout(() => seen.push(keeper.now()), 50)
    fire()
    expect(seen).toEqual([150, 190])
  })
})

describe('resolveEffects', () => {
  const change: Change = {
    schema: 'public',
    table: 'goals',
    eventType: 'DELETE',
    new: {},
    old: { id: 1 },
    commitTimestamp: null,
    errors: null,
  }

  it('fills in what is missing', () => {
    expect(resolveEffects(() => ({}), change)).toEqual({ invalidate: [], refetch: [], patch: [], cancel: [] })
    expect(
      resolveEffects(
        () => ({
          refetch: [['a'], { queryKey: ['b'] }, { queryKey: ['c'], type: 'all' }, { queryKey: ['d'], type: 'active' }],
        }),
        change,
      ).refetch,
    ).toEqual([
      { queryKey: ['a'], type: 'active' },
      { queryKey: ['b'], type: 'active' },
      { queryKey: ['c'], type: 'all' },
      { queryKey: ['d'], type: 'active' },
    ])
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a promise of effects is no effects, but an object', 7],
    ['keys that are no list', { invalidate: 'goals' }],
    ['a key that is no array', { invalidate: ['goals'] }],
    ['a refetch that is no key', { refetch: ['goals'] }],
    ['a refetch of an unknown type', { refetch: [{ queryKey: ['a'], type: 'some' }] }],
    ['a patch without an update', { patch: [{ queryKey: ['a'] }] }],
    ['a patch that is null', { patch: [null] }],
    ['patches that are no list', { patch: {} }],
    ['a cancel that is no key', { cancel: [7] }],
  ])('refuses %s', (_, effects) => {
    expect(() => resolveEffects(() => effects as never, change)).toThrow(/^Expected /)
  })

  it('a source is the table and the event type', () => {
    expect(sourceOf(change)).toBe('goals:DELETE')
  })
})

describe('Emitter', () => {
  it('a listener that unsubscribes another, or itself, while told disturbs nobody', () => {
    const emitter = new Emitter<{ fact: number }>(() => undefined)
    const heard: string[] = []
    const offs = [
      emitter.on('fact', () => {
        heard.push('first')
        offs[0]?.()
      }),
      emitter.on('fact', () => heard.push('second')),
    ]
    emitter.emit('fact', 1)
    emitter.emit('fact', 2)
    expect(heard).toEqual(['first', 'second', 'second'])
    expect(emitter.has('fact')).toBe(true)
    offs[1]?.()
    expect(emitter.has('fact')).toBe(false)
  })
})

describe('show', () => {
  it('shows any value in a line that is not too long', () => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    const values = [
      'x'.repeat(500),
      { long: 'x'.repeat(500) },
      circular,
      () => 1,
      Symbol('a'),
      7n,
      null,
      undefined,
      [1],
    ]
    for (const value of values) expect(show(value).length).toBeLessThanOrEqual(90)
    expect(show('goals')).toBe("'goals'")
    expect(show([1])).toBe('[1]')
  })
})
