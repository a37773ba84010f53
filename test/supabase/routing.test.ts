import type { ChangeEffects, ChangeHandler, StrategyName } from 'realtime-coalescer'
import type { TableOptions } from 'realtime-coalescer/supabase'
import { describe, expect, it, vi } from 'vitest'
import { changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const strategies: StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'direct']

/** A world whose `goals` have a handler with these effects, and `['goals', 'all']` to catch up with. */
function worldWith(effects: (change: { new: object }) => ChangeEffects, rules: object = {}, strategy?: StrategyName) {
  const handle = vi.fn<ChangeHandler>(effects)
  const goals = { handle, catchUp: [['goals', 'all']], ...rules } as TableOptions
  return { ...createFeedWorld({ tables: { goals }, ...(strategy && { strategy }) }), handle }
}

describe('a change', () => {
  it("is routed by its own schema and table, whichever binding's callback got it", async () => {
    const { supabase, goLive, showLoaded, server } = createFeedWorld()
    await showLoaded(['goals'])
    await showLoaded(['partners'])
    await goLive()
    supabase.current.change(changeOf('INSERT', { table: 'goals' }), 1)
    await advance(1_000)
    expect([server.requestsOf(['goals']).length, server.requestsOf(['partners']).length]).toEqual([2, 1])
  })

  it.each([
    ['table', { table: 'secrets' }, 'public.secrets'],
    ['schema', { schema: 'private' }, 'private.goals'],
    ['table with the name of a property every object has', { table: 'constructor' }, 'public.constructor'],
  ])('of an unknown %s is reported, and does nothing else', async (_, change, name) => {
    const { supabase, goLive, showLoaded, server, errors, coalescer, messages } = createFeedWorld()
    await showLoaded(['goals'])
    await goLive()
    const { eventsReceived } = coalescer.getSnapshot().stats
    supabase.current.change(changeOf('INSERT', change))
    await advance(1_000)
    expect(messages()).toEqual([
      `Expected a change of one of public.goals, public.partners, got one of ${name}. It is ignored; add the table to \`tables\` to answer it.`,
    ])
    expect(errors).toHaveLength(1)
    expect([server.requests.length, coalescer.getSnapshot().stats.eventsReceived]).toEqual([1, eventsReceived])
  })

  it.each(strategies)('under %s has its handler run once, and its effects applied', async (strategy) => {
    const world = worldWith(
      () => ({ invalidate: [['goals']], refetch: [{ queryKey: ['partners'], type: 'all' }, ['analytics']] }),
      {},
      strategy,
    )
    for (const name of ['goals', 'partners', 'analytics']) await world.showLoaded([name])
    const hidden = await world.showLoaded(['partners', 'unmounted'])
    hidden.unmount()
    await world.goLive()
    world.supabase.current.change(changeOf('UPDATE'))
    await advance(1_000)
    expect(world.handle).toHaveBeenCalledTimes(1)
    const requests = (...queryKey: string[]) => world.server.requestsOf(queryKey).length
    expect([requests('goals'), requests('partners'), requests('partners', 'unmounted'), requests('analytics')]).toEqual(
      [2, 2, 2, 2],
    )
    expect(world.errors).toEqual([])
  })

  it('under direct fetches an invalidated query once, also when its patch has overtaken a running fetch', async () => {
    const patch = { queryKey: ['goals'], update: (old: object | undefined) => old && { ...old } }
    const world = worldWith(() => ({ invalidate: [['goals']], patch: [patch] }), {}, 'direct')
    await world.showLoaded(['goals'])
    await world.goLive()
    const before = world.server.requestsOf(['goals']).length
    for (let n = 0; n < 3; n++) {
      world.supabase.current.change(changeOf('UPDATE', { new: { id: 1, n } }))
      await drain()
    }
    await advance(1_000)
    expect(world.server.requestsOf(['goals']).length - before).toBe(3)
  })

  it.each(strategies)('under %s explains the fetches it leads to', async (strategy) => {
    const { supabase, goLive, showLoaded, flushed } = createFeedWorld({ strategy })
    await showLoaded(['goals'])
    await goLive()
    flushed.length = 0
    supabase.current.change(changeOf('INSERT'))
    await advance(1_000)
    expect(flushed.flatMap(({ keys }) => keys)).toEqual([{ queryKey: ['goals'], events: 1, sources: ['goals:INSERT'] }])
  })

  it.each(strategies)('under %s patches the data, and no older response undoes the patch', async (strategy) => {
    const server = new SimulatedServer({ latencyMs: 400 })
    const handle = () => ({ patch: [{ queryKey: ['goals'], update: () => ({ version: 99 }) }] })
    const { supabase, goLive, show, realtime } = createFeedWorld({
      server,
      strategy,
      tables: { goals: { handle, catchUp: [['goals']] } },
    })
    await goLive()
    const goals = show(['goals'])
    await advance(100)
    server.write(['goals'])
    supabase.current.change(changeOf('UPDATE'))
    await advance(200)
    expect(goals.version()).toBe(99)
    await advance(2_000)
    expect([goals.version(), server.requestsOf(['goals']).length]).toEqual([1, 2])
    expect(realtime.getStatus()).toBe('live')
  })

  it('reaches its handler with the names of the library', async () => {
    const world = worldWith(() => ({}))
    await world.goLive()
    world.supabase.current.change(
      changeOf('UPDATE', { new: { id: 1, title: 'b' }, old: { id: 1 }, commit_timestamp: '2026-11-22T12:08:51.183Z' }),
    )
    expect(world.handle).toHaveBeenCalledExactlyOnceWith({
      schema: 'public',
      table: 'goals',
      eventType: 'UPDATE',
      new: { id: 1, title: 'b' },
      old: { id: 1 },
      commitTimestamp: '2026-11-22T12:08:51.183Z',
      errors: null,
    })
  })

  it('that comes before the feed is live counts', async () => {
    const { supabase, join, showLoaded, server } = createFeedWorld()
    await showLoaded(['goals'])
    await join()
    supabase.current.tell('SUBSCRIBED')
    supabase.current.change(changeOf('INSERT'))
    await advance(1_000)
    expect(server.requestsOf(['goals'])).toHaveLength(2)
  })
})

describe('a change that cannot be trusted', () => {
  const truncated = { new: { id: 1 }, errors: ['Error 413: Payload Too Large'] }
  const withoutRecord = { new: {}, errors: ['Error 401: Unauthorized'], commit_timestamp: null }
  const cases = [
    ['INSERT with errors', changeOf('INSERT', truncated)],
    ['UPDATE with errors', changeOf('UPDATE', truncated)],
    ['INSERT with an error that is in no list', { ...changeOf('INSERT'), errors: 'Error 413: Payload Too Large' }],
    ['DELETE with errors', changeOf('DELETE', { old: { id: 1, title: 'a' }, errors: ['Error 413'] })],
    ['INSERT without a record', changeOf('INSERT', withoutRecord)],
    ['INSERT with an empty record and no errors', changeOf('INSERT', { new: {} })],
    ['UPDATE with an empty record and no errors', changeOf('UPDATE', { new: {} })],
    ['DELETE with only the primary key', changeOf('DELETE')],
    ['DELETE with nothing at all', changeOf('DELETE', { old: {} })],
  ] as const

  describe.each(strategies)('under %s', (strategy) => {
    it.each(cases)('never reaches its handler: %s', async (_, change) => {
      const world = worldWith(
        () => ({ patch: [{ queryKey: ['goals'], update: () => ({ version: 99 }) }] }),
        {},
        strategy,
      )
      const goals = await world.showLoaded(['goals', 'all'])
      await world.goLive()
      world.server.write(['goals'])
      world.supabase.current.change(change)
      await advance(1_000)
      expect(world.handle).not.toHaveBeenCalled()
      expect([goals.version(), world.server.requestsOf(['goals', 'all']).length]).toEqual([1, 2])
    })
  })

  it('has keys() of the short form called without it', async () => {
    const keys = vi.fn<() => string[][]>(() => [['goals']])
    const { supabase, goLive, showLoaded, server } = createFeedWorld({ tables: { goals: { keys } } })
    await showLoaded(['goals'])
    await goLive()
    keys.mockClear()
    supabase.current.change(changeOf('DELETE'))
    await advance(1_000)
    expect(keys.mock.calls).toEqual([[]])
    expect(server.requestsOf(['goals'])).toHaveLength(2)
  })

  it('is handled as a DELETE with only the key where the table says so, but not without its whole key', async () => {
    const world = worldWith(() => ({ invalidate: [['goals', 'one']] }), {
      keyOnlyDeletes: 'handle',
      primaryKey: ['user_id', 'day'],
    })
    await world.goLive()
    world.handle.mockClear()
    world.supabase.current.change(changeOf('DELETE', { old: { user_id: 7, day: '2026-11-22' } }))
    expect(world.handle).toHaveBeenCalledTimes(1)
    world.supabase.current.change(changeOf('DELETE', { old: { user_id: 7 } }))
    world.supabase.current.change(changeOf('DELETE', { old: {} }))
    expect(world.handle).toHaveBeenCalledTimes(1)
  })

  it("is one whose old row has only the table's own primary key", async () => {
    const world = worldWith(() => ({}), { primaryKey: ['user_id', 'day'] })
    await world.goLive()
    world.supabase.current.change(changeOf('DELETE', { old: { user_id: 7, day: '2026-11-22' } }))
    expect(world.handle).not.toHaveBeenCalled()
    world.supabase.current.change(changeOf('DELETE', { old: { id: 1 } }))
    expect(world.handle).not.toHaveBeenCalled()
    world.supabase.current.change(changeOf('DELETE', { old: { user_id: 7, day: '2026-11-22', note: 'full' } }))
    expect(world.handle).toHaveBeenCalledTimes(1)
  })
})

describe('a handler that fails', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic)

  describe.each(strategies)('under %s', (strategy) => {
    it.each([
      [
        'throws',
        () => {
          throw new Error('a bug')
        },
      ],
      ['returns no effects', () => undefined as never],
      ['returns the keys themselves', () => [['goals']] as never],
      ['returns a promise of effects', () => Promise.resolve({ invalidate: [['goals']] }) as never],
      ['returns effects by a wrong name', () => ({ invalidates: [['goals']] }) as never],
      ['returns a key that refers to itself', () => ({ invalidate: [cyclic] })],
    ])('is reported once and loses nothing: %s', async (_, effects) => {
      const world = worldWith(effects, {}, strategy)
      const failures: unknown[] = []
      world.coalescer.on('handlerFailed', (record) => failures.push(record))
      const goals = await world.showLoaded(['goals', 'all'])
      await world.goLive()
      world.server.write(['goals'])
      world.supabase.current.change(changeOf('INSERT'))
      await advance(1_000)
      expect(failures).toHaveLength(1)
      expect(world.errors.map(({ info }) => info.type)).toEqual(['handlerFailed'])
      expect(goals.version()).toBe(1)
    })
  })

  it('is reported for the short form too, also when it fails without a change', async () => {
    const keys = () => {
      throw new Error('a bug')
    }
    const { supabase, goLive, errors } = createFeedWorld({ tables: { goals: { keys } }, firstCatchUp: 'off' })
    await goLive()
    supabase.current.change(changeOf('INSERT'))
    expect(errors.map(({ info }) => info.type)).toEqual(['handlerFailed', 'feedFailed'])
  })

  it('disturbs no other table when a gap is caught up with', async () => {
    const keys = () => {
      throw new Error('a bug')
    }
    const tables = { goals: { keys }, partners: { keys: () => [['partners']] } }
    const { goLive, showLoaded, server, messages } = createFeedWorld({ tables, firstCatchUp: 'refetch' })
    await showLoaded(['partners'])
    await goLive()
    expect(server.requestsOf(['partners'])).toHaveLength(2)
    expect(messages()).toEqual([
      'The catch-up keys of public.goals are unknown: its keys() threw when called without a change.',
    ])
  })
})

describe.each([...strategies, 'adaptive'] as const)('under %s a handler that cancels', (strategy) => {
  const cancelling = () =>
    worldWith(() => ({ cancel: [['goals']], patch: [{ queryKey: ['goals'], update: (old) => old }] }), {}, strategy)

  it('the first load of a query on screen has it loaded again', async () => {
    const world = cancelling()
    world.server.latencyMs = () => 400
    const goals = world.show(['goals'])
    await advance(100)
    world.realtime.handleChange(changeOf('INSERT'))
    await advance(2_000)
    expect(world.server.requestsOf(['goals'])).toHaveLength(2)
    expect(goals.observer.getCurrentResult()).toMatchObject({ status: 'success', fetchStatus: 'idle' })
  })

  it('the fetch with which a stale query has come on screen has it fetched again', async () => {
    const world = cancelling()
    const goals = await world.showLoaded(['goals'])
    goals.unmount()
    world.coalescer.scheduleInvalidate(['goals'])
    await advance(2_000)
    world.server.latencyMs = () => 400
    world.show(['goals'])
    await advance(100)
    world.realtime.handleChange(changeOf('INSERT'))
    await advance(2_000)
    expect(world.server.requestsOf(['goals'])).toHaveLength(3)
    expect(world.queryClient.getQueryState(['goals'])).toMatchObject({ isInvalidated: false, fetchStatus: 'idle' })
  })

  it('a fetch of the app, of data that is not stale, leaves it at that', async () => {
    const world = cancelling()
    const goals = await world.showLoaded(['goals'])
    world.server.latencyMs = () => 400
    void goals.observer.refetch()
    await advance(100)
    world.realtime.handleChange(changeOf('INSERT'))
    await advance(2_000)
    expect(world.server.requestsOf(['goals'])).toHaveLength(2)
  })
})

describe('handleChange', () => {
  it('works before initialize()', async () => {
    const { realtime, showLoaded, server } = createFeedWorld()
    await showLoaded(['goals'])
    realtime.handleChange(changeOf('INSERT'))
    await advance(1_000)
    expect([server.requestsOf(['goals']).length, realtime.getStatus()]).toEqual([2, 'idle'])
  })

  it.each([
    ['nothing', undefined, 'Expected `payload` to be an object'],
    ['null', null, 'Expected `payload` to be an object'],
    ['a string', 'INSERT', 'Expected `payload` to be an object'],
    ['no table', { ...changeOf('INSERT'), table: undefined }, 'Expected `payload.table` to be a name'],
    ['no schema', { ...changeOf('INSERT'), schema: 7 }, 'Expected `payload.schema` to be a name'],
    ['an unknown type', { ...changeOf('INSERT'), eventType: 'TRUNCATE' }, 'Expected `payload.eventType` to be'],
    ['a row that is a list', { ...changeOf('INSERT'), new: [1] }, 'Expected `payload.new` to be a row object'],
    ['an old row that is none', { ...changeOf('UPDATE'), old: 'id' }, 'Expected `payload.old` to be a row object'],
    ['a time that is none', { ...changeOf('UPDATE'), commit_timestamp: 5 }, 'Expected `payload.commit_timestamp`'],
    ['errors that are no messages', { ...changeOf('UPDATE'), errors: 7 }, 'Expected `payload.errors` to be a list'],
  ])('throws a TypeError for %s, and changes nothing', async (_, payload, message) => {
    const { realtime, coalescer } = createFeedWorld()
    expect(() => realtime.handleChange(payload)).toThrow(TypeError)
    expect(() => realtime.handleChange(payload)).toThrow(message)
    await drain()
    expect(coalescer.getSnapshot().stats.eventsReceived).toBe(0)
  })

  it.each(strategies)(
    'under %s reads a payload at the call, so that a feed may write the next change into it',
    async (strategy) => {
      const handle = vi.fn<ChangeHandler>(({ new: row }) => ({ invalidate: [['goals', row['id']]] }))
      const world = createFeedWorld({ strategy, tables: { goals: { handle, catchUp: [['goals']] } } })
      await world.showLoaded(['goals', 1])
      await world.showLoaded(['goals', 2])
      const payload = { ...changeOf('INSERT'), new: { id: 1 } }
      world.realtime.handleChange(payload)
      payload.new.id = 2
      world.realtime.handleChange(payload)
      await advance(1_000)
      expect(handle.mock.calls.map(([change]) => change.new)).toEqual([{ id: 1 }, { id: 2 }])
      expect([1, 2].map((id) => world.server.requestsOf(['goals', id]).length)).toEqual([2, 2])
    },
  )

  it('throws a TypeError without a query client, and works once there is one', async () => {
    const world = createFeedWorld({ queryClient: undefined })
    const change = changeOf('INSERT')
    expect(() => world.realtime.handleChange(change)).toThrow('Expected a query client before handleChange()')
    world.realtime.initialize(world.queryClient)
    world.realtime.handleChange(change)
    expect(world.coalescer.getSnapshot().stats.eventsReceived).toBe(1)
  })

  it('lets nothing escape into the client: a malformed change of the feed is reported', async () => {
    const { supabase, goLive, messages, errors } = createFeedWorld()
    await goLive()
    expect(() => supabase.current.change({ table: 'goals' })).not.toThrow()
    expect(messages()).toEqual(['A change of the feed could not be handled.'])
    expect(errors[0]?.error).toBeInstanceOf(TypeError)
  })

  it('does nothing once the coalescer is stopped', async () => {
    const world = worldWith(() => ({ invalidate: [['goals']] }))
    await world.goLive()
    world.coalescer.stop()
    expect(() => world.realtime.handleChange(changeOf('INSERT'))).not.toThrow()
    expect(() => world.supabase.current.change(changeOf('INSERT'))).not.toThrow()
    world.supabase.current.tell('CHANNEL_ERROR', new Error('gone'))
    world.supabase.current.goLive()
    await advance(10_000)
    expect([world.handle.mock.calls.length, world.realtime.getStatus()]).toEqual([0, 'live'])
    expect(world.errors.map(({ info }) => info)).toEqual([{ type: 'feedFailed', message: 'The channel failed: gone' }])
  })
})
