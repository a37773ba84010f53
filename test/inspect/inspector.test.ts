import { QueryClient } from '@tanstack/react-query'
import { type Coalescer, createCoalescer } from 'realtime-coalescer'
import { type InspectorStatus, createStatelyInspector } from 'realtime-coalescer/inspect'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createActor, createMachine } from 'xstate'
import { createFakeHost } from './support.ts'

/** Those of a coalescer under `debounce`, in the order in which they are told of. */
const actors = ['coalescer', 'surroundings', 'strategy: debounce']

const started: Coalescer[] = []
const create = (options: Parameters<typeof createCoalescer>[0] = {}): Coalescer => {
  const coalescer = createCoalescer({ queryClient: new QueryClient(), ...options })
  started.push(coalescer)
  return coalescer
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  for (const coalescer of started.splice(0)) coalescer.stop()
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.doUnmock('@statelyai/inspect')
  vi.resetModules()
})

/** Lets the inspector package load and its deferred conversions run. */
async function rest(): Promise<void> {
  await vi.dynamicImportSettled()
  await vi.advanceTimersByTimeAsync(1)
}

describe('an inspector given to createCoalescer', () => {
  it('sends definitions, events and snapshots once the page has connected', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector(host.options)
    const coalescer = create({ inspect: inspector.inspect })
    await rest()
    expect(host.posted).toEqual([])
    host.connect()
    await rest()
    expect(host.definitions()).toEqual(actors)
    const [root, , strategy] = host.ofType('@xstate.actor').map(({ definition }) => JSON.parse(definition ?? ''))
    expect(root.states.strategy.states).toHaveProperty('debounce')
    expect(strategy.states.collecting.after).toHaveProperty('untilNext')

    coalescer.scheduleInvalidate(['goals'], { source: 'goals:INSERT' })
    await rest()
    expect(host.ofType('@xstate.event').map(({ event }) => event)).toContainEqual({
      type: 'INVALIDATE',
      queryKeys: [['goals']],
      source: 'goals:INSERT',
    })
    await vi.advanceTimersByTimeAsync(200)
    const values = host.ofType('@xstate.snapshot').map(({ snapshot }) => snapshot?.value)
    expect(values).toEqual(expect.arrayContaining(['idle', 'collecting', 'flushing']))
    expect(values.at(-1)).toBe('idle')
    inspector.stop()
  })

  it('opens nothing and loads nothing before there is something to show', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector(host.options)
    await rest()
    expect(host.opened).toEqual([])
    expect(inspector.getStatus()).toEqual({ state: 'idle' })
  })

  it('still shows every definition to a page that connects after a storm of 5,000 events', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector(host.options)
    const coalescer = create({ inspect: inspector.inspect, strategy: 'perKey' })
    for (let n = 0; n < 5000; n += 1) {
      coalescer.scheduleInvalidate(['goals', n % 100])
      if (n % 50 === 0) await vi.advanceTimersByTimeAsync(100)
    }
    host.connect()
    await rest()
    expect(host.definitions()).toEqual(['coalescer', 'surroundings', 'strategy: perKey'])
    expect(host.posted.length).toBeLessThanOrEqual(3 + 500)
    expect(inspector.getDropped()).toBeGreaterThan(2000)
    inspector.stop()
  })

  it('keeps a connected page usable through a storm, and its last state is the real one', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector({ ...host.options, maxEventsPerSecond: 50 })
    const coalescer = create({ inspect: inspector.inspect, strategy: 'batch' })
    host.connect()
    await rest()
    for (let n = 0; n < 5000; n += 1) coalescer.scheduleInvalidate(['goals', n])
    coalescer.switchStrategy('debounce')
    coalescer.scheduleInvalidate(['goals'])
    await vi.advanceTimersByTimeAsync(5000)
    expect(host.posted.length).toBeLessThan(200)
    expect(host.definitions()).toEqual(['coalescer', 'surroundings', 'strategy: batch', 'strategy: debounce'])
    const last = new Map(host.ofType('@xstate.snapshot').map((one) => [one.sessionId, one.snapshot?.value]))
    const strategy = coalescer.actor.getSnapshot().children.strategy
    expect(last.get(coalescer.actor.sessionId)).toEqual({ strategy: 'debounce' })
    expect(last.get(strategy?.sessionId ?? '')).toBe('idle')
    inspector.stop()
  })

  it('sends a snapshot when the state changes, not for every event', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector(host.options)
    const coalescer = create({ inspect: inspector.inspect })
    host.connect()
    for (let n = 0; n < 20; n += 1) coalescer.scheduleInvalidate(['goals', n])
    await rest()
    const strategyId = coalescer.actor.getSnapshot().children.strategy?.sessionId
    const ofStrategy = host.ofType('@xstate.snapshot').filter(({ sessionId }) => sessionId === strategyId)
    expect(ofStrategy.map(({ snapshot }) => snapshot?.value)).toEqual(['idle', 'collecting'])
    expect(host.ofType('@xstate.event').filter(({ event }) => event?.type === 'INVALIDATE')).toHaveLength(20)
    inspector.stop()
  })

  it('tells a page that reloads everything again', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector(host.options)
    create({ inspect: inspector.inspect })
    host.connect()
    await rest()
    host.connect()
    await rest()
    expect(host.definitions()).toEqual([...actors, ...actors])
    inspector.stop()
  })

  it('sends nothing that JSON could not carry, and only to the window it opened, at its origin', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector(host.options)
    const coalescer = create({ inspect: inspector.inspect })
    const hostile = {}
    Object.defineProperty(hostile, 'row', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    })
    host.connect({ another: 'window' })
    await rest()
    expect(host.posted).toEqual([])
    host.connect()
    coalescer.send({
      type: 'CHANGE',
      change: {
        schema: 'public',
        table: 'goals',
        eventType: 'INSERT',
        new: { id: 10n, at: new Date(0), tags: new Map([['a', () => 1]]), hostile } as unknown as Record<
          string,
          unknown
        >,
        old: {},
        commitTimestamp: null,
        errors: null,
      },
      handler: () => ({}),
    })
    await vi.advanceTimersByTimeAsync(300)
    expect(JSON.parse(JSON.stringify(host.posted))).toEqual(host.posted)
    const change = host.ofType('@xstate.event').find(({ event }) => event?.type === 'CHANGE')?.event
    expect(change).toMatchObject({
      change: { new: { id: '10n', at: '1970-01-01T00:00:00.000Z', hostile: { row: '[unreadable]' } } },
    })
    expect(new Set(host.origins)).toEqual(new Set(['https://inspector.test']))
    inspector.stop()
  })

  it('shows of events and contexts what the sanitizers leave, even when they throw', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector({
      ...host.options,
      sanitizeEvent: (event) => ({ type: (event as { type: string }).type }),
      sanitizeContext: () => {
        throw new Error('no')
      },
    })
    const coalescer = create({ inspect: inspector.inspect })
    host.connect()
    coalescer.scheduleInvalidate(['secret'])
    await rest()
    expect(JSON.stringify(host.posted)).not.toContain('secret')
    expect(host.ofType('@xstate.snapshot')[0]?.snapshot?.context).toBe('[the sanitizer threw]')
    inspector.stop()
  })
})

it('sanitizeEvent reaches contexts: rows and keys do not leak from there', async () => {
  const host = createFakeHost()
  const inspector = createStatelyInspector({
    ...host.options,
    sanitizeEvent: (event) => ({ type: (event as { type: string }).type }),
  })
  for (const strategy of ['direct', 'debounce', 'perKey'] as const) {
    const coalescer = create({ inspect: inspector.inspect, strategy })
    host.connect()
    coalescer.scheduleInvalidate(['secret'], { source: 'secret' })
    await vi.advanceTimersByTimeAsync(300)
    await rest()
  }
  const actor = createActor(
    createMachine({ id: 'last', context: { events: [{ type: 'ROW', row: 'secret' }], note: 'secret', isOn: true } }),
    { inspect: inspector.inspect },
  ).start()
  await rest()
  expect(JSON.stringify(host.posted)).not.toContain('secret')
  const context = host.ofType('@xstate.snapshot').find(({ sessionId }) => sessionId === actor.sessionId)
    ?.snapshot?.context
  expect(context).toMatchObject({ events: [{ type: 'ROW' }], isOn: true })
  inspector.stop()
})

describe('attach', () => {
  it('shows a coalescer that runs already, as it is now, until it is detached', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector(host.options)
    const coalescer = create()
    coalescer.scheduleInvalidate(['goals'])
    const detach = inspector.attach(coalescer)
    host.connect()
    await rest()
    expect(host.definitions()).toEqual(actors)
    expect(host.ofType('@xstate.snapshot').at(-1)?.snapshot?.value).toBe('collecting')
    coalescer.switchStrategy('batch')
    await rest()
    expect(host.definitions()).toHaveLength(4)
    detach()
    const before = host.posted.length
    coalescer.switchStrategy('hybrid')
    await rest()
    expect(host.posted).toHaveLength(before)
    inspector.stop()
  })

  it('twice shows everything once, until both are detached', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector(host.options)
    const coalescer = create({ inspect: inspector.inspect })
    const other = create()
    const detachers = [coalescer, other, other].map((one) => inspector.attach(one))
    host.connect()
    await rest()
    expect(host.definitions()).toEqual([...actors, ...actors])
    const shown = () => host.ofType('@xstate.event').filter(({ event }) => event?.type === 'INVALIDATE').length
    coalescer.scheduleInvalidate(['goals'])
    other.scheduleInvalidate(['goals'])
    await rest()
    expect(shown()).toBe(2)
    detachers[1]?.()
    detachers[1]?.()
    other.scheduleInvalidate(['goals'])
    await rest()
    expect(shown()).toBe(3)
    detachers[2]?.()
    other.scheduleInvalidate(['goals'])
    await rest()
    expect(shown()).toBe(3)
    inspector.stop()
  })

  it('leaves no observer behind after detach or stop', () => {
    const host = createFakeHost()
    const coalescer = create()
    const ends: (() => void)[] = []
    const inspect = coalescer.actor.system.inspect
    coalescer.actor.system.inspect = (observer) => {
      const subscription = inspect(observer)
      const unsubscribe = vi.fn<() => void>(() => subscription.unsubscribe())
      ends.push(unsubscribe)
      return { unsubscribe }
    }
    const inspector = createStatelyInspector(host.options)
    inspector.attach(coalescer)()
    inspector.attach(coalescer)
    inspector.stop()
    expect(ends).toHaveLength(2)
    for (const end of ends) expect(end).toHaveBeenCalledTimes(1)
    expect(host.listeners.size).toBe(0)
  })
})

describe('what goes wrong is reported', () => {
  it('a blocked popup, until open() gets through', async () => {
    const host = createFakeHost()
    host.block(true)
    const statuses: InspectorStatus[] = []
    const inspector = createStatelyInspector({ ...host.options, onStatus: (status) => statuses.push(status) })
    create({ inspect: inspector.inspect })
    expect(inspector.getStatus()).toMatchObject({ state: 'failed', problem: 'popupBlocked' })
    expect(inspector.getStatus().message).toContain('Allow popups')
    host.block(false)
    inspector.open()
    host.connect()
    await rest()
    expect(statuses.map(({ state }) => state)).toEqual(['opening', 'failed', 'opening', 'connected'])
    expect(host.definitions()).toEqual(actors)
    inspector.stop()
  })

  it('a page that does not answer, which may still do so later', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector({ ...host.options, onStatus: () => undefined, connectTimeoutMs: 3000 })
    create({ inspect: inspector.inspect })
    await rest()
    await vi.advanceTimersByTimeAsync(2990)
    expect(inspector.getStatus()).toEqual({ state: 'opening' })
    await vi.advanceTimersByTimeAsync(20)
    expect(inspector.getStatus()).toMatchObject({ state: 'failed', problem: 'noAnswer' })
    host.connect()
    await rest()
    expect(inspector.getStatus()).toEqual({ state: 'connected' })
    expect(host.definitions()).toEqual(actors)
    inspector.stop()
  })

  it('a missing package, without a crash, and its window is closed', async () => {
    vi.doMock('@statelyai/inspect', () => {
      throw new Error('Cannot find package')
    })
    const host = createFakeHost()
    const inspector = createStatelyInspector({ ...host.options, onStatus: () => undefined })
    const coalescer = create({ inspect: inspector.inspect })
    await rest()
    expect(inspector.getStatus()).toMatchObject({ state: 'failed', problem: 'missingPackage' })
    expect(inspector.getStatus().message).toContain('install it')
    expect(host.target.closed).toBe(true)
    expect(() => coalescer.scheduleInvalidate(['goals'])).not.toThrow()
    expect(coalescer.getSnapshot().pendingKeys).toBe(1)
  })

  it('a window that the user closes, until open()', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector({ ...host.options, onStatus: () => undefined })
    const coalescer = create({ inspect: inspector.inspect })
    host.connect()
    await rest()
    host.target.closed = true
    coalescer.scheduleInvalidate(['goals'])
    await rest()
    expect(inspector.getStatus()).toMatchObject({ state: 'failed', problem: 'pageClosed' })
    inspector.open()
    host.connect()
    await rest()
    expect(inspector.getStatus()).toEqual({ state: 'connected' })
    inspector.stop()
  })

  it('a page that has gone to another site, which gets nothing until it is back', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector({ ...host.options, onStatus: () => undefined })
    const coalescer = create({ inspect: inspector.inspect })
    host.connect(host.target, 'https://evil.test')
    await rest()
    expect(inspector.getStatus()).toMatchObject({ state: 'failed', problem: 'otherOrigin' })
    expect(inspector.getStatus().message).toContain('https://evil.test')
    expect(host.posted).toEqual([])
    host.connect()
    await rest()
    expect(inspector.getStatus()).toEqual({ state: 'connected' })
    const before = host.posted.length
    host.connect(host.target, 'https://evil.test')
    coalescer.scheduleInvalidate(['goals'])
    await rest()
    expect(host.posted).toHaveLength(before)
    inspector.stop()
    expect(host.posted).toHaveLength(before)
    expect(new Set(host.origins)).toEqual(new Set(['https://inspector.test']))
  })

  it('a window that a policy puts out of reach, with what to do', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector({ ...host.options, onStatus: () => undefined, connectTimeoutMs: 1000 })
    create({ inspect: inspector.inspect })
    // As browsers have it under Cross-Origin-Opener-Policy: same-origin.
    host.target.closed = true
    await vi.advanceTimersByTimeAsync(1001)
    expect(inspector.getStatus()).toMatchObject({ state: 'failed', problem: 'noAnswer' })
    expect(inspector.getStatus().message).toMatch(/Cross-Origin-Opener-Policy.*iframe.*createWebSocketInspector/)
    inspector.stop()
  })

  it('a place without a window, where it stays quiet', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const inspector = createStatelyInspector()
    const coalescer = create({ inspect: inspector.inspect })
    for (let n = 0; n < 3; n += 1) coalescer.scheduleInvalidate(['goals', n])
    expect(inspector.getStatus()).toMatchObject({ state: 'failed', problem: 'noWindow' })
    expect(warn).toHaveBeenCalledTimes(1)
    expect(inspector.getStatus().message).toContain('createWebSocketInspector')
  })

  it('bad options, by an error', () => {
    expect(() => createStatelyInspector({ connectTimeoutMs: -1 })).toThrow(RangeError)
    expect(() => createStatelyInspector({ url: '' })).toThrow(TypeError)
    expect(() => createStatelyInspector({ onStatus: 'log' as unknown as () => void })).toThrow(TypeError)
    expect(() => createStatelyInspector({ window: 7 as never })).toThrow('Expected `window` to be a window, got 7')
    expect(() => createStatelyInspector({ iframe: '#frame' as never })).toThrow('Expected `iframe` to be an iframe')
  })
})

describe('stop', () => {
  it('tells the page and shows nothing any more', async () => {
    const host = createFakeHost()
    const inspector = createStatelyInspector(host.options)
    const coalescer = create({ inspect: inspector.inspect })
    host.connect()
    await rest()
    inspector.stop()
    inspector.stop()
    expect(host.ofType('@statelyai.disconnected')).toHaveLength(1)
    const before = host.posted.length
    coalescer.scheduleInvalidate(['goals'])
    inspector.open()
    await vi.advanceTimersByTimeAsync(3000)
    expect(host.posted).toHaveLength(before)
    expect(inspector.getStatus()).toEqual({ state: 'stopped' })
    expect(host.listeners.size).toBe(0)
  })
})
