import { focusManager } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import { changeOf } from '../support/changeOf.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, everyStrategy, sendChange, startsOf, timing, watchEnd, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const fail = (): never => {
  throw new Error('of the app')
}

describe.each(everyStrategy)('containment of the actor, %s', (strategy) => {
  const types = (world: ReturnType<typeof worldOf>): string[] => world.errors.map(({ info }) => info.type)

  describe('bad events sent straight to the actor are reported and kill nothing', () => {
    const circular: unknown[] = []
    circular.push({ circular })

    it.each<[string, unknown]>([
      ['INVALIDATE without keys', { type: 'INVALIDATE' }],
      ['INVALIDATE with a bad key', { type: 'INVALIDATE', queryKeys: ['goals'] }],
      ['INVALIDATE with a circular key', { type: 'INVALIDATE', queryKeys: [circular] }],
      ['an exact circular key', { type: 'INVALIDATE', queryKeys: [circular], exact: true }],
      ['REFETCH with a bad type', { type: 'REFETCH', queryKeys: [goals], queryType: 'none' }],
      ['CHANGE without a handler', { type: 'CHANGE', change: changeOf('goals') }],
      ['SWITCH_STRATEGY to nothing', { type: 'SWITCH_STRATEGY' }],
      ['SWITCH_STRATEGY to the unknown', { type: 'SWITCH_STRATEGY', strategy: 'no-such-strategy' }],
      ['SWITCH_STRATEGY with bad timing', { type: 'SWITCH_STRATEGY', strategy: { name: 'batch', quietMs: -1 } }],
      ['an unknown type', { type: 'NOPE' }],
      ['no type', {}],
      ['undefined', undefined],
      ['null', null],
      ['a name', 'FLUSH'],
    ])('%s', async (_, event) => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      world.coalescer.actor.send(event as never)
      expect(types(world)).toEqual(['badEvent'])
      expect(world.coalescer.getSnapshot()).toMatchObject({ strategy, pendingKeys: 0 })
      expect(world.coalescer.actor.getSnapshot().status).toBe('active')
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      expect(shown.version()).toBe(1)
      expect(types(world)).toEqual(['badEvent'])
    })

    it.each<[string, unknown]>([
      ['DUE of nothing', { type: 'DUE' }],
      ['FETCH_LOST of nothing', { type: 'FETCH_LOST' }],
      ['SCHEDULE of nothing', { type: 'SCHEDULE' }],
      ['REPORT of nothing', { type: 'REPORT' }],
      ['REFETCH_DUE', { type: 'REFETCH_DUE' }],
      ['WAKE', { type: 'WAKE' }],
      ['PAGE_VISIBLE', { type: 'PAGE_VISIBLE' }],
    ])('what only the inside sends: %s', async (_, event) => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      world.coalescer.actor.send(event as never)
      await drain()
      expect(world.coalescer.getSnapshot().strategy).toBe(strategy)
      expect(world.coalescer.actor.getSnapshot().status).toBe('active')
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      expect(shown.version()).toBe(1)
    })
  })

  it('a bad event sent to the actor by what a good one calls is reported, too', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    world.coalescer.on('flushed', () => world.coalescer.actor.send({ type: 'INVALIDATE' } as never))
    world.coalescer.send({ type: 'INVALIDATE', queryKeys: [goals], urgent: true })
    expect(types(world)).toEqual(['badEvent'])
    expect(world.coalescer.actor.getSnapshot().status).toBe('active')
  })

  it('events to the actor of a coalescer without a query client wait for it', async () => {
    const coalescer = createCoalescer({ strategy, ...timing, onError: () => undefined })
    coalescer.actor.send({ type: 'INVALIDATE', queryKeys: [goals] })
    coalescer.actor.send({ type: 'CHANGE', change: changeOf('goals'), handler: () => ({ invalidate: [goals] }) })
    coalescer.actor.send({ type: 'FLUSH' })
    await advance(5000)
    expect(coalescer.actor.getSnapshot().status).toBe('active')
    coalescer.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  describe('a dead actor', () => {
    const kill = {
      'is stopped from outside': (world: ReturnType<typeof worldOf>) => void world.coalescer.actor.stop(),
      'throws in a timer of a broken clock': () => undefined,
    }

    it.each(Object.keys(kill) as (keyof typeof kill)[])(
      'that %s is reported; the coalescer goes on as direct',
      async (how) => {
        let isBroken = false
        const world = worldOf(strategy, {
          clock: {
            setTimeout: (fn: () => void, ms: number) => (isBroken ? fail() : setTimeout(fn, ms)),
            clearTimeout: (id: unknown) => clearTimeout(id as number),
            now: () => Date.now(),
          },
        })
        const shown = await world.showLoaded(goals)
        announce(world, 'CHANGE', goals)
        isBroken = how.includes('clock')
        kill[how](world)
        announce(world, 'INVALIDATE', goals)
        announce(world, 'CHANGE', goals)
        world.coalescer.scheduleRefetch(goals)
        await advance(2000)
        expect(shown.version()).toBe(3)
        if (how.includes('outside')) {
          // oxlint-disable-next-line vitest/no-conditional-expect -- a clock that breaks need not kill a waiting strategy
          expect(types(world)).toEqual(['actorDied'])
          // oxlint-disable-next-line vitest/no-conditional-expect -- as above
          expect(world.coalescer.getSnapshot()).toMatchObject({ strategy: 'direct', phase: 'idle', inFlight: 0 })
        }
        isBroken = false
        await world.coalescer.flush()
        await world.coalescer.settled()
        world.coalescer.reset()
        world.hide()
        announce(world, 'INVALIDATE', goals)
        const before = startsOf(world, goals).length
        await advance(1000)
        expect(startsOf(world, goals)).toHaveLength(before)
        world.unhide()
        await advance(1000)
        expect(shown.version()).toBe(4)
        world.coalescer.stop()
        world.coalescer.stop()
        expect(world.coalescer.getSnapshot().pendingKeys).toBe(0)
      },
    )

    it('of the strategy alone is replaced by direct', async () => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      announce(world, 'CHANGE', goals)
      const error = new Error('of the strategy')
      world.coalescer.actor.send({ type: 'xstate.error.actor.strategy', error } as never)
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      expect(shown.version()).toBe(2)
      expect(world.errors).toEqual([{ error, info: { type: 'actorDied' } }])
      expect(world.coalescer.getSnapshot()).toMatchObject({ strategy: 'direct', phase: 'idle' })
      world.coalescer.switchStrategy('perKey')
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      expect(shown.version()).toBe(3)
      expect(world.coalescer.getSnapshot().strategy).toBe('perKey')
    })

    it('of the strategy is replaced as often as it takes; only direct is not tried for ever', async () => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      const die = (): void =>
        world.coalescer.actor.send({ type: 'xstate.error.actor.strategy', error: new Error('again') } as never)
      for (let death = 0; death < 5; death += 1) {
        world.coalescer.switchStrategy('perKey')
        die()
      }
      expect(world.coalescer.actor.getSnapshot().status).toBe('active')
      die()
      expect(world.coalescer.actor.getSnapshot().value).toBe('dead')
      expect(world.coalescer.getSnapshot()).toMatchObject({ strategy: 'direct', phase: 'idle' })
      expect(types(world)).toEqual(Array.from({ length: 6 }, () => 'actorDied'))
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      expect(shown.version()).toBe(1)
    })

    it('runs buffered changes once', async () => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      world.server.write(goals)
      let ran = 0
      world.coalescer.send({
        type: 'CHANGE',
        change: changeOf('goals'),
        handler: () => {
          ran += 1
          return { invalidate: [goals] }
        },
      })
      world.coalescer.actor.stop()
      sendChange(world, {})
      await advance(1000)
      expect(ran).toBe(1)
      expect(shown.version()).toBe(1)
    })

    it('that was stopped from outside says what to call instead', async () => {
      const world = worldOf(strategy)
      world.coalescer.actor.stop()
      expect(world.errors.map(({ error }) => String(error))).toEqual([
        expect.stringMatching(/Call stop\(\) of the coa/),
      ])
    })

    it('reset() still forgets what waits for the page to return', async () => {
      for (const isReset of [false, true]) {
        const world = worldOf(strategy)
        await world.showLoaded(goals)
        world.coalescer.actor.stop()
        world.hide()
        announce(world, 'INVALIDATE', goals)
        if (isReset) world.coalescer.reset()
        world.unhide()
        await advance(1000)
        expect(startsOf(world, goals)).toHaveLength(isReset ? 1 : 2)
        world.end()
      }
    })

    it('still says why each flush came, and what is pending waits for nothing but the page', async () => {
      // Not mounted: TanStack's own focus refetch would fetch what a flush has only marked.
      const world = worldOf(strategy, { mounted: false })
      const shown = await world.showLoaded(goals)
      announce(world, 'INVALIDATE', goals)
      await advance(30)
      world.coalescer.actor.stop()
      announce(world, 'CHANGE', goals)
      world.hide()
      await advance(500)
      announce(world, 'REFETCH', goals)
      await advance(20)
      world.unhide()
      world.unhide()
      await advance(500)
      const reasons = world.flushed.map(({ reason, waitedMs }) => [reason, waitedMs])
      const atDeath = strategy === 'direct' ? ['direct', 0] : ['switch', 30]
      expect(reasons).toEqual([atDeath, ['direct', 0], ['visible', 0]])
      expect(shown.version()).toBe(3)
    })

    it('still makes up for a fetch that somebody cancels', async () => {
      const world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      world.coalescer.actor.stop()
      announce(world, 'INVALIDATE', goals)
      await advance(10)
      await world.queryClient.cancelQueries({ queryKey: goals })
      await advance(1000)
      expect(shown.version()).toBe(1)
    })

    it('lets go of whoever waits for what the hidden page defers', async () => {
      const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
      await world.showLoaded(goals)
      const other = await world.showLoaded(['partners'])
      world.coalescer.actor.stop()
      announce(world, 'INVALIDATE', goals)
      announce(world, 'INVALIDATE', ['partners'])
      const ended = watchEnd(world)
      world.hide()
      await advance(90)
      expect(ended()).toEqual([false, false])
      await advance(500)
      expect(ended()).toEqual([true, true])
      expect(other.version()).toBe(0)
      world.unhide()
      await advance(500)
      expect(other.version()).toBe(1)
    })

    it('flushes when it is asked to by whoever hears first that the page is back', async () => {
      const reasons: string[] = []
      let world: ReturnType<typeof worldOf> | undefined
      const unsubscribe = focusManager.subscribe((isFocused) => {
        if (isFocused) void world?.coalescer.flush()
      })
      world = worldOf(strategy)
      const shown = await world.showLoaded(goals)
      world.coalescer.actor.stop()
      world.hide()
      announce(world, 'INVALIDATE', goals)
      world.coalescer.on('flushed', ({ reason }) => reasons.push(reason))
      world.unhide()
      expect(reasons).toEqual(['manual'])
      await advance(500)
      expect(shown.version()).toBe(1)
      unsubscribe()
    })
  })
})

it('direct may die three times; after the fourth death the chart shows the coalescer dead', () => {
  const { coalescer, errors } = worldOf('direct')
  const die = (): void =>
    coalescer.actor.send({ type: 'xstate.error.actor.strategy', error: new Error('again') } as never)
  const valueOf = (): unknown => coalescer.actor.getSnapshot().value
  for (let death = 1; death <= 3; death += 1) die()
  expect(valueOf()).toEqual({ strategy: 'direct' })
  die()
  expect(valueOf()).toBe('dead')
  expect(errors).toHaveLength(4)
  for (const event of [{ type: 'INVALIDATE', queryKeys: [['goals']] }, { type: 'RESET' }] as const) {
    coalescer.actor.send(event)
  }
  expect(valueOf()).toBe('dead')
  coalescer.stop()
  expect(errors).toHaveLength(4)
})
