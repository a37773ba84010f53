import {
  type TestAppOptions,
  type TestAppWithoutFeed,
  createTestApp,
  createTestClock,
  expectFresh,
} from 'realtime-coalescer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'

const clock = createTestClock()

function start(): TestAppWithoutFeed {
  const app = createTestApp({
    clock,
    server: { rows: { goals: [{ id: 1, done: false }] }, latencyMs: 100 },
    onError: () => undefined,
  })
  onTestFinished(() => app.stop())
  return app
}

describe('an app without tables', () => {
  it('is fresh once its coalescer has been told of a write, and learns which write was told to nobody', async () => {
    const app = start()
    app.show(['goals'], app.server.query('goals'))
    await clock.advance(100)
    app.server.put('goals', { id: 1, done: true })
    await clock.advance(60_000)
    expect(() => expectFresh(app)).toThrow(
      "`['goals']` is older than the UPDATE of `goals` with the id 1: 0 keys are pending, the query is idle. Schedule a key that matches it after each write of `goals`.",
    )
    app.coalescer.scheduleInvalidate(['goals'])
    await clock.advance(250)
    expectFresh(app)
    expect(app.server.requests.length).toBe(2)
  })

  it('has no feed, and leaves nothing behind', async () => {
    const app = start()
    app.show(['goals'], app.server.query('goals'), { refetchInterval: 1000 })
    expect(Object.keys(app)).toEqual(['server', 'queryClient', 'coalescer', 'show', 'stop'])
    app.stop()
    expect(app.queryClient.getQueryCache().getAll()).toEqual([])
  })

  it('refuses what only a feed can use', () => {
    const server = { rows: { goals: [] } }
    for (const rest of [{ service: { schema: 'app' } }, { send: 'rows' }] as const) {
      expect(() => createTestApp({ server, ...rest } as unknown as TestAppOptions)).toThrow('`tables`')
    }
  })
})

describe('a screen', () => {
  it('shows what a component would, until it is unmounted', async () => {
    const app = start()
    const screen = app.show(
      ['goals', 1],
      app.server.query(['goals'], ({ goals = [] }) => goals[0]?.['done']),
    )
    await clock.advance(100)
    expect(screen.observer.getCurrentResult()).toMatchObject({ data: false, isFetching: false })
    screen()
    app.server.put('goals', { id: 1, done: true })
    app.coalescer.scheduleInvalidate(['goals'])
    await clock.advance(2_000)
    expect(app.server.requests.length).toBe(1)
    expectFresh(app)
  })

  it('takes the options of a query', async () => {
    const app = start()
    const screen = app.show(['goals'], app.server.query('goals'), { enabled: false, initialData: [] })
    app.coalescer.scheduleInvalidate(['goals'])
    await clock.advance(2_000)
    expect(app.server.requests).toEqual([])
    screen.observer.setOptions({ ...screen.observer.options, enabled: true })
    await clock.advance(100)
    expect(screen.observer.getCurrentResult().data).toEqual([{ id: 1, done: false }])
  })
})
