import { describe, expect, it, vi } from 'vitest'
import { type FeedWorld, type FeedWorldOptions, changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

async function sweptWorld(options: FeedWorldOptions = {}): Promise<FeedWorld> {
  const world = createFeedWorld({ backstopMs: 60_000, firstCatchUp: 'off', ...options })
  await world.showLoaded(['goals'])
  await world.showLoaded(['partners'])
  await world.goLive()
  return world
}

/** A world whose client shows its socket, as older ones do. */
function worldWithTransport(): { readonly world: FeedWorld; readonly transport: EventTarget } {
  const world = createFeedWorld()
  const transport = new EventTarget()
  Object.assign(world.supabase.realtime, { conn: transport })
  return { world, transport }
}

/** A write that the server keeps to itself. */
const writeSilently = ({ server }: FeedWorld, name = 'goals'): void => server.write([name])
const opened = ({ supabase }: FeedWorld): number => supabase.opened.length
const untilAfterSweep = (): Promise<void> => advance(64_000)

describe('a sweep that brings changed data', () => {
  it('which the feed told nothing of has the channel opened anew, once, after a delay', async () => {
    const world = await sweptWorld()
    const [first] = world.supabase.opened
    writeSilently(world)
    await advance(60_000)
    expect([opened(world), world.realtime.getStatus()]).toEqual([1, 'live'])
    await advance(2_000)
    expect([world.realtime.getStatus(), world.supabase.removed]).toEqual(['interrupted', [first]])
    expect(world.messages()).toEqual([
      'A sweep has brought changes that the feed told nothing of. A new channel will be opened.',
    ])
    await advance(1_300)
    expect(opened(world)).toBe(2)
    world.supabase.current.goLive()
    await advance(600_000)
    expect([opened(world), world.realtime.getStatus()]).toEqual([2, 'live'])
  })

  it('does so at each sweep that finds the feed dead', async () => {
    const world = await sweptWorld()
    for (let sweep = 2; sweep < 5; sweep += 1) {
      writeSilently(world)
      await untilAfterSweep()
      expect(opened(world)).toBe(sweep)
      world.supabase.current.goLive()
      // What the gap has missed is caught up with.
      await advance(2_000)
    }
  })

  it('is judged also if the next sweep comes before that', async () => {
    const world = await sweptWorld({ backstopMs: 1_000 })
    writeSilently(world)
    await advance(6_000)
    expect(opened(world)).toBe(2)
  })

  it('is no reason if it brings what is there already', async () => {
    const world = await sweptWorld()
    await advance(600_000)
    expect([opened(world), world.messages()]).toEqual([1, []])
  })

  it.each([
    ['just before it', 59_950, 0],
    ['just after it', 59_950, 500],
  ])('is no reason if the feed tells of it %s', async (_, writtenAtMs, delayMs) => {
    const world = await sweptWorld()
    // The world has been live for 1.5 s.
    await advance(writtenAtMs - 1_500)
    writeSilently(world)
    await advance(delayMs)
    world.supabase.current.change(changeOf('UPDATE'))
    await advance(10_000)
    expect([opened(world), world.messages()]).toEqual([1, []])
  })

  it('is no reason where the app has written since the last answer, until the server has answered again', async () => {
    const world = await sweptWorld()
    world.queryClient.setQueryData(['goals'], 'optimistic')
    await untilAfterSweep()
    expect([opened(world), world.messages()]).toEqual([1, []])
    writeSilently(world)
    await untilAfterSweep()
    expect(opened(world)).toBe(2)
  })

  it('is a reason if the feed has told of another table only', async () => {
    const world = await sweptWorld()
    writeSilently(world)
    await advance(58_000)
    world.supabase.current.change(changeOf('UPDATE', { table: 'partners' }), 1)
    await advance(10_000)
    expect(opened(world)).toBe(2)
  })

  it('is no reason to open a channel that is not live', async () => {
    const world = await sweptWorld()
    writeSilently(world)
    await advance(58_000)
    world.supabase.current.tell('CHANNEL_ERROR')
    await advance(8_000)
    expect([opened(world), world.supabase.removed]).toEqual([1, []])
  })

  it('after stop() is none of its business', async () => {
    const world = await sweptWorld()
    writeSilently(world)
    await advance(59_500)
    world.realtime.stop()
    await advance(60_000)
    world.coalescer.stop()
    expect([opened(world), world.messages(), vi.getTimerCount()]).toEqual([1, [], 0])
  })

  it('has all channels opened anew', async () => {
    const world = createFeedWorld({
      backstopMs: 60_000,
      firstCatchUp: 'off',
      tables: {
        goals: { keys: () => [['goals']] },
        partners: { keys: () => [['partners']], broadcast: { topic: 'a' } },
      },
    })
    await world.showLoaded(['goals'])
    await world.join()
    for (const channel of [...world.supabase.opened]) channel.goLive()
    await advance(1_500)
    writeSilently(world)
    await untilAfterSweep()
    expect(opened(world)).toBe(4)
  })
})

describe('a channel that the client has lost', () => {
  it('without a word is opened anew', async () => {
    const world = createFeedWorld()
    await world.goLive()
    Object.assign(world.supabase.current, { state: 'closed' })
    await advance(11_300)
    expect([opened(world), world.realtime.getStatus()]).toEqual([2, 'connecting'])
    expect(world.messages()[0]).toContain('no longer has the channel joined')
  })

  it('with the socket, and says nothing of it, ends live at once', async () => {
    const { world, transport } = worldWithTransport()
    await world.goLive()
    Object.assign(world.supabase.current, { state: 'closed' })
    transport.dispatchEvent(new Event('close'))
    expect([world.realtime.getStatus(), world.supabase.removed.length]).toEqual(['interrupted', 1])
    await advance(1_300)
    expect([opened(world), world.realtime.getStatus()]).toEqual([2, 'connecting'])
    world.supabase.current.goLive()
    transport.dispatchEvent(new Event('close'))
    expect(world.realtime.getStatus()).toBe('live')
  })

  it('with the socket before the feed was attached is not waited for', async () => {
    const { world, transport } = worldWithTransport()
    await world.join()
    world.supabase.current.tell('SUBSCRIBED')
    Object.assign(world.supabase.current, { state: 'closed' })
    transport.dispatchEvent(new Event('close'))
    await advance(1_300)
    expect(opened(world)).toBe(2)
  })

  it('and joins again by itself is the one that stays', async () => {
    const { world, transport } = worldWithTransport()
    await world.goLive()
    world.supabase.current.tell('CHANNEL_ERROR')
    Object.assign(world.supabase.current, { state: 'errored' })
    transport.dispatchEvent(new Event('close'))
    await advance(20_000)
    world.supabase.current.goLive()
    expect([opened(world), world.realtime.getStatus()]).toEqual([1, 'live'])
  })

  it('and goes on listing is not handed out again', async () => {
    const world = createFeedWorld()
    const { supabase } = world
    await world.goLive()
    // As clients up to 2.95 do after `disconnect()`: the channel is leaving for ever.
    supabase.removeChannel = (channel) => {
      Object.assign(channel, { state: 'leaving' })
      return Promise.resolve('ok')
    }
    Object.assign(supabase.realtime, { _remove: ({ topic }: { topic: string }) => supabase.drop(topic) })
    Object.assign(supabase.current, { state: 'closed' })
    await advance(11_300)
    expect([opened(world), supabase.current.isSubscribed]).toEqual([2, true])
    supabase.current.goLive()
    expect(world.realtime.getStatus()).toBe('live')
  })
})
