import { MutationObserver } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import type { Shown, World, WorldOptions } from '../support/world.ts'
import { announce, everyStrategy, isInvalidated, startsOf, watchEnd, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const cancelGoals = ({ queryClient }: World): Promise<void> => queryClient.cancelQueries({ queryKey: goals })
/** A component that leaves it to others to fetch what is stale. */
const showOld = (world: World): Shown => world.show(goals, { refetchOnMount: false })

describe.each(everyStrategy)('G1 fresh, a fetch cancelled while no component shows its query, %s', (strategy) => {
  /** The query was on screen at its event; its fetch has been cancelled after its component had gone. */
  const setup = async (options: WorldOptions = {}): Promise<World> => {
    const world = worldOf(strategy, options)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    while (startsOf(world, goals).length < 2) await advance(1)
    shown.unmount()
    await cancelGoals(world)
    await advance(1000)
    return world
  }
  const requests = (world: World): number => startsOf(world, goals).length

  it('is not made up for before a component shows it, and nobody waits for it', async () => {
    const world = await setup()
    announce(world, 'INVALIDATE', goals)
    const ended = watchEnd(world)
    await advance(1500)
    expect([requests(world), isInvalidated(world, goals), ...ended()]).toEqual([2, true, true, true])
  })

  it('is waited for no more by anyone who has waited for it', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    const ended = watchEnd(world)
    while (requests(world) < 2) await advance(1)
    shown.unmount()
    await cancelGoals(world)
    await advance(1)
    expect(ended()).toEqual([true, true])
  })

  it('is not made up for by us for a component that is disabled', async () => {
    const world = await setup()
    world.show(goals, { enabled: false })
    await advance(1500)
    expect([requests(world), isInvalidated(world, goals)]).toEqual([2, true])
  })

  it.each(['nothing', 'stop', 'reset'] as const)(
    'leaves its query marked when an older request that was given up answers, after %s',
    async (how) => {
      const world = worldOf(strategy, { stuckAfterMs: 300 })
      const shown = await world.showLoaded(goals)
      world.server.hangs = () => true
      announce(world, 'INVALIDATE', goals)
      while (requests(world) < 2) await advance(1)
      world.coalescer.scheduleRefetch(goals)
      await advance(200)
      const started = requests(world)
      shown.unmount()
      await advance(1000)
      if (how !== 'nothing') world.coalescer[how]()
      world.server.release()
      await drain()
      // Under `direct`, the refetch has replaced it.
      expect([requests(world), isInvalidated(world, goals)]).toEqual([started, strategy !== 'direct'])
    },
  )

  it.each(['nothing', 'stop', 'reset'] as const)(
    'leaves its query marked when an older request that was given up answers, gone while its fetch was queued, after %s',
    async (how) => {
      const world = worldOf(strategy, { stuckAfterMs: 1500, maxConcurrentRefetches: 1 })
      const shown = await world.showLoaded(goals)
      await world.showLoaded(['partners'])
      world.server.hangs = ([name]) => name === 'goals'
      world.queryClient.fetchQuery({ queryKey: goals, staleTime: 0 }).catch(() => undefined)
      world.server.latencyMs = () => 1000
      await advance(1200)
      announce(world, 'INVALIDATE', ['partners'])
      announce(world, 'INVALIDATE', goals)
      await advance(500)
      shown.unmount()
      await advance(1000)
      if (how !== 'nothing') world.coalescer[how]()
      world.server.release()
      await drain()
      expect(isInvalidated(world, goals)).toBe(true)
    },
  )

  it('is made up for by the fetch of the next mount alone', async () => {
    const world = await setup()
    const shown = world.show(goals)
    await advance(1500)
    expect([shown.version(), requests(world)]).toEqual([1, 3])
  })

  it('is followed by one of ours, once for each time the app cancels, if it cancels that of the mount', async () => {
    const world = await setup()
    const shown = world.show(goals)
    for (let time = 1; time <= 4; time += 1) {
      await drain()
      await cancelGoals(world)
      await advance(90)
      if (requests(world) < 3 + time) await advance(90)
      expect(requests(world)).toBe(3 + time)
    }
    await advance(1500)
    expect([shown.version(), requests(world)]).toEqual([1, 7])
  })

  it('is made up for by one of ours if the mount starts none', async () => {
    const world = await setup()
    const shown = showOld(world)
    await advance(1500)
    expect([shown.version(), requests(world)]).toEqual([1, 3])
  })

  it('is made up for though a patch has cleared the mark', async () => {
    const world = await setup()
    world.queryClient.setQueryData(goals, { version: 0 })
    const shown = world.show(goals)
    await advance(1500)
    expect([shown.version(), requests(world)]).toEqual([1, 3])
  })

  it('is owed no more once the fetch of a mount has failed, which is reported', async () => {
    const world = await setup()
    world.server.fails = () => true
    world.show(goals).unmount()
    await advance(1000)
    showOld(world)
    await advance(1500)
    expect([requests(world), isInvalidated(world, goals)]).toEqual([3, true])
    expect(world.errors.map(({ info }) => info.type)).toEqual(['refetchFailed'])
  })

  it('stays owed through any number of mounts whose fetch ends with them', async () => {
    const world = await setup()
    for (let mount = 0; mount < 3; mount += 1) {
      const shown = world.show(goals)
      await drain()
      shown.unmount()
      await cancelGoals(world)
      await advance(500)
    }
    expect(requests(world)).toBe(5)
    const shown = showOld(world)
    await advance(1500)
    expect([shown.version(), requests(world)]).toEqual([1, 6])
  })

  it('stays owed if the component goes between the cancellation and the next flush', async () => {
    const world = worldOf(strategy)
    const before = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    while (requests(world) < 2) await advance(1)
    await cancelGoals(world)
    before.unmount()
    await cancelGoals(world)
    await advance(1000)
    const atFirst = requests(world)
    const shown = showOld(world)
    await advance(1500)
    expect([shown.version(), requests(world) - atFirst]).toEqual([1, 1])
  })

  it('is not made up for by us while the page is hidden, and once on return', async () => {
    const world = await setup()
    world.hide()
    const shown = showOld(world)
    await advance(1500)
    expect(requests(world)).toBe(2)
    world.unhide()
    await advance(1500)
    expect([shown.version(), requests(world)]).toEqual([1, 3])
  })

  it('is not made up for by us before the end of a mutation that has written to the query', async () => {
    const world = await setup()
    const mutation = new MutationObserver(world.queryClient, {
      mutationFn: () => new Promise((resolve) => setTimeout(resolve, 2000)),
      onMutate: () => void world.queryClient.setQueryData(goals, { version: 7 }),
    })
    void mutation.mutate()
    await drain()
    const shown = showOld(world)
    await advance(1900)
    expect([shown.version(), requests(world)]).toEqual([7, 2])
    await advance(1500)
    expect([shown.version(), requests(world)]).toEqual([1, 3])
  })

  it.each(['reset', 'stop'] as const)('is forgotten by %s(), which leaves it marked', async (how) => {
    const world = await setup()
    world.queryClient.setQueryData(goals, { version: 0 })
    world.coalescer[how]()
    showOld(world)
    await advance(1500)
    expect([requests(world), isInvalidated(world, goals)]).toEqual([2, true])
  })

  it('is forgotten with its query', async () => {
    const world = await setup()
    world.queryClient.removeQueries({ queryKey: goals })
    world.queryClient.setQueryData(goals, { version: 1 })
    showOld(world)
    await advance(1500)
    expect(requests(world)).toBe(2)
  })
})

describe.each(everyStrategy)('G6 quiet, a query that no component showed at the flush, %s', (strategy) => {
  it('is owed nothing, so that the app may cancel the fetch of its mount', async () => {
    const world = worldOf(strategy)
    const before = await world.showLoaded(goals)
    before.unmount()
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    const shown = world.show(goals)
    await drain()
    await cancelGoals(world)
    await advance(1500)
    expect([shown.version(), startsOf(world, goals).length, isInvalidated(world, goals)]).toEqual([0, 2, true])
  })
})
