import { focusManager, onlineManager } from '@tanstack/react-query'
import { type TableOptions, createRealtimeService } from 'realtime-coalescer/supabase'
import { describe, expect, it, vi } from 'vitest'
import { type InspectionEvent, SimulatedClock } from 'xstate'
import type { FakeSupabase } from '../support/fakeSupabase.ts'
import { changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

describe('the feed is live', () => {
  it('from the system ok of postgres_changes on, not from SUBSCRIBED', async () => {
    const { supabase, join, realtime, statuses } = createFeedWorld()
    expect(realtime.getStatus()).toBe('idle')
    await join()
    supabase.current.tell('SUBSCRIBED')
    supabase.current.system('ok', 'Server requested disconnect', 'system')
    await advance(10_000)
    expect(realtime.getStatus()).toBe('attaching')
    supabase.current.system('ok')
    expect(statuses).toEqual(['connecting', 'attaching', 'live'])
  })

  it.each([
    ['the first join', undefined],
    ['a later one', 'CHANNEL_ERROR'],
  ] as const)('also when the system ok of %s comes before SUBSCRIBED', async (_, loss) => {
    const { supabase, join, realtime, statuses } = createFeedWorld()
    await join()
    if (loss) {
      supabase.current.goLive()
      supabase.current.tell(loss)
    }
    statuses.length = 0
    supabase.current.system('ok')
    supabase.current.tell('SUBSCRIBED')
    await advance(60_000)
    expect([statuses, supabase.opened.length]).toEqual([['live'], 1])
    supabase.current.tell('SUBSCRIBED')
    expect(realtime.getStatus()).toBe('attaching')
  })

  it('not by a system ok of a join that was not answered in time', async () => {
    const { supabase, join, realtime } = createFeedWorld()
    await join()
    supabase.current.tell('TIMED_OUT')
    supabase.current.system('ok')
    supabase.current.tell('SUBSCRIBED')
    expect(realtime.getStatus()).toBe('attaching')
  })

  it('not by a system ok that a system error has followed', async () => {
    const { supabase, join, realtime } = createFeedWorld()
    await join()
    supabase.current.system('ok')
    supabase.current.system('error')
    supabase.current.tell('SUBSCRIBED')
    expect(realtime.getStatus()).toBe('attaching')
  })

  it('not after a system error, which is reported; the server may still attach it', async () => {
    const { supabase, join, realtime, messages } = createFeedWorld()
    await join()
    supabase.current.tell('SUBSCRIBED')
    supabase.current.system('error', 'Unable to subscribe to changes')
    expect(realtime.getStatus()).toBe('interrupted')
    expect(messages()).toEqual(['The server reported: Unable to subscribe to changes'])
    supabase.current.system('ok')
    expect(realtime.getStatus()).toBe('live')
  })

  it('no longer after a system error', async () => {
    const { supabase, goLive, realtime } = createFeedWorld()
    await goLive()
    supabase.current.system('error', 'Subscription lost')
    expect(realtime.getStatus()).toBe('interrupted')
  })

  it.each(['CHANNEL_ERROR', 'TIMED_OUT', 'CLOSED'] as const)(
    'no longer after %s, which is reported',
    async (status) => {
      const { supabase, goLive, realtime, messages } = createFeedWorld()
      await goLive()
      supabase.current.tell(status, new Error('socket closed: 1006'))
      expect(realtime.getStatus()).toBe('interrupted')
      expect(messages()).toEqual([
        {
          CHANNEL_ERROR: 'The channel failed: socket closed: 1006',
          TIMED_OUT: 'The server did not answer the join.',
          CLOSED: 'The channel is closed: the server closed it. A new one will be opened.',
        }[status],
      ])
    },
  )

  it('no longer after an error without a reason, which is reported all the same', async () => {
    const { supabase, goLive, messages } = createFeedWorld()
    await goLive()
    supabase.current.tell('CHANNEL_ERROR')
    expect(messages()).toEqual(['The channel failed: no reason'])
  })

  it('no longer while a channel joins anew', async () => {
    const { supabase, goLive, realtime, statuses } = createFeedWorld()
    await goLive()
    statuses.length = 0
    supabase.current.tell('CHANNEL_ERROR')
    supabase.current.tell('SUBSCRIBED')
    expect(realtime.getStatus()).toBe('attaching')
    supabase.current.system('ok')
    expect(statuses).toEqual(['interrupted', 'attaching', 'live'])
  })
})

describe('a channel that the client joins again by itself', () => {
  it.each(['CHANNEL_ERROR', 'TIMED_OUT'] as const)('is kept after %s, for 30 s at most', async (status) => {
    const { supabase, join, messages, realtime } = createFeedWorld()
    await join()
    const [first] = supabase.opened
    await advance(20_000)
    first?.tell(status, new Error('no'))
    await advance(29_999)
    expect([supabase.opened.length, supabase.removed.length]).toEqual([1, 0])
    await advance(1_300)
    expect([supabase.opened.length, supabase.removed]).toEqual([2, [first]])
    expect(messages().at(-1)).toBe('The channel was not joined within 30000 ms. A new one will be opened.')
    supabase.current.goLive()
    expect(realtime.getStatus()).toBe('live')
  })

  it('is replaced also if its first join comes to nothing', async () => {
    const { supabase, join } = createFeedWorld()
    await join()
    await advance(31_300)
    expect([supabase.opened.length, supabase.removed.length]).toEqual([2, 1])
  })
})

describe('a channel that the server closed', () => {
  it('is replaced after 1, 2, 5, 10, 30, 30 s, each up to a quarter longer', async () => {
    const { supabase, join } = createFeedWorld()
    await join()
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    for (const delayMs of [1_000, 2_000, 5_000, 10_000, 30_000, 30_000]) {
      const { length } = supabase.opened
      supabase.current.tell('CLOSED')
      await advance(1.24 * delayMs)
      expect(supabase.opened).toHaveLength(length)
      await advance(0.02 * delayMs)
      expect(supabase.opened).toHaveLength(length + 1)
    }
    vi.mocked(Math.random).mockReturnValue(0)
    supabase.current.goLive()
    supabase.current.tell('CLOSED')
    await advance(999)
    expect(supabase.opened).toHaveLength(7)
    await advance(1)
    expect(supabase.opened).toHaveLength(8)
    vi.restoreAllMocks()
  })

  it('is replaced at once when the page wakes: nobody waits for half a minute after coming back online', async () => {
    const { supabase, goLive, realtime } = createFeedWorld()
    await goLive()
    for (let attempt = 0; attempt < 4; attempt += 1) {
      supabase.current.tell('CLOSED')
      await advance(13_000)
    }
    supabase.current.tell('CLOSED')
    const { length } = supabase.opened
    onlineManager.setOnline(false)
    await advance(5_000)
    expect(supabase.opened).toHaveLength(length)
    onlineManager.setOnline(true)
    await drain()
    expect(supabase.opened).toHaveLength(length + 1)
    supabase.current.goLive()
    expect(realtime.getStatus()).toBe('live')
    await advance(60_000)
    expect(supabase.opened).toHaveLength(length + 1)
  })

  it('is not removed, which would drop the new one of the same name, but its timers end', async () => {
    const { supabase, goLive, realtime } = createFeedWorld()
    await goLive()
    const [closed] = supabase.opened
    closed?.tell('CLOSED')
    await advance(2_000)
    supabase.current.goLive()
    expect(supabase.removed).toEqual([])
    expect(supabase.getChannels()).toEqual([supabase.current])
    expect([closed?.isTornDown, supabase.current === closed, realtime.getStatus()]).toEqual([true, false, 'live'])
  })

  it('is no longer listened to', async () => {
    const { supabase, goLive, realtime, coalescer } = createFeedWorld()
    await goLive()
    const closed = supabase.current
    closed.tell('CLOSED')
    closed.goLive()
    expect(realtime.getStatus()).toBe('interrupted')
    await advance(2_000)
    supabase.current.goLive()
    await advance(1_000)
    const { eventsReceived } = coalescer.getSnapshot().stats
    for (const status of ['CHANNEL_ERROR', 'TIMED_OUT', 'CLOSED', 'SUBSCRIBED'] as const) {
      closed.tell(status)
      closed.system('error')
      closed.change(changeOf('INSERT'))
    }
    expect(realtime.getStatus()).toBe('live')
    expect([supabase.opened.length, coalescer.getSnapshot().stats.eventsReceived]).toEqual([2, eventsReceived])
  })

  it('may tell why only afterwards, which is reported', async () => {
    const { supabase, join, messages, realtime } = createFeedWorld()
    await join()
    const mismatch = 'mismatch between server and client bindings for postgres changes'
    supabase.current.tell('CLOSED')
    supabase.current.tell('CHANNEL_ERROR', new Error(mismatch))
    expect(messages().at(-1)).toBe(`The channel failed: ${mismatch}`)
    await advance(2_000)
    expect([supabase.opened.length, realtime.getStatus()]).toEqual([2, 'connecting'])
  })

  it('after its token expired tells why, and the new one joins with the new token', async () => {
    const { supabase, goLive, messages } = createFeedWorld()
    await goLive()
    supabase.findToken = () => Promise.resolve('renewed token')
    supabase.current.system('error', 'Token has expired 1 seconds ago', 'system')
    supabase.current.tell('CLOSED')
    await advance(2_000)
    expect(messages()[0]).toBe('The server reported: Token has expired 1 seconds ago')
    expect(supabase.current.joinedWith).toBe('renewed token')
  })
})

describe('a channel whose feed never attaches', () => {
  it.each([
    ['without a word', () => undefined],
    [
      'after a system error',
      (supabase: { current: { system(status: 'error'): void } }) => supabase.current.system('error'),
    ],
  ])('is replaced after 30 s, %s', async (_, then) => {
    const { supabase, join, messages } = createFeedWorld()
    await join()
    const [unattached] = supabase.opened
    unattached?.tell('SUBSCRIBED')
    then(supabase)
    await advance(29_000)
    expect(supabase.opened).toHaveLength(1)
    await advance(3_000)
    expect(messages().at(-1)).toBe('The feed was not attached within 30000 ms. A new channel will be opened.')
    expect(supabase.removed).toEqual([unattached])
    expect(supabase.getChannels()).toEqual([supabase.opened[1]])
  })
})

describe('stop', () => {
  it('removes our channel and no other, and that does not loop', async () => {
    const { supabase, goLive, realtime, statuses } = createFeedWorld()
    const others = supabase.channel('chat')
    await goLive()
    const ours = supabase.current
    realtime.stop()
    realtime.stop()
    await advance(120_000)
    expect(supabase.removed).toEqual([ours])
    expect(supabase.getChannels()).toEqual([others])
    expect(statuses).toEqual(['connecting', 'attaching', 'live', 'closed'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends a feed in any state without leaving a timer or a channel', async () => {
    const states = {
      idle: () => undefined,
      connecting: ({ realtime, queryClient }) => realtime.initialize(queryClient),
      attaching: async ({ join, supabase }) => {
        await join()
        supabase.current.tell('SUBSCRIBED')
      },
      rejoining: async ({ goLive, supabase }) => {
        await goLive()
        supabase.current.tell('CHANNEL_ERROR')
      },
      reopening: async ({ goLive, supabase }) => {
        await goLive()
        supabase.current.tell('CLOSED')
      },
      settling: async ({ goLive, supabase }) => {
        await goLive()
        supabase.current.system('ok')
      },
    } satisfies Record<string, (world: ReturnType<typeof createFeedWorld>) => void | Promise<void>>
    for (const [name, enter] of Object.entries(states)) {
      const world = createFeedWorld({ backstopMs: 60_000, mounted: false })
      await enter(world)
      world.realtime.stop()
      world.coalescer.stop()
      await drain()
      const hasListeners = focusManager.hasListeners() || onlineManager.hasListeners()
      expect([name, world.supabase.getChannels(), vi.getTimerCount(), hasListeners]).toEqual([name, [], 0, false])
      expect(world.realtime.getStatus()).toBe(name === 'idle' ? 'idle' : 'closed')
    }
  })

  it('ignores what the channel says afterwards', async () => {
    const { supabase, goLive, realtime, errors, coalescer } = createFeedWorld()
    await goLive()
    const channel = supabase.current
    realtime.stop()
    const { eventsReceived } = coalescer.getSnapshot().stats
    channel.goLive()
    channel.tell('CHANNEL_ERROR', new Error('late'))
    channel.change(changeOf('INSERT'))
    expect([realtime.getStatus(), coalescer.getSnapshot().stats.eventsReceived, errors]).toEqual([
      'closed',
      eventsReceived,
      [],
    ])
  })

  it('is followed by a new join after initialize(), also in one go', async () => {
    const { supabase, goLive, join, realtime } = createFeedWorld()
    await goLive()
    const old = supabase.current
    realtime.stop()
    await join()
    expect(supabase.opened).toHaveLength(2)
    expect(supabase.getChannels()).toEqual([supabase.current])
    old.tell('CHANNEL_ERROR')
    supabase.current.goLive()
    expect(realtime.getStatus()).toBe('live')
  })

  it.each([
    [
      'the channel is left',
      (supabase: FakeSupabase, done: Promise<void>) => {
        supabase.removeChannel = async (channel) => {
          supabase.drop(channel.topic)
          await done
          return 'ok'
        }
      },
    ],
    [
      'the socket is closed',
      ({ realtime: socket }: FakeSupabase, done: Promise<void>) => {
        let isClosing = true
        void done.then(() => (isClosing = false))
        socket.isDisconnecting = () => isClosing
      },
    ],
  ] as const)('is followed by a new join only when %s, or after a second', async (_, arrange) => {
    for (const [doneAfterMs, openedAfterMs] of [
      [100, 120],
      [Infinity, 1_000],
    ] as const) {
      const { supabase, goLive, join, realtime } = createFeedWorld()
      await goLive()
      arrange(
        supabase,
        new Promise((done) => {
          if (doneAfterMs < Infinity) setTimeout(done, doneAfterMs)
        }),
      )
      realtime.stop()
      await join()
      await advance(openedAfterMs - 21)
      expect(supabase.opened).toHaveLength(1)
      await advance(42)
      expect(supabase.opened).toHaveLength(2)
      realtime.stop()
      await advance(60_000)
    }
  })

  it('shows in the chart that changes are missed from then on', async () => {
    const { goLive, realtime } = createFeedWorld({ backstopMs: 60_000 })
    await goLive()
    expect(realtime.actor.getSnapshot().value).toEqual({
      link: 'live',
      repair: 'intact',
      recheck: 'unneeded',
      backstop: { on: 'waiting' },
    })
    realtime.stop()
    expect(realtime.actor.getSnapshot().value).toEqual({
      link: 'closed',
      repair: 'broken',
      recheck: 'unneeded',
      backstop: 'off',
    })
  })

  it('shows in the chart what a loss leaves open, until the feed has caught up', async () => {
    const { goLive, realtime, supabase } = createFeedWorld()
    await goLive()
    const repair = (): unknown => (realtime.actor.getSnapshot().value as { repair: unknown }).repair
    for (const loss of ['SUBSCRIBED', 'CHANNEL_ERROR', 'TIMED_OUT', 'system error', 'CLOSED'] as const) {
      if (loss === 'system error') supabase.current.system('error')
      else supabase.current.tell(loss)
      const lost = repair()
      if (loss === 'CLOSED') await advance(2_000)
      supabase.current.goLive()
      const back = repair()
      await advance(1_500)
      expect([loss, lost, back, repair()]).toEqual([loss, 'broken', 'settling', 'intact'])
    }
  })

  it('survives a client that cannot remove the channel', async () => {
    const { supabase, goLive, realtime, messages } = createFeedWorld()
    await goLive()
    supabase.removeChannel = () => Promise.reject(new Error('no'))
    realtime.stop()
    await drain()
    expect([realtime.getStatus(), messages()]).toEqual(['closed', ['The channel could not be removed.']])
  })
})

describe('initialize', () => {
  it('joins one channel, however often it is called', async () => {
    const { supabase, realtime, queryClient, goLive } = createFeedWorld()
    realtime.initialize(queryClient)
    realtime.initialize(queryClient)
    await goLive()
    realtime.initialize(queryClient)
    supabase.current.tell('CHANNEL_ERROR')
    realtime.initialize(queryClient)
    await drain()
    expect(supabase.opened).toHaveLength(1)
  })

  it('joins one channel when a component mounts, unmounts and mounts in one go', async () => {
    const { supabase, realtime, queryClient } = createFeedWorld()
    realtime.initialize(queryClient)
    realtime.stop()
    realtime.initialize(queryClient)
    await drain()
    expect([supabase.opened.length, realtime.getStatus()]).toEqual([1, 'connecting'])
  })

  it('gives the coalescer its query client, if it has none', async () => {
    const world = createFeedWorld({ queryClient: undefined })
    expect(() => world.coalescer.scheduleInvalidate(['goals'])).toThrow('Expected a query client')
    await world.showLoaded(['goals'])
    world.realtime.initialize(world.queryClient)
    world.coalescer.scheduleInvalidate(['goals'])
    await advance(1_000)
    expect(world.server.requestsOf(['goals'])).toHaveLength(2)
  })

  it('needs no query client if the coalescer has one', async () => {
    const { supabase, realtime } = createFeedWorld()
    realtime.initialize()
    await drain()
    expect([supabase.opened.length, realtime.getStatus()]).toEqual([1, 'connecting'])
  })

  it.each([{}, null])('throws a TypeError for a query client that is none, %j, and changes nothing', (none) => {
    const { realtime } = createFeedWorld()
    expect(() => realtime.initialize(none as never)).toThrow(TypeError)
    expect(realtime.getStatus()).toBe('idle')
  })

  it('throws a TypeError without a query client while the coalescer has none', () => {
    const { realtime } = createFeedWorld({ queryClient: undefined })
    expect(() => realtime.initialize()).toThrow('Expected `queryClient` to be a QueryClient of TanStack Query')
    expect(realtime.getStatus()).toBe('idle')
  })

  it('does not throw once the coalescer is stopped', async () => {
    const { coalescer, goLive, realtime } = createFeedWorld({ queryClient: undefined })
    coalescer.stop()
    await goLive()
    expect(realtime.getStatus()).toBe('live')
  })

  it("leaves somebody else's channel of the same name alone, and says so until it is gone", async () => {
    const { supabase, join, messages, realtime } = createFeedWorld()
    const others = supabase.channel('db')
    await join()
    expect(realtime.getStatus()).toBe('interrupted')
    expect(messages()[0]).toContain("Expected no other channel 'db' on this client, got one.")
    expect([supabase.getChannels(), supabase.removed]).toEqual([[others], []])
    others.tell('CLOSED')
    await advance(2_000)
    expect([supabase.opened.length, realtime.getStatus()]).toEqual([2, 'connecting'])
  })

  it.each(['closed', 'left'] as const)(
    'does not take its own channel that was %s for one of somebody else',
    async (how) => {
      const { supabase, goLive, join, messages, realtime } = createFeedWorld()
      const listed = supabase.opened
      supabase.getChannels = () => listed
      await goLive()
      if (how === 'closed') {
        supabase.current.tell('CLOSED')
        await advance(1_250)
      } else {
        realtime.stop()
        await join()
      }
      expect([supabase.opened.length, realtime.getStatus()]).toEqual([2, 'connecting'])
      expect(messages().filter((message) => message.includes('Expected no other channel'))).toEqual([])
    },
  )

  it('tries again when the client still hands out the channel that was left', async () => {
    const { supabase, goLive, join, realtime } = createFeedWorld()
    await goLive()
    const left = supabase.current
    const channel = supabase.channel.bind(supabase)
    realtime.stop()
    supabase.channel = () => left
    await join()
    expect([realtime.getStatus(), supabase.removed.length]).toEqual(['interrupted', 1])
    supabase.channel = channel
    await advance(1_250)
    expect([supabase.opened.length, realtime.getStatus()]).toEqual([2, 'connecting'])
  })

  it('asks no more of a client than to open, follow and remove a channel', async () => {
    const { coalescer, queryClient, errors } = createFeedWorld()
    const channel = { on: vi.fn<() => void>(), subscribe: vi.fn<() => void>() }
    const supabase = { channel: () => channel, removeChannel: vi.fn<() => void>() }
    const realtime = createRealtimeService({
      supabase,
      coalescer,
      channel: 'db',
      tables: { goals: { keys: () => [['goals']] } },
    })
    realtime.initialize(queryClient)
    await drain()
    expect([channel.on.mock.calls.length, channel.subscribe.mock.calls.length]).toEqual([2, 1])
    realtime.stop()
    await drain()
    expect(supabase.removeChannel.mock.calls).toEqual([[channel]])
    expect(errors).toEqual([])
  })

  it('contains a client that throws', async () => {
    const { supabase, join, messages, realtime } = createFeedWorld()
    const channel = supabase.channel.bind(supabase)
    supabase.channel = () => {
      throw new Error('no socket')
    }
    await join()
    expect(messages()).toEqual(['The channel is closed: no socket. A new one will be opened.'])
    supabase.channel = channel
    await advance(2_000)
    expect([supabase.opened.length, realtime.getStatus()]).toEqual([1, 'connecting'])
  })
})

describe("the user's token", () => {
  it('is known to the client before the first join', async () => {
    const { supabase, join, realtime, queryClient } = createFeedWorld()
    let found: (token: string) => void = () => undefined
    supabase.findToken = () => new Promise((resolve) => (found = resolve))
    realtime.initialize(queryClient)
    await advance(5_000)
    expect(supabase.opened).toHaveLength(0)
    found('late token')
    await join()
    expect(supabase.current.joinedWith).toBe('late token')
  })

  it.each([
    [
      'fails',
      () => Promise.reject(new Error('no session')),
      "The user's token could not be given to the client.",
      'Error: no session',
    ],
    [
      'never comes',
      () => new Promise<never>(() => undefined),
      'The client had no token within 10000 ms; joining without one.',
      'Error: The client had no token within 10000 ms; joining without one.',
    ],
  ])('that %s is reported, and the join goes on without it', async (_, findToken, message, reason) => {
    const { supabase, join, messages, errors } = createFeedWorld()
    supabase.findToken = findToken
    await join()
    await advance(10_000)
    expect(supabase.opened).toHaveLength(1)
    expect(messages()).toEqual([message])
    expect(errors.map(({ error }) => String(error))).toEqual([reason])
  })
})

describe('bindings', () => {
  const handle = () => ({})
  const catchUp = [['goals']]
  it.each([
    ['no filter', {}, [{}]],
    ['a filter on its primary key', { filter: 'id=eq.1' }, [{ filter: 'id=eq.1' }]],
    ['a filter on another column', { filter: 'user_id=eq.7' }, [{ filter: 'user_id=eq.7' }, { event: 'DELETE' }]],
    [
      'a filter on both',
      { filter: 'id=gt.1,status=in.("a,id=b",c)' },
      [{ filter: 'id=gt.1,status=in.("a,id=b",c)' }, { event: 'DELETE' }],
    ],
    [
      'a filter on a primary key of its own',
      { filter: 'user_id=eq.7', primaryKey: ['user_id', 'day'] },
      [{ filter: 'user_id=eq.7' }],
    ],
    [
      'unfilteredUpdates turned on',
      { filter: 'user_id=eq.7', unfilteredUpdates: true },
      [{ filter: 'user_id=eq.7' }, { event: 'DELETE' }, { event: 'UPDATE' }],
    ],
    [
      'a filter that a builder has built, and columns',
      { filter: { build: () => 'id=eq.1' }, select: ['id', 'title'] },
      [{ filter: 'id=eq.1', select: ['id', 'title'] }],
    ],
    [
      'unfilteredDeletes turned off',
      { filter: 'user_id=eq.7', unfilteredDeletes: false },
      [{ filter: 'user_id=eq.7' }],
    ],
  ])('of a table with %s', async (_, rules, bindings) => {
    const { supabase, join } = createFeedWorld({ tables: { goals: { handle, catchUp, ...rules } as TableOptions } })
    await join()
    expect(supabase.current.tables).toEqual(
      bindings.map((binding) => ({ event: '*', schema: 'public', table: 'goals', ...binding })),
    )
  })
})

describe('a table of another schema', () => {
  it('is named with it, listened to, and kept apart from one of the same name', async () => {
    const { supabase, goLive, showLoaded, server } = createFeedWorld({
      tables: { goals: { keys: () => [['goals']] }, 'audit.goals': { keys: () => [['audit']] } },
    })
    await showLoaded(['goals'])
    await showLoaded(['audit'])
    await goLive()
    expect(supabase.current.tables.map(({ schema, table }) => `${schema}.${table}`)).toEqual([
      'public.goals',
      'audit.goals',
    ])
    supabase.current.change(changeOf('INSERT', { schema: 'audit' }), 1)
    await advance(1_000)
    expect([server.requestsOf(['goals']).length, server.requestsOf(['audit']).length]).toEqual([1, 2])
  })
})

describe('the config of the channel', () => {
  const channelConfig = { private: true, presence: { key: '7' } }

  it('reaches it', async () => {
    const { supabase, join } = createFeedWorld({ channelConfig })
    await join()
    expect(supabase.current.params.config).toEqual(channelConfig)
  })

  it('is that of a channel the app has made, which is joined, and replaced once it is dead', async () => {
    const world = createFeedWorld()
    const made = world.supabase.channel('own', { config: channelConfig })
    const realtime = createRealtimeService({
      supabase: world.supabase,
      coalescer: world.coalescer,
      channel: made,
      tables: { goals: { keys: () => [['goals']] } },
    })
    realtime.initialize(world.queryClient)
    await drain()
    made.goLive()
    expect([realtime.getStatus(), made.tables.length, world.supabase.opened.length]).toEqual(['live', 1, 1])
    made.tell('CLOSED')
    await advance(2_000)
    expect(world.supabase.current).not.toBe(made)
    expect([world.supabase.current.topic, world.supabase.current.params.config]).toEqual([
      'realtime:own',
      channelConfig,
    ])
    realtime.stop()
  })
})

describe('the status', () => {
  it('is told to each listener until it unsubscribes, and a throwing one disturbs nobody', async () => {
    const { realtime, goLive, statuses, errors } = createFeedWorld()
    const unsubscribe = realtime.subscribe(() => {
      throw new Error('a bug')
    })
    const later = vi.fn<() => void>()
    realtime.subscribe(later)
    await goLive()
    expect(statuses).toEqual(['connecting', 'attaching', 'live'])
    expect(later).toHaveBeenCalledTimes(3)
    expect(errors.map(({ info }) => info.type)).toEqual(Array(3).fill('listenerFailed'))
    unsubscribe()
    realtime.stop()
    expect([errors.length, later.mock.calls.length]).toEqual([3, 4])
  })

  it('has listeners that are functions', () => {
    const { realtime } = createFeedWorld()
    expect(() => realtime.subscribe(7 as never)).toThrow(TypeError)
    expect(() => realtime.subscribe(7 as never)).toThrow('Expected `listener` to be a function, got 7')
  })
})

describe('the connection machine', () => {
  it("runs on the coalescer's clock and shows itself to the coalescer's inspector", async () => {
    const clock = new SimulatedClock()
    const events: InspectionEvent[] = []
    const { supabase, goLive } = createFeedWorld({ clock, inspect: (event) => events.push(event) })
    await goLive()
    supabase.current.tell('CLOSED')
    await advance(60_000)
    expect(supabase.opened).toHaveLength(1)
    clock.increment(2_000)
    await drain()
    expect(supabase.opened).toHaveLength(2)
    const types = events.flatMap((event) => (event.type === '@xstate.event' ? [event.event.type] : []))
    expect(types).toEqual(expect.arrayContaining(['INITIALIZE', 'SUBSCRIBED', 'SYSTEM_OK', 'CLOSED', 'LIVE', 'LOST']))
  })
})
