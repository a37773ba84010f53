import type { Change, ChangeEffects } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { changeOf } from '../support/changeOf.ts'
import { FakeSupabase } from '../support/fakeSupabase.ts'
import { changeOf as payloadOf } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import { everyStrategy, isInvalidated, startsOf, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']
const summary = ['summary']

/** How a change reaches its handler. */
const ways = {
  'sent as CHANGE': ({ coalescer }: World, handler: (change: Change) => ChangeEffects) =>
    coalescer.send({ type: 'CHANGE', change: changeOf('goals'), handler }),
  'told by the feed': ({ coalescer }: World, handle: (change: Change) => ChangeEffects) => {
    const tables = { goals: { handle, catchUp: [goals] } }
    const service = createRealtimeService({ supabase: new FakeSupabase(), coalescer, channel: 'db', tables })
    onTestFinished(() => service.stop())
    service.handleChange(payloadOf('INSERT'))
  },
}

/** What is done about a change of which the handler, its patch or the first fetch for it stops the coalescer. */
async function ending(world: World, tell: (typeof ways)[keyof typeof ways], stop: () => void, inside: string) {
  for (const key of [goals, partners, summary]) await world.showLoaded(key)
  const unsubscribe = world.queryClient.getQueryCache().subscribe((event) => {
    if (inside === 'fetch' && event.type === 'updated' && event.action.type === 'fetch') stop()
  })
  for (const key of [goals, partners]) world.server.write(key)
  tell(world, () => {
    if (inside === 'handler') stop()
    return {
      patch: [{ queryKey: summary, update: (old) => (inside === 'patch' && stop(), old) }],
      invalidate: [goals],
      refetch: [partners],
    }
  })
  await advance(1000)
  unsubscribe()
  const [started, stale] = [
    [goals, partners].map((key) => startsOf(world, key).length - 1),
    [goals, partners].map((key) => isInvalidated(world, key)),
  ]
  return { started, stale, errors: world.errors, timers: vi.getTimerCount() }
}

describe.each(everyStrategy)('G9 stop() inside of a change, %s', (strategy) => {
  describe.each(Object.entries(ways))('%s', (_, tell) => {
    it.each([
      { pending: undefined, started: [0, 0], stale: [true, true] },
      { pending: 'markStale', started: [0, 0], stale: [true, true] },
      { pending: 'flush', started: [1, 1], stale: [false, false] },
      { pending: 'drop', started: [0, 0], stale: [false, false] },
    ] as const)('treats as told what the change asks for: $pending', async ({ pending, started, stale }) => {
      for (const inside of ['handler', 'patch']) {
        const world = worldOf(strategy)
        const end = await ending(world, tell, () => world.coalescer.stop({ pending }), inside)
        expect([inside, end]).toEqual([inside, { started, stale, errors: [], timers: 0 }])
        world.end()
      }
    })

    it.each([
      { pending: 'markStale', started: [1, 0], stale: [false, true] },
      { pending: 'flush', started: [1, 1], stale: [false, false] },
      // What the flush has marked stays so.
      { pending: 'drop', started: [1, 0], stale: [false, expect.any(Boolean)] },
    ] as const)('treats as told what is left once its first fetch starts: $pending', async (expected) => {
      const { pending, started, stale } = expected
      const world = worldOf(strategy, { leading: true })
      const end = await ending(world, tell, () => world.coalescer.stop({ pending }), 'fetch')
      expect(end).toEqual({ started, stale, errors: [], timers: 0 })
    })
  })

  it('takes nothing more from the handler that has called it', async () => {
    const world = worldOf(strategy)
    const refusals: unknown[] = []
    world.coalescer.send({
      type: 'CHANGE',
      change: changeOf('goals'),
      handler: () => {
        world.coalescer.stop()
        world.coalescer.stop({ pending: 'flush' })
        try {
          world.coalescer.scheduleInvalidate(goals)
        } catch (error) {
          refusals.push(error)
        }
        return { invalidate: [partners] }
      },
    })
    await advance(1000)
    expect(refusals).toMatchObject([{ message: expect.stringContaining('after stop()') as string }])
    expect(world.errors).toEqual([])
  })
})

describe('G9 stop() inside of one of many buffered changes', () => {
  it.each([
    { pending: 'markStale', handled: 2, stale: true },
    { pending: 'flush', handled: 2, stale: false },
    { pending: 'drop', handled: 1, stale: false },
  ] as const)('treats the rest as told: $pending', async ({ pending, handled, stale }) => {
    const world = worldOf('batch')
    await world.showLoaded(partners)
    let calls = 0
    const handlers = [() => world.coalescer.stop({ pending }), () => undefined]
    for (const act of handlers) {
      const handler = (): ChangeEffects => {
        calls += 1
        act()
        return { invalidate: [partners] }
      }
      world.coalescer.send({ type: 'CHANGE', change: changeOf('goals'), handler })
    }
    await advance(1000)
    expect([calls, isInvalidated(world, partners)]).toEqual([handled, stale])
    expect(startsOf(world, partners)).toHaveLength(pending === 'flush' ? 2 : 1)
  })
})
