import type { StrategyName } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { type FeedWorld, type FeedWorldOptions, changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const strategies: readonly StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'direct']
const row = {
  id: 7,
  title: 'Run',
  distance: '5.50',
  at: '2026-01-01T10:00:00.5+00:00',
  tags: { a: [1] },
  digest: '\\xbeef',
}
const committed = '2026-01-01T10:00:01.000001Z'
const later = '2026-01-01T10:00:01.000002Z'
/** The row as the feed tells it. */
const told = {
  id: 7,
  title: 'Run',
  distance: 5.5,
  at: '2026-01-01 10:00:00.500+00',
  tags: { a: [1] },
  digest: 'beef',
}
const echo = changeOf('UPDATE', { new: told, commit_timestamp: committed })

/** A world with a live feed, and one query on screen, or those named. */
async function liveWorld(options: FeedWorldOptions, shown: readonly string[] = ['goals']): Promise<FeedWorld> {
  const world = createFeedWorld(options)
  for (const name of shown) await world.showLoaded([name])
  await world.goLive()
  return world
}

/** A world whose list has been written to, and fetched after the response. */
async function writtenWorld(options: FeedWorldOptions = {}): Promise<FeedWorld> {
  const world = await liveWorld(options, ['goals', 'partners'])
  world.server.write(['goals'])
  world.server.write(['partners'])
  world.realtime.own('goals', row)
  world.coalescer.scheduleInvalidate(['goals'])
  world.coalescer.scheduleInvalidate(['partners'])
  await advance(2_000)
  return world
}

const requests = ({ server }: FeedWorld): number => server.requests.length

describe.each(strategies)('the echo of an own write under %s', (strategy) => {
  it('costs no fetch of what was fetched after the response, nor do changes of its commit', async () => {
    const world = await writtenWorld({ strategy })
    world.realtime.handleChange(echo)
    world.realtime.handleChange(changeOf('INSERT', { table: 'partners', new: { id: 1 }, commit_timestamp: committed }))
    await advance(5_000)
    expect(requests(world)).toBe(4)
  })

  it('swallows no change of a later commit', async () => {
    const world = await writtenWorld({ strategy })
    world.realtime.handleChange(echo)
    world.realtime.handleChange(changeOf('UPDATE', { new: told, old: {}, commit_timestamp: later }))
    await advance(5_000)
    expect(requests(world)).toBe(5)
  })

  it('costs a fetch of what was fetched before the response alone', async () => {
    const world = await liveWorld({ strategy })
    world.realtime.own('goals', [row])
    world.realtime.handleChange(echo)
    await advance(5_000)
    expect(requests(world)).toBe(2)
  })

  it('costs a fetch of what could not be fetched after the response', async () => {
    const world = await liveWorld({ strategy })
    world.realtime.own('goals', row)
    world.server.fails = () => true
    world.change(['goals'])
    await advance(2_000)
    world.server.fails = () => false
    world.realtime.handleChange(echo)
    await advance(5_000)
    expect([requests(world), world.queryClient.getQueryData(['goals'])]).toEqual([3, { version: 1 }])
    world.realtime.handleChange(changeOf('INSERT', { new: { id: 1 }, commit_timestamp: committed }))
    await advance(5_000)
    expect(requests(world)).toBe(3)
  })

  it('saves no fetch, as it would have cost none by itself', async () => {
    const world = await liveWorld({ strategy })
    const { fetchesSaved } = world.coalescer.getSnapshot().stats
    world.realtime.own('goals', row)
    world.change(['goals'])
    world.realtime.handleChange(echo)
    await advance(2_000)
    world.realtime.handleChange(changeOf('INSERT', { new: { id: 1 }, commit_timestamp: committed }))
    await advance(2_000)
    expect([requests(world), world.coalescer.getSnapshot().stats.fetchesSaved - fetchesSaved]).toEqual([2, 0])
  })

  it('does not let a fetch pass for newer that the echo has come during', async () => {
    const world = await liveWorld({ strategy })
    world.queryClient.refetchQueries({ queryKey: ['goals'] }).catch(() => undefined)
    await advance(10)
    world.server.write(['goals'])
    world.realtime.own('goals', row)
    world.realtime.handleChange(echo)
    await advance(5_000)
    expect(world.queryClient.getQueryData(['goals'])).toEqual({ version: 1 })
  })

  it('still runs its handler', async () => {
    const seen: unknown[] = []
    const world = await writtenWorld({
      strategy,
      tables: {
        goals: { handle: (change) => (seen.push(change.new), { invalidate: [['goals']] }), catchUp: [['goals']] },
      },
    })
    world.realtime.handleChange(echo)
    await advance(5_000)
    expect([seen, requests(world)]).toEqual([[told], 4])
  })
})

describe.each(strategies.filter((name) => name !== 'direct'))('what comes before the echo under %s', (strategy) => {
  const ofTrigger = changeOf('INSERT', { table: 'partners', new: { id: 1 }, commit_timestamp: committed })

  it('costs no fetch if it is of the same commit, or of one before', async () => {
    const world = await writtenWorld({ strategy })
    const before = changeOf('INSERT', { new: { id: 5 }, commit_timestamp: '2026-01-01T10:00:00Z' })
    for (const change of [before, ofTrigger, echo]) world.realtime.handleChange(change)
    await advance(5_000)
    expect(requests(world)).toBe(4)
  })

  it('costs a fetch if it is of a later commit', async () => {
    const world = await writtenWorld({ strategy })
    for (const change of [ofTrigger, { ...ofTrigger, new: { id: 2 }, commit_timestamp: later }, echo]) {
      world.realtime.handleChange(change)
    }
    await advance(5_000)
    expect(requests(world)).toBe(5)
  })

  it('costs a fetch if the echo does not come before the flush', async () => {
    const world = await writtenWorld({ strategy })
    world.realtime.handleChange(ofTrigger)
    await advance(5_000)
    world.realtime.handleChange(echo)
    await advance(5_000)
    expect(requests(world)).toBe(5)
  })

  it('costs a fetch if the echo of a write that was answered later tells of it, and no fetch has started since', async () => {
    const world = await liveWorld({ strategy }, ['goals', 'partners'])
    world.realtime.own('goals', { id: 1, title: 'never told' })
    world.server.write(['partners'])
    world.realtime.handleChange(ofTrigger)
    world.realtime.own('goals', row)
    world.realtime.handleChange(echo)
    await advance(5_000)
    expect(world.queryClient.getQueryData(['partners'])).toEqual({ version: 1 })
  })

  it('leaves a fetch alone that has started since the response, though a patch is overtaken by it', async () => {
    const world = createFeedWorld({
      strategy,
      tables: {
        goals: { keys: () => [['goals']] },
        partners: {
          handle: () => ({ patch: [{ queryKey: ['partners'], update: (data: object) => ({ ...data }) }] }),
          catchUp: [['partners']],
        },
      },
    })
    await world.showLoaded(['goals'])
    await world.showLoaded(['partners'])
    await world.goLive()
    world.realtime.own('goals', row)
    for (const queryKey of [['goals'], ['partners']]) void world.queryClient.refetchQueries({ queryKey })
    for (const change of [ofTrigger, echo]) world.realtime.handleChange(change)
    await advance(5_000)
    expect(requests(world)).toBe(4)
  })
})

describe('what is no echo', () => {
  it.each([
    ['another row', { new: { ...told, id: 8 } }],
    ['other values', { new: { ...told, title: 'Walk' } }],
    ['a time without its offset', { new: { ...told, at: '2026-01-01 10:00:00.500' } }],
    ['another number', { new: { ...told, distance: 5.51 } }],
    ['other contents', { new: { ...told, tags: { a: [2] } } }],
    ['other bytes', { new: { ...told, digest: 'beee' } }],
    ['nothing but the key', { new: { id: 7 } }],
    ['a change that cannot be trusted', { errors: ['Error 401: Unauthorized'] }],
    ['another table', { table: 'partners' }],
  ])('%s costs a fetch', async (_, change) => {
    const world = await writtenWorld()
    world.realtime.handleChange(changeOf('UPDATE', { new: told, commit_timestamp: committed, ...change }))
    await advance(5_000)
    expect(requests(world)).toBe(5)
  })

  it('a DELETE that carries its key alone costs a fetch', async () => {
    const world = await writtenWorld()
    world.realtime.handleChange(changeOf('DELETE', { old: { id: 7 }, commit_timestamp: committed }))
    await advance(5_000)
    expect(requests(world)).toBe(5)
  })

  it('what looks like the echo after another write to the row costs a fetch', async () => {
    const world = await writtenWorld()
    world.realtime.handleChange(changeOf('UPDATE', { new: { ...told, title: 'Walk' }, commit_timestamp: committed }))
    await advance(5_000)
    world.realtime.handleChange(changeOf('UPDATE', { new: told, commit_timestamp: later }))
    await advance(5_000)
    expect(requests(world)).toBe(6)
  })

  it('a second change like it costs a fetch', async () => {
    const world = await writtenWorld()
    world.realtime.handleChange(echo)
    await advance(5_000)
    world.realtime.handleChange({ ...echo, commit_timestamp: later })
    await advance(5_000)
    expect(requests(world)).toBe(5)
  })

  it('one that comes after 30 seconds costs a fetch', async () => {
    const world = await writtenWorld()
    world.realtime.handleChange(changeOf('INSERT', { new: { id: 1, title: 'x' }, commit_timestamp: null }))
    await advance(2_000)
    const before = requests(world)
    await advance(30_001)
    world.realtime.handleChange(echo)
    await advance(5_000)
    expect(requests(world)).toBe(before + 1)
  })
})

describe('an echo', () => {
  it('with the whole old row is one of a DELETE', async () => {
    const world = await writtenWorld()
    world.realtime.handleChange(changeOf('DELETE', { old: told, commit_timestamp: committed }))
    await advance(5_000)
    expect(requests(world)).toBe(4)
  })

  it('that came before its response tells the commit of the changes that follow', async () => {
    const world = createFeedWorld()
    await world.showLoaded(['goals'])
    await world.showLoaded(['partners'])
    await world.goLive()
    world.realtime.handleChange(echo)
    world.realtime.own('goals', row)
    world.coalescer.scheduleInvalidate(['partners'])
    await advance(2_000)
    expect(requests(world)).toBe(4)
    world.realtime.handleChange(changeOf('INSERT', { table: 'partners', new: { id: 1 }, commit_timestamp: committed }))
    await advance(5_000)
    expect(requests(world)).toBe(4)
  })

  it('without a commit time is known by its row, and covers nothing else', async () => {
    const world = await writtenWorld()
    world.realtime.handleChange({ ...echo, commit_timestamp: null })
    await advance(5_000)
    expect(requests(world)).toBe(4)
    world.realtime.handleChange(changeOf('INSERT', { table: 'partners', new: { id: 1 }, commit_timestamp: committed }))
    await advance(5_000)
    expect(requests(world)).toBe(5)
  })
})

describe('an echo that does not come', () => {
  const opened = ({ supabase }: FeedWorld): number => supabase.opened.length

  it('within 10 seconds has the channel opened anew, once for a table that stays silent', async () => {
    const world = await writtenWorld()
    await advance(8_000)
    expect(opened(world)).toBe(1)
    await advance(4_000)
    expect(opened(world)).toBe(2)
    world.supabase.current.goLive()
    await advance(2_000)
    world.realtime.own('goals', row)
    await advance(20_000)
    expect(opened(world)).toBe(2)
  })

  it('is no reason while the feed tells of the table', async () => {
    const world = await writtenWorld()
    world.realtime.handleChange(changeOf('INSERT', { new: { id: 99, title: 'x' } }))
    await advance(20_000)
    expect(opened(world)).toBe(1)
  })

  it('is no reason if it came before the response', async () => {
    const world = createFeedWorld()
    await world.goLive()
    world.realtime.handleChange(echo)
    world.realtime.own('goals', row)
    await advance(20_000)
    expect(opened(world)).toBe(1)
  })

  it('is forgotten when the feed is interrupted, as what looks like it may be somebody else\u2019s', async () => {
    const world = await writtenWorld()
    world.supabase.current.tell('CHANNEL_ERROR')
    await advance(1)
    world.realtime.handleChange(echo)
    await advance(5_000)
    expect(requests(world)).toBe(5)
  })
})

describe('own()', () => {
  it('takes that a write has returned nothing', () => {
    const { realtime } = createFeedWorld()
    for (const nothing of [null, undefined, []]) expect(() => realtime.own('goals', nothing)).not.toThrow()
  })

  it.each([
    ['nope', row, /Expected `table` to be one of public.goals, public.partners, got 'nope'/],
    ['goals', { title: 'x' }, /Expected `rows` to be rows of public.goals with id, got .*\.select\(\)/],
    ['goals', [row, 3], /Expected `rows`.*got 3 \(number\)/],
  ])('refuses %s with %j, and notes nothing', async (table, rows, message) => {
    const world = createFeedWorld()
    await world.showLoaded(['goals'])
    await world.goLive()
    expect(() => world.realtime.own(table, rows as never)).toThrow(message)
    world.coalescer.scheduleInvalidate(['goals'])
    await advance(2_000)
    world.realtime.handleChange(echo)
    await advance(5_000)
    expect(requests(world)).toBe(3)
  })
})
