import { describe, expect, it } from 'vitest'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { announce, coalescing, eventKinds, isInvalidated, timing, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(coalescing)('G4 alive, %s', (strategy) => {
  describe.each([
    { every: 60, latencyMs: 100 },
    { every: 20, latencyMs: 100 },
    { every: 20, latencyMs: 700 },
    { every: 190, latencyMs: 1000 },
  ])('events every $every ms, requests of $latencyMs ms', ({ every, latencyMs }) => {
    it.each(eventKinds)('%s: the screen changes at least once per latency + maxWaitMs', async (kind) => {
      const server = new SimulatedServer({ latencyMs })
      const world = worldOf(strategy, { server, queries: { queryFn: server.abortableQueryFn } })
      const shown = await world.showLoaded(goals)
      const updatedAt = [Date.now()]
      let version = shown.version()
      const unsubscribe = shown.observer.subscribe(() => {
        if (shown.version() === version) return
        version = shown.version()
        updatedAt.push(Date.now())
      })
      const end = Date.now() + 6000
      while (Date.now() < end) {
        announce(world, kind, goals)
        await advance(every)
      }
      updatedAt.push(Date.now())
      unsubscribe()
      const longest = latencyMs + timing.maxWaitMs + (strategy === 'hybrid' ? timing.refetchDelayMs : 0)
      const gaps = updatedAt.slice(1).map((at, index) => at - (updatedAt[index] ?? 0))
      expect(Math.max(...gaps)).toBeLessThanOrEqual(longest)
      await advance(5000)
      expect(shown.version()).toBe(server.versionOf(goals))
      expect(isInvalidated(world, goals)).toBe(false)
      expect(server.requests.filter(({ outcome }) => outcome === 'aborted')).toEqual([])
    })
  })

  it('a first fetch is let end under a steady stream, so that the page does not stay pending', async () => {
    const server = new SimulatedServer({ latencyMs: 500 })
    const world = worldOf(strategy, { server, queries: { queryFn: server.abortableQueryFn } })
    const shown = world.show(goals)
    for (let at = 0; at < 500; at += 20) {
      announce(world, 'INVALIDATE', goals)
      await advance(20)
    }
    expect(shown.version()).toBe(0)
    expect(server.requestsOf(goals)[0]?.outcome).toBe('ok')
  })

  it('an urgent event, flush() and a switch let a running fetch end, too', async () => {
    const server = new SimulatedServer({ latencyMs: 300 })
    const world = worldOf(strategy, { server, queries: { queryFn: server.abortableQueryFn } })
    const shown = await world.showLoaded(goals)
    world.change(goals, { urgent: true })
    await advance(100)
    world.change(goals, { urgent: true })
    void world.coalescer.flush()
    world.change(goals)
    world.coalescer.switchStrategy(strategy === 'perKey' ? 'debounce' : 'perKey')
    void world.coalescer.flush()
    await advance(3000)
    expect(shown.version()).toBe(3)
    expect(server.requests.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
  })
})
