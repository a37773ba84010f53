import { describe, expect, it } from 'vitest'
import { type FeedWorld, type FeedWorldOptions, createFeedWorld } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const keysOf = (name: string) => () => [[name]]
/** One table through `postgres_changes`, two through topics of their own. */
const tables = {
  goals: { keys: keysOf('goals') },
  partners: { keys: keysOf('partners'), broadcast: { topic: 'room:1' } },
  check_ins: { keys: keysOf('check-ins'), broadcast: { topic: 'room:2' } },
}
const names = ['db', 'room:1', 'room:2'] as const

const catchUps = ({ flushed }: FeedWorld): number =>
  flushed.filter(({ keys }) => keys.some(({ sources }) => sources.includes('realtime:catchUp'))).length

async function liveWorld(options: FeedWorldOptions = {}): Promise<FeedWorld> {
  const world = createFeedWorld({ tables, ...options })
  for (const path of ['goals', 'partners', 'check-ins']) await world.showLoaded([path])
  await world.join()
  for (const channel of [...world.supabase.opened]) channel.goLive()
  await advance(1_500)
  world.server.requests.length = 0
  world.flushed.length = 0
  world.statuses.length = 0
  return world
}

const messageOf = (operation: string, table: string, record: object | null, old: object | null = null) => ({
  id: 'c1',
  schema: 'public',
  table,
  operation,
  record,
  old_record: old,
})

describe('tables through broadcast', () => {
  it('come through one private channel for each topic, beside that of postgres_changes', async () => {
    const { supabase, join } = createFeedWorld({ tables })
    await join()
    expect(supabase.opened.map(({ topic, tables, events }) => [topic, tables.length, events])).toEqual([
      ['realtime:db', 1, []],
      ['realtime:room:1', 0, ['*']],
      ['realtime:room:2', 0, ['*']],
    ])
    expect(supabase.of('room:1').params.config).toEqual({ private: true, broadcast: { replication_ready: true } })
  })

  it('share a topic and name the events they want of it, each listened to once', async () => {
    const broadcast = { topic: 'room:1', event: 'INSERT' }
    const { supabase, join } = createFeedWorld({
      tables: {
        goals: { keys: keysOf('goals'), broadcast },
        partners: { keys: keysOf('partners'), broadcast: { ...broadcast, event: 'UPDATE' } },
        check_ins: { keys: keysOf('check-ins'), broadcast },
      },
    })
    await join()
    expect(supabase.opened.map(({ topic, events }) => [topic, events])).toEqual([
      ['realtime:room:1', ['INSERT', 'UPDATE']],
    ])
  })

  it('all come through the topic of the service, but for those that say otherwise', async () => {
    const { supabase, join } = createFeedWorld({
      tables: {
        goals: { keys: keysOf('goals') },
        partners: { keys: keysOf('partners'), broadcast: false },
      },
      broadcast: { topic: 'user:7', private: false },
      channelConfig: { broadcast: { self: true } },
    })
    await join()
    expect(supabase.opened.map(({ topic, params }) => [topic, params.config])).toEqual([
      ['realtime:db', { broadcast: { self: true } }],
      ['realtime:user:7', { private: false, broadcast: { self: true, replication_ready: true } }],
    ])
  })

  it('have their changes handled', async () => {
    const { supabase, server } = await liveWorld()
    supabase.of('room:1').broadcast('INSERT', messageOf('INSERT', 'partners', { id: 1 }))
    await advance(1_000)
    expect(server.requests.map(({ queryHash }) => queryHash)).toEqual(['["partners"]'])
  })
})

describe('the status of several channels', () => {
  it('is live when all are, and that of the one that has come least far until then', async () => {
    const { supabase, join, statuses, realtime } = createFeedWorld({ tables })
    await join()
    supabase.of('db').goLive()
    supabase.of('room:1').goLive()
    expect(realtime.getStatus()).toBe('connecting')
    supabase.of('room:2').tell('SUBSCRIBED')
    expect(realtime.getStatus()).toBe('attaching')
    supabase.of('room:2').system('ok', 'Replication connection established', 'system')
    expect(statuses).toEqual(['connecting', 'attaching', 'live'])
  })

  it.each(names)('is interrupted while %s is lost, whichever of them that is', async (name) => {
    const { supabase, realtime, statuses } = await liveWorld()
    supabase.of(name).tell('CHANNEL_ERROR')
    expect(realtime.getStatus()).toBe('interrupted')
    supabase.of(name).goLive()
    expect(statuses).toEqual(['interrupted', 'attaching', 'live'])
  })

  it('is closed at once by stop(), which leaves them all', async () => {
    const { supabase, realtime, statuses } = await liveWorld()
    realtime.stop()
    expect([statuses, supabase.getChannels()]).toEqual([['closed'], []])
  })

  it('of a topic is live without a word of the server after 2 s, for servers that say none', async () => {
    const { supabase, join, realtime } = createFeedWorld({
      tables: {
        goals: { keys: keysOf('goals'), broadcast: { topic: 'room:1' } },
      },
    })
    await join()
    supabase.current.tell('SUBSCRIBED')
    await advance(1_999)
    expect(realtime.getStatus()).toBe('attaching')
    await advance(1)
    expect(realtime.getStatus()).toBe('live')
  })
})

describe('a gap', () => {
  it('of all channels at once is caught up with once, 800 ms after the last is back', async () => {
    const world = await liveWorld({ strategy: 'direct' })
    for (const name of names) world.supabase.of(name).tell('CHANNEL_ERROR')
    for (const name of names) {
      await advance(600)
      world.supabase.of(name).goLive()
    }
    await advance(799)
    expect(world.server.requests).toHaveLength(0)
    await advance(1)
    expect(world.server.requests.map(({ queryHash }) => queryHash).sort()).toEqual([
      '["check-ins"]',
      '["goals"]',
      '["partners"]',
    ])
    await advance(30_000)
    expect(world.server.requests).toHaveLength(3)
  })

  it('of one is not left open for longer than 5 s by another that does not come back', async () => {
    const world = await liveWorld({ strategy: 'direct' })
    world.supabase.of('room:1').tell('CHANNEL_ERROR')
    world.supabase.of('room:2').tell('CHANNEL_ERROR')
    await advance(2_000)
    world.supabase.of('room:1').goLive()
    await advance(4_999)
    expect(world.server.requests).toHaveLength(0)
    await advance(1)
    expect([world.server.requests.length, world.realtime.getStatus()]).toEqual([3, 'interrupted'])
    world.supabase.of('room:2').goLive()
    await advance(800)
    expect(world.server.requests).toHaveLength(6)
    await advance(30_000)
    expect(world.server.requests).toHaveLength(6)
  })

  it('by flaps of different channels is one', async () => {
    const world = await liveWorld()
    for (let flap = 0; flap < 6; flap += 1) {
      const channel = world.supabase.of(names[flap % 3] as string)
      channel.tell('CHANNEL_ERROR')
      await advance(100)
      channel.goLive()
      await advance(400)
    }
    await advance(30_000)
    expect([catchUps(world), world.server.requests.length]).toEqual([1, 3])
  })

  it('of a topic that only a late word of the server tells of is caught up with', async () => {
    const world = await liveWorld()
    world.supabase.of('room:1').system('ok', 'Replication connection established', 'system')
    await advance(30_000)
    expect(catchUps(world)).toBe(1)
  })

  describe.each(['refetch', 'markStale', 'off'] as const)(
    'of a topic whose server was ready only after it had been taken for live, with firstCatchUp %j,',
    (firstCatchUp) => {
      // Before and after the first catch-up, and much later.
      it.each([2_100, 2_700, 2_900, 10_000, 60_000])('is one more catch-up, at %d ms', async (readyAtMs) => {
        const ready = 'Replication connection established'
        const world = createFeedWorld({
          strategy: 'direct',
          firstCatchUp,
          tables: { partners: { keys: keysOf('partners'), broadcast: { topic: 'room:1' } } },
        })
        await world.showLoaded(['partners'])
        await world.join()
        world.supabase.current.tell('SUBSCRIBED')
        const joinedAtMs = Date.now()
        world.server.requests.length = 0
        await advance(readyAtMs)
        // Lost: the server was not ready.
        world.server.write(['partners'])
        world.supabase.current.system('ok', ready, 'system')
        await advance(30_000)
        const startedAtMs = world.server.requests.map((request) => request.startedAtMs - joinedAtMs)
        const first = firstCatchUp === 'refetch' && readyAtMs > 2_800 ? [2_800] : []
        expect(startedAtMs).toEqual([...first, readyAtMs + 800])
        await advance(120_000)
        expect(world.server.requests).toHaveLength(startedAtMs.length)
      })
    },
  )

  it('on the first connect, of channels that come to life one by one, is caught up with once', async () => {
    const world = createFeedWorld({ tables, firstCatchUp: 'default' })
    await world.showLoaded(['goals'])
    await world.join()
    for (const name of names) {
      world.supabase.of(name).goLive()
      await advance(300)
    }
    await advance(30_000)
    expect([catchUps(world), world.server.requests.length]).toEqual([0, 2])
  })
})
