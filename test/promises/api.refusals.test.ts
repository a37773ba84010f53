import { QueryClient } from '@tanstack/react-query'
import { type Coalescer, coalesceQueryClient, createCoalescer } from 'realtime-coalescer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { changeOf } from '../support/changeOf.ts'
import { helpOf } from '../support/help.ts'

const change = changeOf('goals')

describe('a coalescer', () => {
  const create = (): Coalescer => {
    const coalescer = createCoalescer({ queryClient: new QueryClient() })
    onTestFinished(() => coalescer.stop())
    return coalescer
  }
  const send = (event: object) => () => create().send(event as never)

  it.each<[string, () => unknown, 'TypeError' | 'RangeError', string, string]>([
    ['options', () => createCoalescer(7 as never), 'TypeError', 'options', '7'],
    ['options that are a list', () => createCoalescer([] as never), 'TypeError', 'options', '[]'],
    ['options that are null', () => createCoalescer(null as never), 'TypeError', 'options', 'null'],
    ['a query client', () => createCoalescer({ queryClient: {} as never }), 'TypeError', 'queryClient', '{}'],
    [
      'a query client without mutations',
      () => createCoalescer({ queryClient: { getQueryCache: () => undefined } as never }),
      'TypeError',
      'queryClient',
      '{}',
    ],
    ['a handler of errors', () => createCoalescer({ onError: 1 as never }), 'TypeError', 'onError', '1'],
    ['a clock', () => createCoalescer({ clock: {} as never }), 'TypeError', 'clock.setTimeout', 'undefined'],
    [
      'a clock that cannot clear',
      () => createCoalescer({ clock: { setTimeout: () => 1 } as never }),
      'TypeError',
      'clock.clearTimeout',
      'undefined',
    ],
    [
      'a clock that tells no time',
      () => createCoalescer({ clock: { setTimeout, clearTimeout, now: 5 } as never }),
      'TypeError',
      'clock.now',
      '5',
    ],
    [
      'a clock that is null',
      () => createCoalescer({ clock: null as never }),
      'TypeError',
      'clock.setTimeout',
      'undefined',
    ],
    ['an inspector', () => createCoalescer({ inspect: {} as never }), 'TypeError', 'inspect', '{}'],
    ['an inspector that is null', () => createCoalescer({ inspect: null as never }), 'TypeError', 'inspect', 'null'],
    ['a limit', () => createCoalescer({ maxConcurrentRefetches: 0 }), 'RangeError', 'maxConcurrentRefetches', '0'],
    ['whenHidden', () => createCoalescer({ whenHidden: 'no' as never }), 'RangeError', 'whenHidden', "'no'"],
    ['a strategy', () => createCoalescer({ strategy: 'fast' as never }), 'RangeError', 'strategy', "'fast'"],
    ['a strategy that is null', () => createCoalescer({ strategy: null as never }), 'TypeError', 'strategy', 'null'],
    ['a strategy that is a number', () => createCoalescer({ strategy: 7 as never }), 'TypeError', 'strategy', '7'],
    ['a strategy without name', () => createCoalescer({ strategy: {} as never }), 'TypeError', 'strategy', 'undefined'],
    ...(['quietMs', 'maxWaitMs', 'refetchDelayMs', 'jitterMs'] as const).map(
      (name): [string, () => unknown, 'RangeError', string, string] => [
        name,
        () => createCoalescer({ [name]: -1 }),
        'RangeError',
        name,
        '-1',
      ],
    ),
    ['leading', () => createCoalescer({ leading: 1 as never }), 'TypeError', 'leading', '1'],
    ['a buffer', () => createCoalescer({ maxBufferedChanges: 0 }), 'RangeError', 'maxBufferedChanges', '0'],
    ['a key', () => create().scheduleInvalidate('goals' as never), 'TypeError', 'queryKey', "'goals'"],
    ['a refetched key', () => create().scheduleRefetch('goals' as never), 'TypeError', 'queryKey', "'goals'"],
    ['a type', () => create().scheduleRefetch(['goals'], 'some' as never), 'RangeError', 'type', "'some'"],
    ['invalidate options', () => create().scheduleInvalidate(['a'], null as never), 'TypeError', 'options', 'null'],
    [
      'invalidate options by name',
      () => create().scheduleInvalidate(['a'], 'x' as never),
      'TypeError',
      'options',
      "'x'",
    ],
    ['a stop', () => create().stop(null as never), 'TypeError', 'options', 'null'],
    ['a stop by name', () => create().stop('drop' as never), 'TypeError', 'options', "'drop'"],
    ['what is pending', () => create().stop({ pending: 'x' as never }), 'RangeError', 'pending', "'x'"],
    ['a listener', () => create().subscribe(7 as never), 'TypeError', 'listener', '7'],
    ['a name of a record', () => create().on('flush' as never, () => 1), 'RangeError', 'name', "'flush'"],
    ['a listener of records', () => create().on('flushed', 7 as never), 'TypeError', 'listener', '7'],
    ['an event', send({ type: 'SOON' }), 'TypeError', 'event.type', "'SOON'"],
    ['an event that is null', send(null as never), 'TypeError', 'event.type', 'undefined'],
    ['an event that is text', send('FLUSH' as never), 'TypeError', 'event.type', 'undefined'],
    ['keys', send({ type: 'INVALIDATE', queryKeys: 7 }), 'TypeError', 'queryKeys', '7'],
    ['one of the keys', send({ type: 'REFETCH', queryKeys: ['a'] }), 'TypeError', 'queryKeys[]', "'a'"],
    ['exact', send({ type: 'INVALIDATE', queryKeys: [], exact: 1 }), 'TypeError', 'exact', '1'],
    ['urgent', send({ type: 'INVALIDATE', queryKeys: [], urgent: 1 }), 'TypeError', 'urgent', '1'],
    ['refetchType', send({ type: 'INVALIDATE', queryKeys: [], refetchType: 'x' }), 'RangeError', 'refetchType', "'x'"],
    ['a source', send({ type: 'INVALIDATE', queryKeys: [], source: 7 }), 'TypeError', 'source', '7'],
    ['a source of a refetch', send({ type: 'REFETCH', queryKeys: [], source: 7 }), 'TypeError', 'source', '7'],
    ['queryType', send({ type: 'REFETCH', queryKeys: [], queryType: 'x' }), 'RangeError', 'queryType', "'x'"],
    ['a handler', send({ type: 'CHANGE', change, handler: 7 }), 'TypeError', 'handler', '7'],
    ['a change', send({ type: 'CHANGE', change: 7, handler: () => ({}) }), 'TypeError', 'change', '7'],
    [
      'a change that is null',
      send({ type: 'CHANGE', change: null, handler: () => ({}) }),
      'TypeError',
      'change',
      'null',
    ],
    ['a new strategy', () => create().switchStrategy('fast' as never), 'RangeError', 'strategy', "'fast'"],
    ['a client', () => coalesceQueryClient({} as never, create()), 'TypeError', 'queryClient', '{}'],
    [
      'itself',
      () => coalesceQueryClient(new QueryClient(), Object.freeze({}) as never),
      'TypeError',
      'coalescer',
      '{}',
    ],
    ['itself, null', () => coalesceQueryClient(new QueryClient(), null as never), 'TypeError', 'coalescer', 'null'],
  ])('refuses %s with help', (_, run, error, name, came) => {
    expect(helpOf(run)).toEqual({ error, name, came })
  })

  it('refuses a key of nothing but an object that refers to itself', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    const coalescer = create()
    expect(() => coalescer.scheduleInvalidate([circular])).toThrow(/^Expected a query key at most 100 levels deep/)
    expect(() => coalescer.scheduleRefetch([circular])).toThrow(/^Expected a query key at most 100 levels deep/)
    expect(coalescer.getSnapshot().pendingKeys).toBe(0)
  })

  it('names its events and strategies to those who ask for others', () => {
    expect(send({ type: 'SOON' })).toThrow(/'INVALIDATE', 'REFETCH', 'CHANGE', 'FLUSH', 'SWITCH_STRATEGY', 'RESET'/)
    expect(() => createCoalescer({ strategy: null as never })).toThrow(
      /debounce, batch, perKey, hybrid, adaptive, direct/,
    )
  })

  it('says what is missing without a query client, and after stop()', () => {
    const coalescer = createCoalescer()
    expect(() => coalescer.scheduleInvalidate(['goals'])).toThrow(
      /^Expected a query client before INVALIDATE, got none\. Pass .+ or call .+\.$/,
    )
    coalescer.stop()
    expect(() => coalescer.scheduleInvalidate(['goals'])).toThrow(
      /^Expected a running coalescer, got an event after stop\(\)\. .+create a new one.+\.$/,
    )
    return expect(coalescer.flush()).rejects.toThrow(/^Expected a running coalescer, got flush\(\) after stop\(\)\. .+/)
  })
})
