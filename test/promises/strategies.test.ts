import { notifyManager } from '@tanstack/react-query'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { changeOf } from '../support/changeOf.ts'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import { announce, everyStrategy, isInvalidated, sendChange, startsOf, timing, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']
const version = (value: number) => ({ queryKey: goals, update: () => ({ version: value }) })

describe.each(everyStrategy)('effects of changes, %s', (strategy) => {
  it.each([
    ['patch then invalidate', [{ patch: [version(50)] }, { invalidate: [goals] }]],
    ['invalidate then patch', [{ invalidate: [goals] }, { patch: [version(50)] }]],
    ['both at once', [{ patch: [version(50)], invalidate: [goals] }]],
  ])('%s: an unmounted query ends patched and stale', async (_, effects) => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    shown.unmount()
    for (const effect of effects) sendChange(world, effect)
    await advance(1000)
    expect(world.queryClient.getQueryData(goals)).toEqual({ version: 50 })
    expect(isInvalidated(world, goals)).toBe(true)
  })

  it('a patch alone leaves a stale query stale and a fresh one fresh', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    shown.unmount()
    sendChange(world, { patch: [version(50)] })
    await advance(1000)
    expect(isInvalidated(world, goals)).toBe(false)
    await world.queryClient.invalidateQueries({ queryKey: goals })
    sendChange(world, { patch: [version(51)] })
    await advance(1000)
    expect(isInvalidated(world, goals)).toBe(true)
    expect(world.queryClient.getQueryData(goals)).toEqual({ version: 51 })
  })

  it('a patch does not lose to the response of a fetch from before it', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.server.latencyMs = () => 400
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(10)
    world.server.write(goals)
    sendChange(world, { patch: [version(1)] })
    await advance(3000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('a cancel ends the fetches of its key alone', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server, queries: { queryFn: server.abortableQueryFn } })
    for (const key of [goals, partners]) await world.showLoaded(key)
    server.latencyMs = () => 1000
    void world.queryClient.refetchQueries()
    await drain()
    sendChange(world, { cancel: [goals] })
    void world.coalescer.flush()
    await drain()
    expect([goals, partners].map((key) => server.requestsOf(key).at(-1)?.outcome)).toEqual(['aborted', 'running'])
  })

  it('a cancel that throws is reported, and the patches are applied', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    const error = new Error('of the client')
    vi.spyOn(world.queryClient, 'cancelQueries').mockImplementation(() => {
      throw error
    })
    sendChange(world, { cancel: [partners], patch: [version(7)] })
    await world.coalescer.flush()
    expect(world.errors).toEqual([{ error, info: { type: 'patchFailed', queryKey: partners } }])
    expect(world.queryClient.getQueryData(goals)).toEqual({ version: 7 })
  })

  it('a patch of a query that is not there, which makes none, leads to no flush', async () => {
    const world = worldOf(strategy)
    sendChange(world, { patch: [{ queryKey: goals, update: () => undefined }] })
    await advance(1000)
    expect([world.flushed, world.queryClient.getQueryCache().getAll()]).toEqual([[], []])
  })

  it('a fetch that started after a change came is not followed by one more for the sake of its patch', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.server.latencyMs = () => 400
    world.server.write(goals)
    sendChange(world, { patch: [version(1)] })
    void shown.observer.refetch()
    await advance(3000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('a cancel ends the running fetch, so that it cannot overwrite the patch', async () => {
    const server = new SimulatedServer({ latencyMs: 400 })
    const world = worldOf(strategy, { server, queries: { queryFn: server.abortableQueryFn } })
    const shown = await world.showLoaded(goals)
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(10)
    sendChange(world, { cancel: [goals], patch: [version(70)] })
    await advance(timing.quietMs)
    expect(shown.version()).toBe(70)
    expect(server.requestsOf(goals)[1]?.outcome).toBe('aborted')
    await advance(1000)
    expect(shown.version()).toBe(70)
  })

  it('a cancel of a later change does not undo the patch of an earlier one', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.server.latencyMs = () => 400
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(10)
    const add = { queryKey: goals, update: (old: { version: number }) => ({ version: old.version + 10 }) }
    sendChange(world, { patch: [add] })
    sendChange(world, { cancel: [goals], patch: [add] })
    await advance(timing.quietMs)
    expect(shown.version()).toBe(20)
  })

  it('a patch that returns undefined leaves the query as it is', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(goals)
    sendChange(world, {
      patch: [
        { queryKey: goals, update: () => undefined },
        { queryKey: ['none'], update: () => undefined },
      ],
    })
    await advance(1000)
    expect(world.queryClient.getQueryData(goals)).toEqual({ version: 0 })
    expect(world.queryClient.getQueryData(['none'])).toBeUndefined()
    expect(world.errors).toEqual([])
  })
})

describe('batch', () => {
  afterEach(() => notifyManager.setBatchNotifyFunction((callback) => callback()))

  it('runs no handler before the flush, and then all in arrival order', async () => {
    const world = worldOf('batch')
    const ran: unknown[] = []
    for (const id of [1, 2, 3]) {
      world.coalescer.send({
        type: 'CHANGE',
        change: changeOf('goals', id),
        handler: (change) => {
          ran.push(change.new)
          return {}
        },
      })
    }
    await advance(timing.quietMs - 1)
    expect(ran).toEqual([])
    await advance(1)
    expect(ran).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
  })

  it('applies the patches and cancels of a flush in one notify batch: nobody sees a state between', async () => {
    const world = worldOf('batch')
    world.queryClient.setQueryData(goals, { version: 1 })
    const shown = world.show(goals, { queryFn: undefined as never })
    const other = await world.showLoaded(partners)
    await drain()
    const seen: unknown[] = []
    let batches = 0
    // As React's hooks subscribe.
    const unsubscribe = shown.observer.subscribe(notifyManager.batchCalls(() => seen.push(shown.version())))
    notifyManager.setBatchNotifyFunction((callback) => {
      batches += 1
      callback()
    })
    sendChange(world, { patch: [version(0)], invalidate: [goals] }, 'deleted')
    sendChange(world, { patch: [version(2), { queryKey: partners, update: () => ({ version: 2 }) }] }, 'inserted')
    sendChange(world, { cancel: [goals] })
    await advance(timing.quietMs)
    await advance(2)
    unsubscribe()
    expect(new Set(seen)).toEqual(new Set([2]))
    expect(other.version()).toBe(2)
    expect(isInvalidated(world, goals)).toBe(true)
    expect(batches).toBe(1)
  })

  it('runs no handler while the page is hidden, unless its buffer is full', async () => {
    const world = worldOf('batch', { maxBufferedChanges: 3 })
    let ran = 0
    const change = (): void =>
      world.coalescer.send({
        type: 'CHANGE',
        change: changeOf('goals'),
        handler: () => {
          ran += 1
          return {}
        },
      })
    world.hide()
    change()
    change()
    await advance(1000)
    expect(ran).toBe(0)
    change()
    expect(ran).toBe(3)
    change()
    world.unhide()
    expect(ran).toBe(4)
  })

  it('keeps what it has buffered when only its timing changes, and hands it over to another strategy', async () => {
    const world = worldOf('batch')
    const shown = await world.showLoaded(goals)
    const ran: unknown[] = []
    world.server.write(goals)
    world.coalescer.send({
      type: 'CHANGE',
      change: changeOf('goals'),
      handler: () => {
        ran.push(world.coalescer.getSnapshot().strategy)
        return { invalidate: [goals] }
      },
    })
    world.coalescer.switchStrategy({ name: 'batch', quietMs: 5000, maxWaitMs: 5000 })
    await advance(1000)
    expect(ran).toEqual([])
    world.coalescer.switchStrategy('perKey')
    await advance(1000)
    expect([ran, shown.version()]).toEqual([['perKey'], 1])
  })

  it('invalidates the union of the keys once', async () => {
    const world = worldOf('batch')
    await world.showLoaded(goals)
    let marks = 0
    const unsubscribe = world.queryClient.getQueryCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'invalidate') marks += 1
    })
    for (let change = 0; change < 10; change += 1)
      sendChange(world, { invalidate: [goals, ['goals']], refetch: [goals] })
    await advance(1000)
    unsubscribe()
    expect(marks).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
    expect(world.flushed.map(({ keys }) => keys.map(({ events }) => events))).toEqual([[30]])
  })
})

describe('hybrid', () => {
  it('marks at the flush and fetches what it marked refetchDelayMs later, once', async () => {
    const world = worldOf('hybrid')
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    expect(isInvalidated(world, goals)).toBe(true)
    expect(startsOf(world, goals)).toHaveLength(1)
    await advance(timing.refetchDelayMs - 1)
    expect(startsOf(world, goals)).toHaveLength(1)
    await advance(1)
    expect(startsOf(world, goals)).toHaveLength(2)
    await advance(5000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('fetches what it marked, also if a patch has cleared the flag since', async () => {
    const world = worldOf('hybrid')
    const shown = await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    world.queryClient.setQueryData(goals, { version: 50 })
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it('leaves queries alone that are stale for another reason', async () => {
    const world = worldOf('hybrid')
    await world.showLoaded(goals)
    await world.showLoaded(partners)
    world.queryClient.getQueryCache().find({ queryKey: partners })?.invalidate()
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(startsOf(world, partners)).toHaveLength(1)
  })

  it('does not fetch what somebody else has fetched since the marking', async () => {
    const world = worldOf('hybrid')
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    void world.queryClient.refetchQueries({ queryKey: goals })
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it.each<[string, (world: World) => void]>([
    ['flush() of nothing new', ({ coalescer }) => void coalescer.flush()],
    [
      'flush() of more',
      ({ coalescer }) => {
        coalescer.scheduleInvalidate(['more'])
        void coalescer.flush()
      },
    ],
    ['an urgent event', ({ coalescer }) => coalescer.scheduleInvalidate(['more'], { urgent: true })],
  ])('has nothing left to fetch later after %s', async (_, flush) => {
    const world = worldOf('hybrid')
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    await advance(timing.quietMs)
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'flushing', inFlight: 0 })
    flush(world)
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', inFlight: 1 })
  })
})

describe('direct', () => {
  it('flushes each event at once', async () => {
    const world = worldOf('direct')
    await world.showLoaded(goals)
    announce(world, 'INVALIDATE', goals)
    expect(world.flushed.map(({ reason, waitedMs }) => [reason, waitedMs])).toEqual([['direct', 0]])
    expect(startsOf(world, goals)).toHaveLength(2)
    announce(world, 'INVALIDATE', goals)
    announce(world, 'REFETCH', goals)
    expect(startsOf(world, goals)).toHaveLength(4)
    expect(world.coalescer.getSnapshot().pendingKeys).toBe(0)
  })
})
