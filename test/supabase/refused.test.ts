import { describe, expect, it, vi } from 'vitest'
import type { AnyActorRef, SnapshotFrom } from 'xstate'
import type { connectionMachine } from '../../src/machines/connection.ts'
import { type FeedWorld, createFeedWorld } from '../support/feedWorld.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const keys = () => [['goals']]
const topics = {
  goals: { keys, broadcast: { topic: 'room:1' } },
  partners: { keys, broadcast: { topic: 'room:2' } },
}
const reason = 'Unauthorized: You do not have permissions to read from this Channel topic: room:2'
const refused = (table: string) =>
  `Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect parameters: [event: *, schema: public, table: ${table}, filters: [], select: nil]`

const refuseTopic = ({ supabase }: FeedWorld): void => {
  supabase.of('room:2').tell('CHANNEL_ERROR', new Error(reason))
}

async function worldWithRefusedTopic(): Promise<FeedWorld> {
  const world = createFeedWorld({ tables: topics })
  await world.join()
  world.supabase.of('room:1').goLive()
  refuseTopic(world)
  return world
}

describe('a topic that the server refuses', () => {
  it("is reported with the server's reason, left, and does not hold up the others", async () => {
    const world = await worldWithRefusedTopic()
    expect(world.realtime.getStatus()).toBe('live')
    expect(world.supabase.removed).toEqual([world.supabase.of('room:2')])
    expect(world.messages()).toEqual([
      `The server refuses the channel: ${reason}. It is tried again with a new token, or after 60 s.`,
    ])
  })

  it('is tried again after 60 s and not before, while the others stay as they are', async () => {
    const world = await worldWithRefusedTopic()
    const { statuses, supabase } = world
    statuses.length = 0
    for (let times = 1; times < 4; times += 1) {
      await advance(59_900)
      expect(supabase.opened).toHaveLength(1 + times)
      await advance(200)
      expect(supabase.opened).toHaveLength(2 + times)
      refuseTopic(world)
    }
    await advance(60_000)
    supabase.of('room:2').goLive()
    await advance(60_000)
    expect([statuses, supabase.opened.length, world.realtime.getStatus()]).toEqual([[], 6, 'live'])
  })

  it('is tried again as soon as there is another token', async () => {
    const { supabase } = await worldWithRefusedTopic()
    await advance(5_000)
    supabase.realtime.accessTokenValue = 'another token'
    await advance(1_000)
    expect(supabase.opened).toHaveLength(3)
  })

  it('that is the only one leaves the feed interrupted', async () => {
    const world = createFeedWorld({ tables: { goals: topics.partners } })
    await world.join()
    refuseTopic(world)
    expect(world.realtime.getStatus()).toBe('interrupted')
    await advance(60_000)
    world.supabase.current.goLive()
    expect(world.realtime.getStatus()).toBe('live')
  })

  it('after it was let in is not joined again at once, and caught up with when it is let in again', async () => {
    const world = createFeedWorld({ tables: topics })
    await world.showLoaded(['goals'])
    await world.join()
    for (const channel of [...world.supabase.opened]) channel.goLive()
    await advance(2_000)
    const { length } = world.server.requests
    const lost = 'You do not have permissions to read from this Channel topic: room:2'
    world.supabase.of('room:2').system('error', lost, 'system')
    world.supabase.of('room:2').tell('CLOSED')
    await advance(30_000)
    expect([world.supabase.opened.length, world.realtime.getStatus()]).toEqual([2, 'live'])
    expect(world.messages()[0]).toContain(lost)
    await advance(31_000)
    world.supabase.of('room:2').goLive()
    await advance(30_000)
    expect(world.server.requests).toHaveLength(length + 1)
  })

  it('leaves no gap open that the others have waited with', async () => {
    const world = createFeedWorld({ tables: topics, firstCatchUp: 'default' })
    await world.showLoaded(['goals'])
    await world.join()
    world.supabase.of('room:1').goLive()
    await advance(3_000)
    refuseTopic(world)
    await advance(2_000)
    expect([world.server.requests.length, world.realtime.actor.getSnapshot().value.repair]).toEqual([2, 'intact'])
  })

  it('is left alone after stop()', async () => {
    const world = await worldWithRefusedTopic()
    world.realtime.stop()
    await advance(200_000)
    expect([world.supabase.opened.length, world.supabase.getChannels()]).toEqual([2, []])
  })
})

describe('a table that the server refuses', () => {
  const tables = Object.fromEntries(['goals', 'partners', 'check_ins', 'days', 'moods'].map((name) => [name, { keys }]))
  const bound = ({ supabase }: FeedWorld) => supabase.current.tables.map(({ table }) => table)

  async function worldWithRefusedTable(): Promise<FeedWorld> {
    const world = createFeedWorld({ tables })
    await world.join()
    world.supabase.current.tell('SUBSCRIBED')
    world.supabase.current.system('error', refused('days'))
    await drain()
    return world
  }

  it('leaves the others live after one rejoin, and is reported', async () => {
    const world = await worldWithRefusedTable()
    expect(world.supabase.opened).toHaveLength(2)
    expect(bound(world)).toEqual(['goals', 'partners', 'check_ins', 'moods'])
    world.supabase.current.goLive()
    expect(world.realtime.getStatus()).toBe('live')
    expect(world.messages()).toEqual([expect.stringContaining('table: days')])
  })

  it('is tried again after 60 s on a channel of its own, so that the others stay live', async () => {
    const world = await worldWithRefusedTable()
    world.supabase.current.goLive()
    world.statuses.length = 0
    await advance(61_000)
    expect([world.supabase.opened.length, bound(world)]).toEqual([3, ['days']])
    world.supabase.current.tell('SUBSCRIBED')
    world.supabase.current.system('error', refused('days'))
    await advance(59_000)
    expect(world.supabase.opened).toHaveLength(3)
    await advance(2_000)
    world.supabase.current.goLive()
    expect([world.supabase.opened.length, world.statuses]).toEqual([4, []])
  })

  it('may be one of several', async () => {
    const world = await worldWithRefusedTable()
    world.supabase.current.tell('SUBSCRIBED')
    world.supabase.current.system('error', refused('goals'))
    await drain()
    expect(bound(world)).toEqual(['partners', 'check_ins', 'moods'])
    world.supabase.current.goLive()
    expect(world.realtime.getStatus()).toBe('live')
  })

  it('is asked for with the others again after stop() and initialize()', async () => {
    const world = await worldWithRefusedTable()
    world.realtime.stop()
    await world.join()
    expect(bound(world)).toHaveLength(5)
  })

  it('and is none of ours leaves the channel as it is', async () => {
    const world = createFeedWorld({ tables })
    await world.join()
    world.supabase.current.tell('SUBSCRIBED')
    world.supabase.current.system('error', refused('strangers'))
    await advance(10_000)
    expect([world.supabase.opened.length, world.realtime.getStatus()]).toEqual([1, 'interrupted'])
  })
})

describe('a channel of somebody else on the same client', () => {
  it('that is not let in is told of, once', async () => {
    const world = createFeedWorld()
    Object.assign(world.supabase.channel('chat'), { state: 'errored' })
    Object.assign(world.supabase.channel('cursors'), { state: 'joined' })
    await world.goLive()
    await advance(60_000)
    expect(world.messages()).toEqual([
      "The channel 'chat' of the same client is not let in. Each try holds up all channels of the socket for about 5 s: remove it, or give the service a client of its own.",
    ])
  })

  it('is looked for at the probe and when the socket closes, and by nobody who asks what would happen then', async () => {
    const actors: AnyActorRef[] = []
    const world = createFeedWorld({ inspect: ({ actorRef }) => actors.push(actorRef as AnyActorRef) })
    await world.goLive()
    const looks = vi.spyOn(world.supabase, 'getChannels')
    const connection = actors.find(({ id }) => id === 'db')
    const snapshot = connection?.getSnapshot() as SnapshotFrom<typeof connectionMachine>
    expect(snapshot.can({ type: 'SOCKET_CLOSED' })).toBe(true)
    expect(looks).not.toHaveBeenCalled()
    connection?.send({ type: 'SOCKET_CLOSED' })
    expect(looks).toHaveBeenCalledTimes(1)
    await advance(10_000)
    expect(looks).toHaveBeenCalledTimes(2)
  })

  it("that is let in after a while, or has no socket, is nobody else's affair", async () => {
    const world = createFeedWorld()
    const chat = Object.assign(world.supabase.channel('chat'), { state: 'joining' })
    await world.goLive()
    chat.state = 'joined'
    await advance(60_000)
    world.supabase.realtime.isConnected = () => false
    chat.state = 'errored'
    await advance(5_000)
    expect(world.messages().filter((message) => message.includes('chat'))).toEqual([])
  })
})
