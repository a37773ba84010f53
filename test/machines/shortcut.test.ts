import type { CoalescerEvent, StrategyName } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { strategyNames } from '../../src/machines/strategies.ts'
import { changeOf } from '../support/changeOf.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { type WorldOptions, createWorld } from '../support/world.ts'

useSimulatedTime()

const timing = { quietMs: 50, maxWaitMs: 200, refetchDelayMs: 40 }
const collecting = strategyNames.filter((name) => name !== 'direct')

/** A world that counts the events which reach the actor. */
function counted(strategy: StrategyName, options: WorldOptions = {}) {
  const world = createWorld({ strategy, ...timing, ...options })
  const sent = vi.spyOn(world.coalescer.actor, 'send')
  const schedule = (part: number, urgent = false): number => {
    sent.mockClear()
    world.coalescer.scheduleInvalidate(['goals', part], { urgent })
    return sent.mock.calls.filter(([event]) => event.type === 'INVALIDATE').length
  }
  return { ...world, schedule }
}

describe.each(collecting)('while %s collects', (strategy) => {
  it('only the first event reaches the actor, of events that move no deadline', () => {
    const { schedule } = counted(strategy)
    expect([1, 2, 1, 3].map((part) => schedule(part))).toEqual([1, 0, 0, 0])
  })

  it('an event of any kind that is sent reaches the actor only if it is urgent', () => {
    const { coalescer, schedule } = counted(strategy)
    schedule(1)
    const change = changeOf('goals')
    const kinds: CoalescerEvent[] = [
      { type: 'INVALIDATE', queryKeys: [['goals', 2]] },
      { type: 'REFETCH', queryKeys: [['goals', 3]] },
      { type: 'CHANGE', change, handler: () => ({ invalidate: [['goals', 4]] }) },
      { type: 'INVALIDATE', queryKeys: [['goals', 5]], urgent: true },
    ]
    const sent = vi.mocked(coalescer.actor.send)
    const reached = kinds.map((event) => {
      sent.mockClear()
      coalescer.send(event)
      return sent.mock.calls.filter(([one]) => one.type === event.type).length
    })
    expect(reached).toEqual([0, 0, 0, 1])
  })

  it('an urgent event does', () => {
    const { schedule } = counted(strategy)
    expect([schedule(1), schedule(2, true)]).toEqual([1, 1])
  })

  it('an event does that comes when the oldest has waited as long as it may', async () => {
    const { schedule, flushed } = counted(strategy, { maxWaitMs: 30 })
    schedule(1)
    vi.setSystemTime(Date.now() + 29)
    expect([schedule(2), flushed.length]).toEqual([0, 0])
    vi.setSystemTime(Date.now() + 1)
    expect(schedule(3)).toBe(1)
    await advance(0)
    expect(flushed.map(({ reason, keys }) => [reason, keys.length])).toEqual([
      // Under perKey each key has waited by itself.
      ['maxWait', strategy === 'perKey' ? 1 : 3],
    ])
  })

  it('the first event after the flush does', async () => {
    const { schedule } = counted(strategy)
    schedule(1)
    await advance(1000)
    expect([schedule(1), schedule(1)]).toEqual([1, 0])
  })
})

it.each([true, false])(
  'under hybrid, a refetch that is over (%s) or still to come sends no later event to the actor',
  async (isOver) => {
    const world = counted('hybrid')
    await world.showLoaded(['goals', 1])
    world.schedule(1)
    await advance(isOver ? 1000 : 60)
    expect([2, 3].map((part) => world.schedule(part))).toEqual([1, 0])
    expect(world.server.requestsOf(['goals', 1])).toHaveLength(isOver ? 2 : 1)
  },
)

it('under perKey with leading every event reaches the actor: it may be the first of its key', () => {
  const { schedule } = counted('perKey', { leading: true })
  expect([1, 2, 1, 3, 3].map((part) => schedule(part))).toEqual([1, 1, 1, 1, 1])
})

describe.each(strategyNames)('while the page is hidden, under %s', (strategy) => {
  it.each([false, true])('only the first event reaches the actor, with leading %s', async (leading) => {
    const { schedule, hide, unhide, flushed } = counted(strategy, { leading })
    hide()
    expect([1, 2, 1].map((part) => schedule(part))).toEqual([1, 0, 0])
    vi.setSystemTime(Date.now() + 10_000)
    expect(schedule(3)).toBe(0)
    unhide()
    await advance(0)
    expect(flushed.map(({ reason, keys }) => [reason, keys.length])).toEqual([['visible', 3]])
  })
})

it.each(collecting)(
  'once %s holds what it collected before the page was hidden, no event reaches the actor',
  async (strategy) => {
    const { schedule, hide } = counted(strategy)
    schedule(1)
    hide()
    await advance(1000)
    expect([2, 1, 3].map((part) => schedule(part))).toEqual([0, 0, 0])
  },
)

it('under direct, an event after the return is flushed for itself again', () => {
  const { schedule, hide, unhide, flushed } = counted('direct')
  hide()
  schedule(1)
  unhide()
  schedule(2)
  schedule(3)
  expect(flushed.map(({ reason, keys }) => [reason, keys.length])).toEqual([
    ['visible', 1],
    ['direct', 1],
    ['direct', 1],
  ])
})

it('under batch, the change that fills the buffer reaches the actor', () => {
  const { coalescer } = createWorld({ strategy: 'batch', ...timing, maxBufferedChanges: 4 })
  const sent = vi.spyOn(coalescer.actor, 'send')
  const change = changeOf('goals')
  const reached = [1, 2, 3, 4].map(() => {
    sent.mockClear()
    coalescer.send({ type: 'CHANGE', change, handler: () => ({}) })
    return sent.mock.calls.filter(([event]) => event.type === 'CHANGE').length
  })
  expect(reached).toEqual([1, 0, 0, 1])
})

describe('a fact', () => {
  const flushOnce = async (world: ReturnType<typeof createWorld>): Promise<void> => {
    world.coalescer.scheduleInvalidate(['goals'])
    await advance(1000)
  }
  const reportsTo = (world: ReturnType<typeof createWorld>) => {
    const sent = vi.spyOn(world.coalescer.actor, 'send')
    return () => sent.mock.calls.filter(([{ type }]) => (type as string) === 'REPORT').length
  }

  it('passes by the actor while nobody listens to it, and is told to the listeners of the coalescer', async () => {
    const world = createWorld({ ...timing })
    const reports = reportsTo(world)
    await flushOnce(world)
    expect([reports(), world.flushed.length]).toEqual([0, 1])
  })

  it('reaches it as long as somebody listens, ending as often as they like', async () => {
    const world = createWorld({ ...timing })
    const { actor } = world.coalescer
    const heard: string[] = []
    const listeners = ['first', 'second'].map((name) => actor.on('flushed', () => heard.push(name)))
    const reports = reportsTo(world)
    await flushOnce(world)
    listeners[0]?.unsubscribe()
    listeners[0]?.unsubscribe()
    await flushOnce(world)
    listeners[1]?.unsubscribe()
    await flushOnce(world)
    expect([heard, reports()]).toEqual([['first', 'second', 'second'], 2])
  })

  it('reaches a listener of the actor who comes while the coalescer tells its own', async () => {
    const world = createWorld({ ...timing })
    const heard: unknown[] = []
    world.coalescer.on('flushed', () => {
      if (heard.length === 0) world.coalescer.actor.on('*', ({ type }) => heard.push(type))
    })
    await flushOnce(world)
    expect(heard).toEqual(['flushed'])
  })

  it.each(['option', 'later'])('reaches the actor while an inspector watches, attached by %s', async (way) => {
    const inspected: string[] = []
    const inspect = (event: InspectionEvent): void => {
      if (event.type === '@xstate.event') inspected.push(event.event.type)
    }
    const world = createWorld({ ...timing, ...(way === 'option' && { inspect }) })
    const watching = way === 'later' ? world.coalescer.actor.system.inspect(inspect) : undefined
    await flushOnce(world)
    expect(inspected.filter((type) => type === 'REPORT')).toHaveLength(1)
    watching?.unsubscribe()
    await flushOnce(world)
    expect(inspected.filter((type) => type === 'REPORT')).toHaveLength(way === 'option' ? 2 : 1)
  })
})
