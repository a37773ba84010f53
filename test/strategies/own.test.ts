import { QueryClient } from '@tanstack/react-query'
import {
  type CoalescerOptions,
  type ErrorInfo,
  type StrategyPort,
  type Windows,
  SharedWindow,
  batch,
  createCoalescer,
  createCoalescerWith,
  debounce,
  defineStrategy,
  direct,
} from 'realtime-coalescer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type InspectionEvent, createMachine } from 'xstate'
import { chartsOf } from '../../src/machines/charts.ts'
import { internalsOf } from '../../src/integration/query/internals.ts'
import { changeOf } from '../support/changeOf.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

/** Flushes as `debounce` does, but by a fixed delay from the first event on. */
const createDelay = (port: StrategyPort): Windows =>
  Object.assign(new SharedWindow(port), {
    untilNext: () => Math.max(0, port.queue.oldestAtMs + port.timing.quietMs - port.now()),
    due: () =>
      port.queue.size > 0 && port.now() >= port.queue.oldestAtMs + port.timing.quietMs
        ? ({ reason: 'quiet' } as const)
        : undefined,
  })
const delay = defineStrategy({ windows: createDelay, quietMs: 70, options: ['quietMs', 'maxWaitMs'] })

/** Dies at its first look at the clock. */
const fragile = defineStrategy({
  windows: (port) =>
    Object.assign(new SharedWindow(port), {
      due() {
        throw new Error('a bug in a rule')
      },
    }),
  quietMs: 50,
})

const shared = (): Pick<CoalescerOptions, 'queryClient'> => ({ queryClient: new QueryClient() })

/** The times, from now on, at which it flushes. */
function timesOf(coalescer: { on(name: 'flushed', listener: () => void): void }): number[] {
  const times: number[] = []
  const startedAt = Date.now()
  coalescer.on('flushed', () => times.push(Date.now() - startedAt))
  return times
}

describe('a strategy of the app', () => {
  it('decides when to flush, with its own default, beside the built-in ones', async () => {
    const coalescer = createCoalescer({ ...shared(), strategies: { delay }, strategy: 'delay' })
    onTestFinished(() => coalescer.stop())
    const times = timesOf(coalescer)
    coalescer.scheduleInvalidate(['goals'])
    await advance(60)
    coalescer.scheduleInvalidate(['goals'])
    await advance(200)
    expect(times).toEqual([70])
    expect(coalescer.getSnapshot()).toMatchObject({ strategy: 'delay', phase: 'idle' })
    coalescer.switchStrategy('debounce')
    expect(coalescer.getSnapshot().strategy).toBe('debounce')
  })

  it('takes over what is pending at a switch, with timing of its own', async () => {
    const coalescer = createCoalescer({ ...shared(), strategies: { delay }, quietMs: 500 })
    onTestFinished(() => coalescer.stop())
    const times = timesOf(coalescer)
    coalescer.scheduleInvalidate(['goals'])
    await advance(100)
    coalescer.switchStrategy({ name: 'delay', quietMs: 130 })
    await advance(400)
    expect(times).toEqual([130])
  })

  it('that dies is reported, and `direct` takes its place: nothing is lost', async () => {
    const errors: ErrorInfo[] = []
    const coalescer = createCoalescerWith({ fragile }, { ...shared(), onError: (_error, info) => errors.push(info) })
    onTestFinished(() => coalescer.stop())
    const times = timesOf(coalescer)
    coalescer.scheduleInvalidate(['goals'])
    await advance(60)
    expect(errors).toEqual([{ type: 'actorDied' }])
    expect(times).toEqual([50])
    expect(coalescer.getSnapshot()).toMatchObject({ strategy: 'direct', pendingKeys: 0 })
    coalescer.scheduleInvalidate(['goals'])
    expect(times).toEqual([50, 60])
  })

  it('whose chart comes to its end is reported, and `direct` takes its place: nothing is lost', async () => {
    const errors: unknown[] = []
    const machine = createMachine({
      initial: 'waiting',
      states: { waiting: { tags: 'collecting', on: { PENDING: 'over' } }, over: { type: 'final' } },
    })
    const brief = defineStrategy({ machine, quietMs: 50 })
    const coalescer = createCoalescerWith({ brief }, { ...shared(), onError: (...told) => errors.push(told) })
    onTestFinished(() => coalescer.stop())
    const times = timesOf(coalescer)
    coalescer.scheduleInvalidate(['goals'])
    coalescer.scheduleInvalidate(['goals'])
    await advance(60)
    expect(times).toEqual([0, 0])
    expect(coalescer.getSnapshot()).toMatchObject({ strategy: 'direct', pendingKeys: 0 })
    expect(errors).toEqual([
      [expect.objectContaining({ message: expect.stringContaining('final state') }), { type: 'actorDied' }],
    ])
  })

  it('is drawn by its name: in the chart of the orchestrator, and by a machine that bears it', () => {
    const names: unknown[] = []
    const inspect = (event: InspectionEvent): void => {
      if (event.type === '@xstate.actor' && 'logic' in event.actorRef) {
        names.push((event.actorRef.logic as { config?: { id?: string } }).config?.id)
      }
    }
    const coalescer = createCoalescerWith({ debounce, delay }, { ...shared(), strategy: 'delay', inspect })
    onTestFinished(() => coalescer.stop())
    const charts = chartsOf(internalsOf(coalescer).registry)
    expect(Object.keys(charts.orchestrator.states.strategy?.states ?? {})).toEqual(
      expect.arrayContaining(['debounce', 'delay', 'direct']),
    )
    expect(charts.strategies.delay?.id).toBe('delay')
    expect(names).toEqual(['coalescer', 'surroundings', 'delay'])
    expect(coalescer.actor.getSnapshot().value).toMatchObject({ strategy: 'delay' })
  })

  it('may buffer changes until the flush', async () => {
    const buffering = defineStrategy({ windows: createDelay, quietMs: 70, buffersChanges: true })
    const coalescer = createCoalescerWith({ buffering }, shared())
    onTestFinished(() => coalescer.stop())
    let runs = 0
    coalescer.send({ type: 'CHANGE', change: changeOf('goals'), handler: () => ({ invalidate: [[(runs += 1)]] }) })
    expect(runs).toBe(0)
    await advance(70)
    expect(runs).toBe(1)
  })

  it('hears of events that pass by its chart, and may have it look at once', async () => {
    const createHasty = (port: StrategyPort): Windows => {
      let dueAtMs = Infinity
      return Object.assign(new SharedWindow(port), {
        untilNext: () => Math.max(0, Math.min(dueAtMs, port.queue.oldestAtMs + 100) - port.now()),
        due: () =>
          port.now() >= Math.min(dueAtMs, port.queue.oldestAtMs + 100) ? ({ reason: 'quiet' } as const) : undefined,
        noteEvent({ queryKey }: { queryKey: readonly unknown[] }, atMs: number) {
          if (queryKey[0] !== 'hasty') return
          dueAtMs = atMs + 10
          port.gate.open = false
        },
      })
    }
    const coalescer = createCoalescerWith({ hasty: defineStrategy({ windows: createHasty, quietMs: 100 }) }, shared())
    onTestFinished(() => coalescer.stop())
    const times = timesOf(coalescer)
    coalescer.scheduleInvalidate(['goals'])
    await advance(20)
    coalescer.scheduleInvalidate(['hasty'])
    await advance(200)
    expect(times).toEqual([30])
  })
})

describe('createCoalescerWith', () => {
  it('knows the strategies it is given only, the first one being the default', () => {
    const coalescer = createCoalescerWith({ batch, delay }, shared())
    onTestFinished(() => coalescer.stop())
    expect(coalescer.getSnapshot().strategy).toBe('batch')
    expect(() => coalescer.switchStrategy('debounce' as never)).toThrow(/one of 'batch', 'delay'/)
    expect(coalescer.getSnapshot().strategy).toBe('batch')
    coalescer.switchStrategy({ name: 'delay', quietMs: 5 })
    expect(coalescer.getSnapshot().strategy).toBe('delay')
  })

  it.each([
    [{}, /an object of strategies by name/],
    [[delay], /an object of strategies by name/],
    [{ choosing: delay }, /not taken, got 'choosing'/],
    [{ surroundings: delay }, /not taken, got 'surroundings'/],
    [{ ['__proto__']: delay }, /not taken, got '__proto__'/],
    [{ constructor: delay }, /not taken, got 'constructor'/],
    [{ 'a.b': delay }, /letters, digits/],
    [{ delay: { quietMs: 7 } }, /`strategies\.delay`.*defineStrategy/],
    [{ direct: delay }, /the built-in `direct`/],
  ])('refuses %o', (registry, message) => {
    expect(() => createCoalescerWith(registry as never, shared())).toThrow(message)
  })

  it('takes the built-in direct', () => {
    const coalescer = createCoalescerWith({ direct }, shared())
    onTestFinished(() => coalescer.stop())
    expect(coalescer.getSnapshot().strategy).toBe('direct')
  })
})

it('createCoalescer refuses a strategy under the name of a built-in one', () => {
  expect(() => createCoalescer({ ...shared(), strategies: { debounce: delay } as never })).toThrow(/a new name/)
})

describe('defineStrategy', () => {
  it.each([
    [undefined, /an object/],
    [{ quietMs: 5 }, /either `windows` or `machine`/],
    [{ windows: 7, quietMs: 5 }, /`windows` to be a function/],
    [{ machine: {}, quietMs: 5 }, /a state machine of XState/],
    [{ windows: createDelay, quietMs: -1 }, /from 0/],
    [{ windows: createDelay, quietMs: 1, options: ['quiet'] }, /one of 'quietMs'/],
    [{ windows: createDelay, quietMs: 1, options: 'quietMs' }, /an array/],
    [{ windows: createDelay, quietMs: 1, buffersChanges: 'yes' }, /true or false/],
  ])('refuses %o', (definition, message) => {
    expect(() => defineStrategy(definition as never)).toThrow(message)
  })
})
