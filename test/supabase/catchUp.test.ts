import type { StrategyName } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { type FeedWorld, createFeedWorld } from '../support/feedWorld.ts'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

/** How many catch-ups the coalescer was asked for, as its flushes tell. */
const catchUps = ({ flushed }: FeedWorld, source = 'realtime:catchUp'): number =>
  flushed.filter(({ keys }) => keys.some(({ sources }) => sources.includes(source))).length

async function liveWorld(options: Parameters<typeof createFeedWorld>[0] = {}): Promise<FeedWorld> {
  const world = createFeedWorld(options)
  await world.showLoaded(['goals'])
  await world.showLoaded(['partners'])
  await world.goLive()
  world.server.requests.length = 0
  world.flushed.length = 0
  return world
}

describe('after a gap', () => {
  const gaps: [string, (world: FeedWorld) => void | Promise<void>][] = [
    ['a socket drop', ({ supabase }) => supabase.current.tell('CHANNEL_ERROR')],
    ['a join that timed out', ({ supabase }) => supabase.current.tell('TIMED_OUT')],
    ['a system error', ({ supabase }) => supabase.current.system('error')],
    ['a rejoin nobody announced', () => undefined],
    [
      'an expired token',
      async ({ supabase }) => {
        supabase.current.system('error', 'Token has expired', 'system')
        supabase.current.tell('CLOSED')
        await advance(2_000)
      },
    ],
    [
      'stop() and initialize()',
      async ({ realtime, join }) => {
        realtime.stop()
        await join()
      },
    ],
  ]
  describe.each<StrategyName>(['debounce', 'batch', 'perKey', 'hybrid', 'direct'])('under %s', (strategy) => {
    it.each(gaps)('by %s, all tables are caught up with once, and what was missed is shown', async (_, gap) => {
      const world = await liveWorld({ strategy })
      await gap(world)
      world.server.write(['goals'])
      world.server.write(['partners'])
      world.supabase.current.goLive()
      await advance(30_000)
      expect(world.server.requests.map(({ queryHash, version }) => [queryHash, version])).toEqual([
        ['["goals"]', 1],
        ['["partners"]', 1],
      ])
    })
  })

  it('that only a repeated system ok tells of, all tables are caught up with once', async () => {
    const world = await liveWorld()
    world.supabase.current.system('ok')
    expect(world.realtime.getStatus()).toBe('live')
    await advance(30_000)
    expect([catchUps(world), world.server.requests.length]).toEqual([1, 2])
  })

  it('the catch-up comes once the feed has been live for 800 ms', async () => {
    const world = await liveWorld({ strategy: 'direct' })
    world.supabase.current.tell('CHANNEL_ERROR')
    await advance(20_000)
    world.supabase.current.goLive()
    await advance(799)
    expect(world.server.requests).toHaveLength(0)
    await advance(1)
    expect(world.server.requests).toHaveLength(2)
  })

  it('flaps make one catch-up: five in 3 s', async () => {
    const world = await liveWorld()
    for (let flap = 0; flap < 5; flap += 1) {
      world.supabase.current.tell('CHANNEL_ERROR')
      await advance(100)
      world.supabase.current.goLive()
      await advance(500)
    }
    await advance(30_000)
    expect([catchUps(world), world.server.requests.length]).toEqual([1, 2])
  })

  it('lost again before the catch-up, and for longer than that waits, it comes once the feed is back', async () => {
    const world = await liveWorld({ strategy: 'direct' })
    world.supabase.current.system('error')
    world.supabase.current.goLive()
    await advance(500)
    world.supabase.current.tell('CHANNEL_ERROR')
    await advance(2_000)
    expect(world.server.requests).toHaveLength(0)
    world.supabase.current.goLive()
    await advance(799)
    expect(world.server.requests).toHaveLength(0)
    await advance(1)
    expect(world.server.requests).toHaveLength(2)
    await advance(30_000)
    expect(world.server.requests).toHaveLength(2)
  })

  it('a later gap is caught up with in its own time, once', async () => {
    const world = await liveWorld({ strategy: 'direct' })
    for (let gap = 1; gap < 4; gap += 1) {
      world.supabase.current.tell('CHANNEL_ERROR')
      await advance(10_000)
      expect(world.server.requests).toHaveLength(2 * gap - 2)
      world.supabase.current.goLive()
      await advance(799)
      expect(world.server.requests).toHaveLength(2 * gap - 2)
      await advance(10_000)
      expect(world.server.requests).toHaveLength(2 * gap)
    }
  })

  it('flaps that do not end are caught up with 5 s after the gap could first be repaired, also while lost', async () => {
    const world = await liveWorld({ strategy: 'direct' })
    world.supabase.current.tell('CHANNEL_ERROR')
    await advance(700)
    let elapsedMs = 0
    while (elapsedMs < 4_900) {
      world.supabase.current.goLive()
      await advance(200)
      world.supabase.current.tell('CHANNEL_ERROR')
      await advance(500)
      elapsedMs += 700
    }
    expect([elapsedMs, world.server.requests.length]).toEqual([4_900, 0])
    await advance(100)
    expect([world.realtime.getStatus(), world.server.requests.length]).toEqual(['interrupted', 2])
    world.supabase.current.goLive()
    await advance(800)
    expect(world.server.requests).toHaveLength(4)
    await advance(30_000)
    expect(world.server.requests).toHaveLength(4)
  })

  it('repeated system oks cannot put the catch-up off for more than 5 s', async () => {
    const world = await liveWorld({ strategy: 'direct' })
    for (let at = 0; at < 5_000; at += 500) {
      world.supabase.current.system('ok')
      await advance(500)
      expect(world.server.requests).toHaveLength(at < 4_500 ? 0 : 2)
    }
    await advance(30_000)
    expect(world.server.requests).toHaveLength(2)
  })

  it('what two tables share is fetched once, also under direct', async () => {
    const keys = () => [['goals', { status: 'open' }], ['partners']]
    const world = await liveWorld({ strategy: 'direct', tables: { goals: { keys }, check_ins: { keys } } })
    world.supabase.current.system('ok')
    await advance(1_500)
    expect(world.server.requests).toHaveLength(1)
  })

  it('stop() before the catch-up leaves it to the next initialize()', async () => {
    const world = await liveWorld()
    world.supabase.current.system('ok')
    world.realtime.stop()
    await advance(30_000)
    expect(world.server.requests).toHaveLength(0)
    await world.join()
    world.supabase.current.goLive()
    await advance(30_000)
    expect([catchUps(world), world.server.requests.length]).toEqual([1, 2])
  })

  it('a stopped coalescer is left alone', async () => {
    const world = await liveWorld()
    world.coalescer.stop()
    world.supabase.current.system('ok')
    await advance(30_000)
    expect([world.errors, world.server.requests]).toEqual([[], []])
  })
})

describe('the first connect', () => {
  it.each([{}, { firstCatchUp: 'markStale' as const }])(
    'marks what was fetched before the feed was live, and fetches none of it',
    async (options) => {
      const { show, showLoaded, join, supabase, server, queryClient } = createFeedWorld(options)
      server.latencyMs = () => 100
      await showLoaded(['goals'])
      await join()
      server.latencyMs = () => 5_000
      show(['partners', 'in flight'])
      await advance(100)
      supabase.current.goLive()
      show(['partners', 'after'])
      await advance(30_000)
      const isStale = (queryKey: string[]) => queryClient.getQueryState(queryKey)?.isInvalidated
      expect([['goals'], ['partners', 'in flight'], ['partners', 'after']].map(isStale)).toEqual([true, true, false])
      expect(server.requests).toHaveLength(3)
    },
  )

  it.each(['refetch', 'default'] as const)(
    'refetches what is on screen and older, once the feed has been live for 800 ms, with %s',
    async (firstCatchUp) => {
      const world = createFeedWorld({ firstCatchUp, strategy: 'direct' })
      world.server.latencyMs = () => 100
      await world.showLoaded(['goals'])
      await world.join()
      world.server.latencyMs = () => 3_000
      world.show(['partners', 'in flight'])
      await advance(100)
      world.supabase.current.goLive()
      world.show(['partners', 'after'])
      await advance(799)
      expect(world.server.requests).toHaveLength(3)
      await advance(1)
      expect(world.server.requestsOf(['goals'])).toHaveLength(2)
      await advance(30_000)
      const counts = [['goals'], ['partners', 'in flight'], ['partners', 'after']].map(
        (key) => world.server.requestsOf(key).length,
      )
      expect([counts, catchUps(world)]).toEqual([[2, 2, 1], 0])
    },
  )

  it('costs nothing for those who wait for live before the first fetch', async () => {
    const world = createFeedWorld({ firstCatchUp: 'default' })
    await world.join()
    world.supabase.current.goLive()
    await world.showLoaded(['goals'])
    await advance(30_000)
    expect(world.server.requests).toHaveLength(1)
  })

  it('refetches also what a patch has cleared of its mark', async () => {
    const world = createFeedWorld({ firstCatchUp: 'default' })
    await world.showLoaded(['goals'])
    await world.join()
    world.supabase.current.goLive()
    await advance(300)
    world.queryClient.setQueryData(['goals'], (goals: unknown) => goals)
    await advance(30_000)
    expect(world.server.requests).toHaveLength(2)
  })

  it('interrupted before the refetch is a gap like any other', async () => {
    const world = createFeedWorld({ firstCatchUp: 'default' })
    await world.showLoaded(['goals'])
    await world.join()
    for (let flap = 0; flap < 4; flap += 1) {
      world.supabase.current.goLive()
      await advance(300)
      world.supabase.current.tell('CHANNEL_ERROR')
    }
    world.supabase.current.goLive()
    await advance(30_000)
    expect([world.server.requests.length, catchUps(world)]).toEqual([2, 1])
  })

  it("does nothing with 'off'; the gaps that follow are caught up with all the same", async () => {
    const { showLoaded, goLive, server, queryClient, flushed, supabase } = createFeedWorld({ firstCatchUp: 'off' })
    await showLoaded(['goals'])
    await goLive()
    await advance(30_000)
    expect([queryClient.getQueryState(['goals'])?.isInvalidated, server.requests.length, flushed]).toEqual([
      false,
      1,
      [],
    ])
    supabase.current.system('ok')
    await advance(30_000)
    expect([flushed.length, server.requests.length]).toEqual([1, 2])
  })

  it('is still the first after joins that failed, and after a mount that did not last', async () => {
    const world = createFeedWorld()
    await world.showLoaded(['goals'])
    await world.join()
    world.supabase.current.tell('CHANNEL_ERROR')
    world.supabase.current.tell('SUBSCRIBED')
    world.realtime.stop()
    await world.goLive()
    await advance(30_000)
    expect([catchUps(world), world.server.requests.length]).toEqual([0, 1])
  })

  it('followed by a gap at once is caught up with like any other', async () => {
    const world = createFeedWorld()
    await world.showLoaded(['goals'])
    await world.join()
    world.supabase.current.goLive()
    world.supabase.current.tell('CHANNEL_ERROR')
    world.supabase.current.goLive()
    await advance(30_000)
    expect([catchUps(world), world.server.requests.length]).toEqual([1, 2])
  })
})

describe('a feed that is attached late', () => {
  it.each([
    [400, 1],
    [401, 2],
  ])('%i ms after the join is caught up with %i times, the second 5 s after that', async (lateMs, times) => {
    const world = await liveWorld({ strategy: 'direct' })
    world.supabase.current.tell('CHANNEL_ERROR')
    world.supabase.current.tell('SUBSCRIBED')
    await advance(lateMs)
    world.supabase.current.system('ok')
    await advance(4_999)
    expect(world.server.requests).toHaveLength(2)
    await advance(1)
    expect(world.server.requests).toHaveLength(2 * times)
    await advance(30_000)
    expect(world.server.requests).toHaveLength(2 * times)
  })

  it('and lost within those 5 s is caught up with as any gap is', async () => {
    const world = await liveWorld({ strategy: 'direct' })
    world.supabase.current.tell('CHANNEL_ERROR')
    world.supabase.current.tell('SUBSCRIBED')
    await advance(1_000)
    world.supabase.current.system('ok')
    await advance(2_000)
    expect(world.server.requests).toHaveLength(2)
    world.supabase.current.tell('CHANNEL_ERROR')
    world.supabase.current.goLive()
    await advance(30_000)
    expect(world.server.requests).toHaveLength(4)
  })
})

describe('backstopMs', () => {
  const sweeps = (world: FeedWorld) => catchUps(world, 'realtime:backstop')

  it('is off by default', async () => {
    const world = await liveWorld()
    await advance(3_600_000)
    expect(world.server.requests).toHaveLength(0)
  })

  it('repairs within its time what the feed has dropped silently', async () => {
    const world = createFeedWorld({ backstopMs: 60_000, server: new SimulatedServer({ latencyMs: 10 }) })
    const goals = await world.showLoaded(['goals'])
    await world.goLive()
    world.server.write(['goals'])
    await advance(60_000)
    expect([goals.version(), sweeps(world)]).toEqual([1, 1])
    await advance(120_000)
    expect(sweeps(world)).toBe(3)
    world.realtime.stop()
    await advance(600_000)
    expect(sweeps(world)).toBe(3)
  })

  it.each([
    ['hidden', (world: FeedWorld) => world.hide(), (world: FeedWorld) => world.unhide()],
    ['offline', (world: FeedWorld) => world.goOffline(), (world: FeedWorld) => world.goOnline()],
  ])('sweeps not at all while the page is %s, and once on return', async (_, leave, comeBack) => {
    const world = await liveWorld({ backstopMs: 60_000, whenHidden: 'refetch' })
    leave(world)
    await advance(600_000)
    expect([sweeps(world), world.server.requests.length]).toEqual([0, 0])
    comeBack(world)
    await advance(1_000)
    expect(sweeps(world)).toBe(1)
    await advance(60_000)
    expect(sweeps(world)).toBe(2)
  })

  it('does not sweep on return before it is due', async () => {
    const world = await liveWorld({ backstopMs: 60_000 })
    world.hide()
    await advance(1_000)
    world.unhide()
    await advance(30_000)
    expect(sweeps(world)).toBe(0)
    await drain()
  })
})
