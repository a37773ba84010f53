import { describe, expect, it, onTestFinished } from 'vitest'
import { changeOf } from '../support/changeOf.ts'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import {
  announce,
  coalescing,
  everyStrategy,
  fetchDelayOf,
  isInvalidated,
  sendChange,
  startsOf,
  worldOf,
} from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']
const never = (): Promise<never> => new Promise(() => undefined)

describe.each(everyStrategy)('G5 apart, %s', (strategy) => {
  it('a query whose request never ends holds up no other, neither in its flush nor later', async () => {
    const world = worldOf(strategy)
    const server = world.server
    await world.showLoaded(partners)
    const hanging = await world.showLoaded(goals)
    hanging.observer.setOptions({ queryKey: goals, queryFn: never })
    const start = Date.now()
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    await advance(fetchDelayOf(strategy))
    expect(startsOf(world, partners).at(-1)).toBe(start + fetchDelayOf(strategy))
    await advance(1000)
    const later = Date.now()
    announce(world, 'INVALIDATE', partners)
    await advance(1000)
    expect(startsOf(world, partners).at(-1)).toBe(later + fetchDelayOf(strategy))
    expect(server.versionOf(partners)).toBe(2)
  })

  it('a failing query leaves the others fresh and is itself stale and reported', async () => {
    const server = new SimulatedServer()
    const world = worldOf(strategy, { server })
    const fine = await world.showLoaded(partners)
    const broken = await world.showLoaded(goals)
    broken.observer.setOptions({ queryKey: goals, queryFn: () => Promise.reject(new Error('503')) })
    announce(world, 'INVALIDATE', goals)
    announce(world, 'INVALIDATE', partners)
    await advance(1000)
    expect(fine.version()).toBe(1)
    expect(isInvalidated(world, partners)).toBe(false)
    expect(isInvalidated(world, goals)).toBe(true)
    expect(world.errors.map(({ info }) => info.type)).toEqual(['refetchFailed'])
    expect(world.coalescer.getSnapshot().stats.fetchesFailed).toBe(1)
  })

  it('a handler that throws is reported, and the changes around it are handled', async () => {
    const world = worldOf(strategy)
    const failures: unknown[] = []
    world.coalescer.on('handlerFailed', (record) => failures.push(record))
    const first = await world.showLoaded(goals)
    const last = await world.showLoaded(partners)
    world.server.write(goals)
    world.server.write(partners)
    const error = new Error('handler')
    const change = changeOf('broken')
    sendChange(world, { invalidate: [goals] })
    world.coalescer.send({
      type: 'CHANGE',
      change,
      handler: () => {
        throw error
      },
    })
    sendChange(world, { invalidate: [partners] })
    await advance(1000)
    expect(first.version()).toBe(1)
    expect(last.version()).toBe(1)
    expect(failures).toEqual([{ change, error }])
    expect(world.errors).toEqual([{ error, info: { type: 'handlerFailed', change } }])
  })

  it('a patch that throws is reported, its key is fetched, and the other patches are applied', async () => {
    const world = worldOf(strategy)
    const broken = await world.showLoaded(goals)
    await world.showLoaded(partners)
    world.server.write(goals)
    sendChange(world, {
      patch: [
        {
          queryKey: goals,
          update: () => {
            throw new Error('patch')
          },
        },
        { queryKey: partners, update: () => ({ version: 70 }) },
      ],
    })
    await advance(1000)
    expect(world.queryClient.getQueryData(partners)).toEqual({ version: 70 })
    expect(broken.version()).toBe(1)
    expect(world.errors.map(({ info }) => info)).toEqual([{ type: 'patchFailed', queryKey: goals }])
  })

  it('a handler that returns no effects object is reported', async () => {
    const world = worldOf(strategy)
    world.coalescer.send({ type: 'CHANGE', change: changeOf('goals'), handler: () => undefined as never })
    await advance(1000)
    expect(world.errors.map(({ info, error }) => [info.type, error])).toEqual([
      ['handlerFailed', expect.any(TypeError) as TypeError],
    ])
  })

  it('an async handler is reported once, also when its promise rejects: nothing else hears of it', async () => {
    const world = worldOf(strategy)
    const rejections: unknown[] = []
    const hear = (reason: unknown): unknown => rejections.push(reason)
    process.on('unhandledRejection', hear)
    onTestFinished(() => void process.off('unhandledRejection', hear))
    const handler = (): never => Promise.reject(new Error('of the app')) as never
    world.coalescer.send({ type: 'CHANGE', change: changeOf('goals'), handler })
    await advance(1000)
    await drain()
    expect(world.errors.map(({ info }) => info.type)).toEqual(['handlerFailed'])
    expect(rejections).toEqual([])
  })

  it('a handler that names one bad key is reported and changes nothing else', async () => {
    const world = worldOf(strategy)
    await world.showLoaded(partners)
    sendChange(world, { invalidate: [partners, 'goals' as never] })
    announce(world, 'INVALIDATE', partners)
    await advance(1000)
    expect(world.errors.map(({ info }) => info.type)).toEqual(['handlerFailed'])
    expect(startsOf(world, partners)).toHaveLength(2)
  })
})

describe.each(coalescing)('G5 apart with the server down, %s', (strategy) => {
  it('events do not restart a retry ladder or raise the request rate', async () => {
    const server = new SimulatedServer({ latencyMs: 10 })
    const world = worldOf(strategy, { server, queries: { retry: 3, retryDelay: (attempt) => 200 * 2 ** attempt } })
    await world.showLoaded(goals)
    server.fails = () => true
    announce(world, 'INVALIDATE', goals)
    await advance(fetchDelayOf(strategy))
    const start = Date.now()
    for (let at = 0; at < 1430; at += 20) {
      announce(world, 'INVALIDATE', goals)
      await advance(20)
    }
    expect(
      startsOf(world, goals)
        .slice(1)
        .map((at) => at - start),
    ).toEqual([0, 210, 620, 1430])
  })

  it('each failed run of the ladder is one failed fetch and one report', async () => {
    const server = new SimulatedServer({ latencyMs: 10 })
    const world = worldOf(strategy, { server, queries: { retry: 2, retryDelay: 100 } })
    await world.showLoaded(goals)
    server.fails = () => true
    announce(world, 'INVALIDATE', goals)
    await advance(2000)
    expect(startsOf(world, goals)).toHaveLength(4)
    expect(world.errors).toHaveLength(1)
    expect(world.coalescer.getSnapshot().stats).toMatchObject({ fetchesStarted: 1, fetchesFailed: 1 })
  })

  it('a server that comes back is asked again for the next event only, and then shows its data', async () => {
    const server = new SimulatedServer({ latencyMs: 10 })
    const world = worldOf(strategy, { server })
    const shown = await world.showLoaded(goals)
    server.fails = () => true
    announce(world, 'INVALIDATE', goals)
    await advance(10_000)
    expect(startsOf(world, goals)).toHaveLength(2)
    server.fails = () => false
    await advance(10_000)
    expect(startsOf(world, goals)).toHaveLength(2)
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    expect(shown.version()).toBe(2)
  })

  it('a failure is reported with its error, also if a patch has cleared it before the flush', async () => {
    const world = worldOf(strategy)
    const shown = await world.showLoaded(goals)
    world.server.latencyMs = () => 10
    world.server.fails = () => true
    announce(world, 'INVALIDATE', goals)
    void shown.observer.refetch()
    await advance(20)
    world.queryClient.setQueryData(goals, { version: 50 })
    await advance(1000)
    expect(world.errors.map(({ info, error }) => [info.type, error])).toEqual([
      ['refetchFailed', expect.any(Error) as Error],
    ])
  })

  it('a failure that the flushes of several keys find is reported once', async () => {
    const world = worldOf(strategy)
    world.server.latencyMs = () => 5
    const shown = await world.showLoaded(['goals', 1])
    announce(world, 'INVALIDATE', goals)
    await advance(20)
    announce(world, 'INVALIDATE', ['goals', 1])
    await advance(6)
    world.server.fails = () => true
    void shown.observer.refetch()
    await advance(3000)
    expect(world.errors.map(({ info }) => info.type)).toEqual(['refetchFailed'])
  })

  it('a failed refetch is picked up by the next mount', async () => {
    const server = new SimulatedServer({ latencyMs: 10 })
    const world = worldOf(strategy, { server })
    const shown = await world.showLoaded(goals)
    server.fails = () => true
    announce(world, 'INVALIDATE', goals)
    await advance(1000)
    server.fails = () => false
    shown.unmount()
    const again = world.show(goals)
    await advance(100)
    expect(again.version()).toBe(1)
  })
})
