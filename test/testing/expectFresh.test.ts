import { InfiniteQueryObserver } from '@tanstack/react-query'
import { type TestTables, createTestApp, createTestClock, expectFresh } from 'realtime-coalescer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'

const reaching: TestTables = { goals: { keys: () => [['goals']] } }
const missing: TestTables = { goals: { keys: () => [['partners']] } }

async function start(tables: TestTables) {
  const clock = createTestClock()
  const app = createTestApp({ clock, tables, server: { rows: { goals: [{ id: 1 }] } } })
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
