import {
  type TestApp,
  type TestAppOptions,
  createTestApp,
  createTestClock,
  expectFresh,
} from 'realtime-coalescer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { passesFilter } from '../../src/integration/testing/rowFilter.ts'

const tables: TestAppOptions['tables'] = {
  goals: { keys: () => [['goals']] },
  check_ins: { keys: () => [['check_ins']] },
}

async function start(options: Partial<TestAppOptions> = {}) {
  const clock = createTestClock()
  const problems: string[] = []
  const app = createTestApp({
    clock,
    tables,
    onError: (error) => problems.push(String(error)),
    server: { rows: { goals: [{ id: 1 }], check_ins: [] } },
    ...options,
  })
  onTestFinished(() => app.stop())
  await app.start()
  for (const table of ['goals', 'check_ins']) app.show([table], app.server.query(table))
  await clock.advance(3000)
  return { ...app, app, clock, problems }
}

const requestsOf = ({ server }: TestApp, key: string): number =>
  server.requests.filter(({ queryKey }) => queryKey[0] === key).length

const kinds: Readonly<Record<string, Partial<TestAppOptions>>> = {
  postgres_changes: {},
  'broadcast of rows': { service: { broadcast: { topic: 'db' } } },
  'broadcast of statements': { service: { broadcast: { topic: 'db' } }, send: 'statements' },
  'a topic for one table': { tables: { ...tables, goals: { keys: () => [['goals']], broadcast: { topic: 'goals' } } } },
}

describe.each(Object.entries(kinds))('a feed by %s', (_name, options) => {
  it.each<[string, (app: TestApp, pass: (ms: number) => Promise<void>) => Promise<void> | void]>([
    ['an insert', ({ feed }) => void feed.commit({ table: 'goals', row: { id: 2 } })],
    ['an update', ({ feed }) => void feed.commit({ table: 'goals', row: { id: 1, done: true } })],
    ['a delete', ({ feed }) => void feed.commit({ table: 'goals', id: 1 })],
    ['a duplicate', ({ feed }) => (feed.commit({ table: 'goals', row: { id: 2 } }), feed.duplicate())],
    [
      'a transaction over two tables',
      ({ feed }) =>
        void feed.transaction([
          { table: 'check_ins', row: { id: 1 } },
          { table: 'goals', row: { id: 2 } },
          { table: 'goals', row: { id: 3 } },
        ]),
    ],
    [
      'a gap',
      async ({ feed }, pass) => {
        feed.drop()
        feed.commit({ table: 'goals', row: { id: 2 } })
        await pass(60_000)
        feed.rejoin()
      },
    ],
    [
      'an expired token',
      ({ feed }) => {
        feed.expire()
        feed.commit({ table: 'goals', row: { id: 2 } })
      },
    ],
    [
      'what was under way at a gap',
      ({ feed }) => {
        feed.hold()
        feed.commit({ table: 'goals', row: { id: 2 } })
        feed.drop()
        feed.rejoin()
      },
    ],
  ])('is fresh after %s', async (_what, happen) => {
    const { app, clock } = await start(options)
    await happen(app, (ms) => clock.advance(ms))
    expect(() => expectFresh(app)).toThrow('`goals`')
    await clock.advance(60_000)
    expectFresh(app)
    expect(app.realtime.getStatus()).toBe('live')
  })

  it('costs one request for a burst', async () => {
    const { app, clock } = await start(options)
    const before = requestsOf(app, 'goals')
    for (let id = 2; id < 30; id += 1) app.feed.commit({ table: 'goals', row: { id } })
    await clock.advance(3000)
    expectFresh(app)
    expect(requestsOf(app, 'goals')).toBe(before + 1)
  })
})

describe('what is under way', () => {
  it('arrives after answers that were read later, and costs no more than one request', async () => {
    const { app, clock } = await start()
    app.feed.hold()
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    await clock.advance(3000)
    expect(() => expectFresh(app)).toThrow('with the id 2')
    app.feed.release()
    await clock.advance(3000)
    expectFresh(app)
  })

  it('keeps its order on one channel, and comes in any order from several', async () => {
    const seen: string[] = []
    const noting = (topic: string) => ({
      broadcast: { topic },
      keys: (change?: { new: object }) => (change && seen.push(`${topic} ${(change.new as { id: number }).id}`), []),
    })
    const { feed } = await start({ tables: { goals: noting('a'), check_ins: noting('b') } })
    feed.hold()
    for (const id of [2, 3]) feed.commit({ table: 'goals', row: { id } })
    for (const id of [2, 3]) feed.commit({ table: 'check_ins', row: { id } })
    feed.release((channels) => channels - 1)
    expect(seen).toEqual(['b 2', 'b 3', 'a 2', 'a 3'])
    expect(() => {
      feed.hold()
      feed.commit({ table: 'goals', row: { id: 4 } })
      feed.release(() => 1)
    }).toThrow('an integer from 0 to 0')
  })
})

describe('what is refused', () => {
  const service = { broadcast: { topic: 'db' } }

  it.each<[string, Partial<TestAppOptions>, string]>([
    ['a table', {}, 'goals'],
    [
      'a topic',
      { service, tables: { ...tables, check_ins: { keys: () => [['check_ins']], broadcast: { topic: 'other' } } } },
      'db',
    ],
  ])('%s is reported, holds up nobody, and is caught up with when it is let in', async (_what, options, name) => {
    const { app, clock, problems } = await start(options)
    app.feed.refuse(name)
    app.feed.expire()
    await clock.advance(10_000)
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    app.feed.commit({ table: 'check_ins', row: { id: 2 } })
    await clock.advance(10_000)
    expect(app.realtime.getStatus()).toBe('live')
    expect(() => expectFresh(app)).toThrow(/^(?!.*check_ins).*goals/s)
    expect(problems.join()).toMatch(name === 'db' ? 'topic: db' : 'table: goals')
    app.feed.allow(name)
    await clock.advance(70_000)
    expectFresh(app)
  })

  it('must be a table or a topic there is', async () => {
    const { app } = await start({ service })
    expect(() => app.feed.refuse('partners')).toThrow(/one of goals, check_ins, db\b(?!, db)/)
  })
})

describe('what is not fresh is told with what kept the change', () => {
  const filtered = { ...tables, goals: { keys: () => [['goals']], filter: 'user_id=eq.7' } }

  it.each<[string, Partial<TestAppOptions>, (app: TestApp) => void, string]>([
    ['a table that is refused', {}, ({ feed }) => feed.refuse('goals'), 'the feed refuses `goals`'],
    [
      'a topic that is refused',
      { service: { broadcast: { topic: 'db' } } },
      ({ feed }) => feed.refuse('db'),
      'the feed refuses `db`',
    ],
    ['a feed that holds', {}, ({ feed }) => feed.hold(), 'the feed holds it until `release()`'],
    ['a filter', { tables: filtered }, () => undefined, 'no filter lets it through'],
    [
      'a request that failed',
      {},
      ({ server }) => void (server.fails = () => true),
      'the query is idle after a request that failed.',
    ],
  ])('%s', async (_what, options, hinder, told) => {
    const { app, clock } = await start(options)
    hinder(app)
    if (told.includes('refuses')) {
      app.feed.drop()
      app.feed.rejoin()
      await clock.advance(30_000)
    }
    app.feed.commit({ table: 'goals', row: { id: 2, user_id: 8 } })
    await clock.advance(3000)
    expect(() => expectFresh(app)).toThrow(told)
  })

  it('a write past the feed', async () => {
    const { app, clock } = await start()
    app.server.put('goals', { id: 2 })
    await clock.advance(3000)
    expect(() => expectFresh(app)).toThrow('it was put on the server, but not committed through the feed')
  })

  it('nothing of the kind if the change has come', async () => {
    const { app } = await start()
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    expect(() => expectFresh(app)).toThrow(/its keys match; the feed is live, 1 keys are pending, the query is idle\.$/)
  })
})

describe('a row that is too large', () => {
  const broadcast = { broadcast: { topic: 'db' } }

  it.each<[string, Partial<TestAppOptions>, string]>([
    ['comes with its key through postgres_changes', {}, 'told'],
    ['comes as a statement', { service: broadcast, send: 'statements' }, 'told'],
    ['is never told of by a broadcast of rows', { service: broadcast }, 'its keys match; the feed is live'],
  ])('%s', async (_what, options, outcome) => {
    const { app, clock } = await start(options)
    app.feed.commit({ table: 'goals', row: { id: 2 } }, { truncated: true })
    await clock.advance(3000)
    const seen = await Promise.resolve(app)
      .then(expectFresh)
      .then(
        () => 'told',
        (error: Error) => error.message,
      )
    expect(seen).toContain(outcome)
  })
})

it('replays the messages of a gap to a service that asks for them', async () => {
  const handled: unknown[] = []
  const { app, clock } = await start({
    service: { broadcast: { topic: 'db' }, replay: true },
    tables: {
      ...tables,
      goals: {
        handle: (change) => (handled.push(change.new['id']), { invalidate: [['goals']] }),
        catchUp: [['goals']],
      },
    },
  })
  app.feed.commit({ table: 'goals', row: { id: 2 } })
  app.feed.drop()
  app.feed.commit({ table: 'goals', row: { id: 3 } })
  await clock.advance(5000)
  app.feed.rejoin()
  await clock.advance(5000)
  expect(handled).toEqual([2, 3])
})

it('only brings the columns that a table asks for', async () => {
  const seen: object[] = []
  const { app } = await start({
    tables: { goals: { select: ['done'], handle: (change) => (seen.push(change.new), {}), catchUp: [['goals']] } },
  })
  app.feed.commit({ table: 'goals', row: { id: 2, done: true, title: 'Run' } })
  expect(seen).toEqual([{ id: 2, done: true }])
})

describe('a filter', () => {
  const row = { user_id: 7, status: 'open', note: null }
  it.each<[string, boolean]>([
    ['user_id=eq.7', true],
    ['user_id=eq.8', false],
    ['user_id=neq.8', true],
    ['user_id=gt.6,user_id=lte.7', true],
    ['user_id=lt.7', false],
    ['user_id=gte.10', false],
    ['status=in.(done,open)', true],
    ['status=in.("a,b",done)', false],
    ['note=eq.null', false],
    ['missing=eq.1', false],
  ])('%s', (filter, passes) => {
    expect(passesFilter(filter, row)).toBe(passes)
  })

  it('of another kind is refused', () => {
    expect(() => passesFilter('title=like.a*', row)).toThrow('eq, neq, lt, lte, gt, gte or in')
  })
})
