import { MutationObserver, focusManager } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { helpOf } from '../support/help.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import {
  announce,
  eventKinds,
  everyStrategy,
  invalidations,
  startsOf,
  timing,
  watchPromise,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(everyStrategy)('G8 a focus manager that tells nobody of the return, %s', (strategy) => {
  const page = { visibilityState: 'visible' }

  beforeEach(() => {
    page.visibilityState = 'visible'
    vi.stubGlobal('document', page)
    focusManager.setEventListener(() => () => undefined)
    focusManager.setFocused(undefined)
  })
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it.each(eventKinds)('the first %s after the return is flushed, with what came before', async (kind) => {
    const world = worldOf(strategy)
    const shown = [await world.showLoaded(goals), await world.showLoaded(['partners'])]
    page.visibilityState = 'hidden'
    announce(world, kind, goals)
    await advance(1000)
    expect(world.server.requests).toHaveLength(2)
    page.visibilityState = 'visible'
    announce(world, kind, ['partners'])
    await advance(timing.maxWaitMs + timing.refetchDelayMs + 100)
    expect(shown.map((one) => one.version())).toEqual([1, 1])
    expect(world.server.requests).toHaveLength(4)
  })

  it('an urgent event after the return is flushed at once', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    page.visibilityState = 'hidden'
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    page.visibilityState = 'visible'
    world.change(goals, { urgent: true })
    await advance(100)
    expect(shown.version()).toBe(2)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('flush() after the return flushes', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    page.visibilityState = 'hidden'
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    page.visibilityState = 'visible'
    const flushed = watchPromise(world.coalescer.flush())
    await advance(100)
    expect(flushed.isResolved).toBe(true)
    expect(shown.version()).toBe(1)
  })

  it('a page that hides without a word starts no fetch at the timer', async () => {
    const world = worldOf(strategy === 'direct' ? 'debounce' : strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(10)
    page.visibilityState = 'hidden'
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(1)
    page.visibilityState = 'visible'
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(2)
    expect(startsOf(world, goals)).toHaveLength(2)
  })
})

describe.each(everyStrategy)('G8 isHidden, %s', (strategy) => {
  it('decides instead of the focus: a window without focus that is seen fetches', async () => {
    const world = worldOf(strategy, { isHidden: () => false })
    const shown = await world.showLoaded(goals)
    world.hide()
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    world.unhide()
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it.each(['the next event', 'a change of focus', 'flush()'] as const)(
    'a page that it calls hidden starts no fetch, and one per query at %s after the return',
    async (asked) => {
      let isHidden = true
      const world = worldOf(strategy, { isHidden: () => isHidden })
      const shown = await world.showLoaded(goals)
      for (let event = 0; event < 5; event += 1) {
        announce(world, 'INVALIDATE', goals)
        world.change(goals, { urgent: true })
        void world.coalescer.flush()
        await advance(300)
      }
      expect(startsOf(world, goals)).toHaveLength(1)
      isHidden = false
      if (asked === 'the next event') announce(world, 'INVALIDATE', goals)
      else if (asked === 'flush()') void world.coalescer.flush()
      else {
        world.hide()
        world.unhide()
      }
      await advance(1000)
      expect(shown.version()).toBe(asked === 'the next event' ? 11 : 10)
      expect(startsOf(world, goals)).toHaveLength(2)
    },
  )

  it.each(eventKinds)('a page hidden for less than a turn, in which %s comes, holds up nothing', async (kind) => {
    let isHidden = false
    const world = worldOf(strategy, { isHidden: () => isHidden })
    const shown = await world.showLoaded(goals)
    isHidden = true
    announce(world, kind, goals)
    isHidden = false
    await advance(timing.maxWaitMs + timing.refetchDelayMs + 100)
    expect(shown.version()).toBe(1)
    announce(world, kind, goals)
    await advance(timing.maxWaitMs + timing.refetchDelayMs + 100)
    expect(shown.version()).toBe(2)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('the wait for a flush does not count the time it calls hidden', async () => {
    let isHidden = true
    const world = worldOf(strategy, { isHidden: () => isHidden })
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(5000)
    isHidden = false
    world.hide()
    world.unhide()
    await advance(1000)
    for (const { waitedMs } of world.flushed) expect(waitedMs).toBeLessThanOrEqual(timing.maxWaitMs)
    expect(world.flushed.length).toBeGreaterThan(0)
  })

  it('has no say under whenHidden refetch', async () => {
    const world = worldOf(strategy, { isHidden: () => true, whenHidden: 'refetch' })
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it('one that throws is reported and loses nothing', async () => {
    const world = worldOf(strategy, {
      isHidden: () => {
        throw new Error('no window')
      },
    })
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(world.errors.map(({ error }) => String(error))).toContain('Error: no window')
  })
})

it('isHidden that is no function is refused', () => {
  expect(helpOf(() => createCoalescer({ isHidden: true as never }))).toEqual({
    error: 'TypeError',
    name: 'isHidden',
    came: 'true',
  })
})

describe.each(everyStrategy)('G8 offline, %s', (strategy) => {
  it.each(invalidations.flatMap((kind) => (['defer', 'refetch'] as const).map((how) => [kind, how] as const)))(
    'a mutation that waits for the network goes before the fetch that does for %s (whileMutating %s)',
    async (kind, whileMutating) => {
      const world = worldOf(strategy, { whileMutating })
      const order: string[] = []
      world.show(goals, {
        queryFn: async (context) => {
          order.push('fetch')
          return await world.server.queryFn(context)
        },
      })
      await advance(200)
      order.length = 0
      world.goOffline()
      const mutation = new MutationObserver(world.queryClient, {
        mutationFn: async () => {
          order.push('mutate')
          await new Promise((resolve) => setTimeout(resolve, 100))
          world.server.write(goals)
          order.push('mutated')
        },
      })
      void mutation.mutate()
      announce(world, kind, goals)
      await advance(1000)
      expect(order).toEqual([])
      world.goOnline()
      await advance(2000)
      expect(order).toEqual(['mutate', 'mutated', 'fetch'])
      expect(world.queryClient.getQueryData(goals)).toEqual({ version: 2 })
    },
  )

  describe('a fetch and a mutation of something else that wait for the network', () => {
    const waiting = async (mounted: boolean): Promise<World> => {
      const world = worldOf(strategy, { mounted, maxMutationHoldMs: 2000 })
      await world.showLoaded(goals)
      world.goOffline()
      const mutationFn = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 500))
      void new MutationObserver(world.queryClient, { mutationFn }).mutate()
      announce(world, 'INVALIDATE', goals)
      await advance(1000)
      world.goOnline()
      return world
    }

    it('go on one after the other, whatever events come in between', async () => {
      const world = await waiting(true)
      await advance(100)
      world.change(goals, { urgent: true })
      await advance(300)
      // Under `direct` its fetch takes the place of the one that waits, as without a coalescer.
      expect(startsOf(world, goals)).toHaveLength(strategy === 'direct' ? 2 : 1)
      await advance(1000)
      expect(startsOf(world, goals)).toHaveLength(2)
      expect(world.queryClient.getQueryData(goals)).toEqual({ version: 2 })
    })

    it('go on one after the other once the app resumes its mutations, with a client that is not mounted', async () => {
      const world = await waiting(false)
      await advance(1000)
      expect(startsOf(world, goals)).toHaveLength(1)
      void world.queryClient.resumePausedMutations()
      await advance(400)
      expect(startsOf(world, goals)).toHaveLength(1)
      await advance(300)
      expect(world.queryClient.getQueryData(goals)).toEqual({ version: 1 })
    })

    it('hold up the fetch no longer than maxMutationHoldMs if nobody resumes the mutation', async () => {
      const world = await waiting(false)
      await advance(1900)
      expect(startsOf(world, goals)).toHaveLength(1)
      await advance(300)
      expect(world.queryClient.getQueryData(goals)).toEqual({ version: 1 })
    })
  })
})
