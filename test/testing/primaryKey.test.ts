import fc from 'fast-check'
import {
  type TestApp,
  type TestAppOptions,
  type TestClock,
  type TestFeedChannel,
  arbitraryStorm,
  createTestApp,
  createTestClock,
  createTestServer,
  expectFresh,
  playStorm,
} from 'realtime-coalescer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'

const primaryKey = ['user_id', 'group_id'] as const
const kinds: Readonly<Record<string, Partial<TestAppOptions>>> = {
  postgres_changes: {},
  'a broadcast of rows': { service: { broadcast: { topic: 'memberships' } } },
  'a broadcast of statements': { service: { broadcast: { topic: 'memberships' } }, send: 'statements' },
}

/** An app that is live, over a table whose key has two columns. */
async function start(
  options: Partial<TestAppOptions> = {},
): Promise<{ readonly app: TestApp; readonly clock: TestClock }> {
  const clock = createTestClock()
  const app = createTestApp({
    clock,
    server: { rows: { memberships: [{ user_id: 1, group_id: 1, role: 'owner' }] } },
    tables: {
      memberships: { primaryKey, keys: () => [['memberships']] },
    },
    ...options,
  })
  onTestFinished(() => app.stop())
  await app.start()
  app.show(['memberships'], app.server.query('memberships'))
  await clock.advance(2000)
  return { app, clock }
}

describe.each(Object.entries(kinds))('a table with a key of two columns by %s', (_name, options) => {
  it('has a row for each pair of them, to insert, change and delete', async () => {
    const { app, clock } = await start(options)
    const { server, feed } = app
    feed.commit({ table: 'memberships', row: { user_id: 1, group_id: 2, role: 'member' } })
    feed.commit({ table: 'memberships', row: { user_id: 1, group_id: 2, role: 'owner' } })
    feed.commit({ table: 'memberships', id: { user_id: 1, group_id: 1 } })
    expect(server.writes.map(({ eventType }) => eventType)).toEqual(['INSERT', 'UPDATE', 'DELETE'])
    expect(server.rows('memberships')).toEqual([{ user_id: 1, group_id: 2, role: 'owner' }])
    expect(server.row('memberships', { user_id: 1, group_id: 2 })).toEqual({ user_id: 1, group_id: 2, role: 'owner' })
    expect(server.row('memberships', { user_id: 1, group_id: 1 })).toBeUndefined()
    expect(server.versionOf('memberships', { user_id: 1, group_id: 2 })).toBe(2)
    await clock.advance(2000)
    expectFresh(app)
  })

  it('stays fresh in storms', async () => {
    const storms = arbitraryStorm(fc, {
      tables: ['memberships'],
      primaryKey: { memberships: primaryKey },
      truncates: options.send === undefined && options.service === undefined,
    })
    const stayFresh = fc.asyncProperty(storms, async (storm) => {
      const { app, clock } = await start(options)
      await playStorm(app, clock, storm).finally(() => app.stop())
    })
    await expect(fc.assert(stayFresh, { numRuns: 15 })).resolves.toBeUndefined()
  })
})

it('is what a row that is too large, and a row that is gone, are told of by', async () => {
  const { feed } = (await start()).app
  const told: unknown[] = []
  const channel = feed.supabase.channel('other') as TestFeedChannel
  channel
    .on('postgres_changes', { event: '*', schema: 'public', table: 'memberships' }, (payload) => told.push(payload))
    .subscribe(() => undefined)
  await Promise.resolve()
  feed.commit({ table: 'memberships', row: { user_id: 2, group_id: 1, role: 'member' } }, { truncated: true })
  feed.commit({ table: 'memberships', id: { user_id: 2, group_id: 1 } })
  expect(told).toMatchObject([
    { eventType: 'INSERT', new: { user_id: 2, group_id: 1 }, old: {} },
    { eventType: 'DELETE', new: {}, old: { user_id: 2, group_id: 1 } },
  ])
})

it('is named where a screen is older than a change', async () => {
  const { app } = await start()
  app.feed.commit({ table: 'memberships', row: { user_id: 2, group_id: 7 } })
  expect(() => expectFresh(app)).toThrow('than the INSERT of `memberships` with the user_id 2 and the group_id 7')
})

it('may be one column of another name, of which the value is enough', () => {
  const server = createTestServer({ rows: { pages: [{ slug: 'home' }] }, primaryKey: { pages: ['slug'] } })
  server.put('pages', { slug: 'home', title: 'Home' })
  expect(server.row('pages', 'home')).toEqual({ slug: 'home', title: 'Home' })
  server.remove('pages', { slug: 'home' })
  expect(server.rows('pages')).toEqual([])
  expect(server.writes.map(({ key }) => key)).toEqual([{ slug: 'home' }, { slug: 'home' }])
})

it('is missed where it is missing', () => {
  const rows = { memberships: [{ user_id: 1, group_id: 1 }] }
  const server = createTestServer({ rows, primaryKey: { memberships: primaryKey } })
  expect(() => server.put('memberships', { user_id: 1 })).toThrow(
    'Expected `row` to be a row of memberships with `user_id` and `group_id`, got {"user_id":1} (object). Give it the column `group_id`.',
  )
  expect(() => server.remove('memberships', 1)).toThrow('an object with `user_id` and `group_id`, got 1')
  expect(() => createTestServer({ rows })).toThrow('a row of memberships with `id`')
  expect(() => createTestServer({ rows, primaryKey: { memberships: [] } })).toThrow('names of columns')
  expect(() => createTestServer({ rows, primaryKey: { members: primaryKey } })).toThrow('keys of memberships')
  expect(server.writes).toEqual([])
})
