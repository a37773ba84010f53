import { InfiniteQueryObserver, type QueryFunctionContext } from '@tanstack/react-query'
import { type TestRow, type TestTables, createTestApp, createTestClock, expectFresh } from 'realtime-coalescer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'

const reaching: TestTables = { goals: { keys: () => [['goals']] } }
const missing: TestTables = { goals: { keys: () => [['partners']] } }

async function start(tables: TestTables) {
  const clock = createTestClock()
  const app = createTestApp({ clock, tables, server: { rows: { goals: [{ id: 1 }], teams: [] } } })
  onTestFinished(() => app.stop())
  await app.start()
  await clock.advance(2000)
  return { app, clock }
}

const noKey = 'reads `goals`, whose keys do not match it'

describe('expectFresh sees through', () => {
  it('data that was there before the query asked for any', async () => {
    const { app, clock } = await start(missing)
    app.queryClient.setQueryData(['goals'], [{ id: 1 }])
    app.show(['goals'], app.server.query('goals'))
    await clock.advance(0)
    expect(app.server.requests).toEqual([])
    expectFresh(app)
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    await clock.advance(2000)
    expect(() => expectFresh(app)).toThrow(noKey)
  })

  it.each<[string, (ids: readonly number[]) => unknown]>([
    ['a map', (ids) => new Map(ids.map((id) => [id, true]))],
    ['a set', (ids) => new Set(ids)],
    ['an integer without an end', (ids) => ({ sum: ids.map(BigInt).reduce((sum, id) => sum + id) })],
  ])('%s, of which JSON knows nothing', async (_what, of) => {
    const { app, clock } = await start(missing)
    const answer = app.server.query(['goals'], ({ goals = [] }) => of(goals.map(({ id }) => Number(id))))
    app.show(['goals'], answer, { structuralSharing: false })
    await clock.advance(0)
    expectFresh(app)
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    await clock.advance(2000)
    expect(() => expectFresh(app)).toThrow(noKey)
  })

  it('the pages of an infinite query', async () => {
    const { app, clock } = await start(reaching)
    const queryFn = app.server.query(['goals'], ({ goals = [] }, { pageParam }) =>
      goals.slice(Number(pageParam), Number(pageParam) + 2),
    )
    const observer = new InfiniteQueryObserver(app.queryClient, {
      queryKey: ['goals'],
      queryFn,
      initialPageParam: 0,
      getNextPageParam: (_last: unknown, pages: readonly unknown[]) => 2 * pages.length,
    })
    onTestFinished(observer.subscribe(() => undefined))
    await clock.advance(0)
    await observer.fetchNextPage()
    expectFresh(app)
    for (const id of [2, 3]) app.feed.commit({ table: 'goals', row: { id } })
    expect(() => expectFresh(app)).toThrow('is older than the INSERT of `goals` with the id 3')
    await clock.advance(2000)
    expectFresh(app)
    expect(observer.getCurrentResult().data?.pages).toEqual([[{ id: 1 }, { id: 2 }], [{ id: 3 }]])
  })
})

describe('a queryFn that makes something else of what the server answers', () => {
  const ids = (rows: readonly TestRow[]) => rows.map(({ id }) => id)

  it('is fresh once it has asked again, and not before', async () => {
    const { app, clock } = await start(reaching)
    app.server.latencyMs = 100
    const read = app.server.query('goals')
    const screen = app.show(['goals'], async (context) => ids(await read(context)))
    await clock.advance(100)
    expectFresh(app)
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    expect(() => expectFresh(app)).toThrow('is older than the INSERT of `goals` with the id 2: its keys match')
    await clock.advance(2000)
    expectFresh(app)
    expect(screen.observer.getCurrentResult().data).toEqual([1, 2])
  })

  it('is old if its keys are not reached', async () => {
    const { app, clock } = await start(missing)
    const read = app.server.query('goals')
    app.show(['goals'], async (context) => ids(await read(context)))
    await clock.advance(0)
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    await clock.advance(2000)
    expect(() => expectFresh(app)).toThrow(noKey)
  })

  it('is judged by each table it asks for', async () => {
    const { app, clock } = await start({ ...missing, teams: { keys: () => [['goals']] } })
    const [goals, teams] = [app.server.query('goals'), app.server.query('teams')]
    const both = (context: QueryFunctionContext) => Promise.all([goals(context), teams(context)])
    app.show(['goals'], both)
    await clock.advance(0)
    expectFresh(app)
    app.feed.commit({ table: 'teams', row: { id: 7 } })
    await clock.advance(2000)
    expectFresh(app)
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    await clock.advance(2000)
    expect(() => expectFresh(app)).toThrow(noKey)
  })

  it('is not taken for fresh while it has not ended, nor when it has failed', async () => {
    const { app, clock } = await start(reaching)
    const read = app.server.query('goals')
    let after = async (): Promise<void> => undefined
    app.show(
      ['goals'],
      async (context) => {
        const rows = await read(context)
        await after()
        return ids(rows)
      },
      { retry: false },
    )
    await clock.advance(0)
    after = () => new Promise((_, reject) => clock.setTimeout(() => reject(new Error('no rows')), 5000))
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    await clock.advance(2000)
    expect(() => expectFresh(app)).toThrow('`queryFn` has not ended')
    await clock.advance(5000)
    expect(() => expectFresh(app)).toThrow('`queryFn` has failed')
  })

  it('is judged by the first of its pages', async () => {
    const { app, clock } = await start(missing)
    const read = app.server.query('goals')
    const observer = new InfiniteQueryObserver(app.queryClient, {
      queryKey: ['goals'],
      queryFn: async (context) => ids(await read(context)),
      initialPageParam: 0,
      getNextPageParam: (_last: unknown, pages: readonly unknown[]) => pages.length,
    })
    onTestFinished(observer.subscribe(() => undefined))
    await clock.advance(0)
    await observer.fetchNextPage()
    expectFresh(app)
    app.feed.commit({ table: 'goals', row: { id: 2 } })
    await observer.fetchNextPage()
    expect(() => expectFresh(app)).toThrow(noKey)
    await observer.refetch()
    expectFresh(app)
  })
})
