import { QueryClient } from '@tanstack/react-query'
import fc from 'fast-check'
import { debounce } from 'realtime-coalescer'
import {
  type TestCommit,
  arbitraryFaults,
  arbitraryStorm,
  checkKeys,
  coalescerMachines,
  createTestApp,
  createTestClock,
  createTestFeed,
  createTestServer,
  expectFresh,
  playStorm,
  printStorm,
} from 'realtime-coalescer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'

const keys = () => [['goals']]
const tables = { goals: { keys } }
const rows = { goals: [{ id: 1 }] }

/** As JavaScript without types calls it. */
const call = (fn: unknown, ...args: readonly unknown[]): unknown =>
  (fn as (...args: readonly unknown[]) => unknown)(...args)

const server = () => createTestServer({ rows })
const feed = () => createTestFeed(server())

describe('the kit refuses', () => {
  it.each<[string, () => unknown, string]>([
    ['an app without options', () => call(createTestApp), 'an object { server, tables, … }, got undefined'],
    ['an app without a server', () => call(createTestApp, { tables }), '`server` to be a test server, or its options'],
    [
      'an app with tables in a list',
      () => call(createTestApp, { server: { rows }, tables: [] }),
      '`tables` to be an object',
    ],
    ['an app without rows', () => call(createTestApp, { server: {}, tables }), '`rows` to be an object with something'],
    [
      'an app with a null table',
      () => call(createTestApp, { server: { rows }, tables: { goals: null } }),
      'tables.goals',
    ],
    [
      'an app with a bad service',
      () => call(createTestApp, { server: { rows }, tables, service: 5 }),
      '`service` to be',
    ],
    [
      'an app with bad `send`',
      () => call(createTestApp, { server: { rows }, tables, send: 'x' }),
      '`send` to be one of',
    ],
    ['a server without options', () => call(createTestServer), 'the options of createTestServer()'],
    ['an unknown option', () => call(createTestServer, { rows, latency: 5 }), "got one more, 'latency'. Leave it out."],
    [
      'rows that are no list',
      () => call(createTestServer, { rows: { goals: {} } }),
      '`rows.goals` to be a list of rows',
    ],
    [
      'a row that is null',
      () => call(createTestServer, { rows: { goals: [null] } }),
      '`row` to be a row of goals with `id`',
    ],
    ['a row twice', () => call(createTestServer, { rows: { goals: [{ id: 1 }, { id: 1 }] } }), 'each has its own `id`'],
    ['latency that is none', () => (server().latencyMs = NaN), '`latencyMs` to be from 0'],
    ['`fails` that is none', () => ((server() as { fails: unknown }).fails = true), '`fails` to be a function'],
    ['an answer that is none', () => call(server().query, ['goals'], 'x'), '`answer` to be a function'],
    ['no answer from several tables', () => call(server().query, ['goals', 'goals']), '`answer` to be a function'],
    ['a feed without a server', () => call(createTestFeed), '`server` to be a test server'],
    [
      'a topic of no table',
      () => call(createTestFeed, server(), { topics: { gaols: 'x' } }),
      "topics of goals, got 'gaols'",
    ],
    ['a schema that is none', () => call(createTestFeed, server(), { schema: 4 }), '`schema` to be a name'],
    ['a commit of nothing', () => call(feed().commit), 'either { table, row } or { table, id }, got undefined'],
    ['a commit without a row', () => call(feed().commit, { table: 'goals' }), 'either { table, row } or { table, id }'],
    ['a commit of both', () => call(feed().commit, { table: 'goals', row: { id: 1 }, id: 1 }), 'either { table, row }'],
    [
      'a key that is null',
      () => call(feed().commit, { table: 'goals', row: { id: null } }),
      'a row of goals with `id`',
    ],
    ['no times', () => call(feed().commit, { table: 'goals', id: 1 }, { times: NaN }), '`times` to be a whole number'],
    ['a delivery of no kind', () => call(feed().commit, { table: 'goals', id: 1 }, { truncate: true }), "'truncate'"],
    ['to pick by what is none', () => call(feed().release, 'x'), '`pick` to be a function'],
    ['to check no keys', () => call(checkKeys), 'the options of checkKeys()'],
    [
      'reads that are no list',
      () => call(checkKeys, { tables, reads: {} }),
      '`reads` to be a list of { queryKey, reads }',
    ],
    ['a handler without catchUp', () => call(checkKeys, { tables: { goals: { handle: keys } }, reads: [] }), 'catchUp'],
    ['a storm without options', () => call(arbitraryStorm, fc), 'the options of arbitraryStorm()'],
    ['a length that is none', () => arbitraryStorm(fc, { tables: ['goals'], maxLength: NaN }), '`maxLength` to be'],
    ['a gap that is none', () => arbitraryFaults(fc, { maxGapMs: -1 }), '`maxGapMs` to be from 0'],
    [
      'rows of no table',
      () => arbitraryStorm(fc, { tables: ['goals'], rows: { gaols: fc.constant({}) } }),
      "got 'gaols'",
    ],
    [
      'what is refusable in a word',
      () => call(arbitraryFaults, fc, { refusable: 'goals' }),
      '`refusable` to be a list',
    ],
    [
      'a strategy named as a chart',
      () => coalescerMachines({ feed: debounce }),
      "none of the other charts, got 'feed'",
    ],
    ['to look at no app', () => call(expectFresh), '`app` to be a test app'],
  ])('%s', (_name, act, message) => {
    expect(act).toThrow(message)
    expect(act).toThrow(/^Expected/)
  })
})

describe('traces', () => {
  const step = { afterMs: 0, do: 'drop' }
  const commit = { afterMs: 0, do: 'commit', table: 'goals', row: { id: 1 } }

  it.each<[string, readonly unknown[], string]>([
    ['a step that is in no list', [step], '`traces[0]` to be a list of steps'],
    ['nothing for a trace', [[step], undefined], '`traces[1]` to be a list of steps, got undefined'],
    ['nothing for a step', [[step, null]], '`traces[0][1]` to be a step { afterMs, do, … }'],
    ['no action', [[{ afterMs: 0 }]], "`traces[0][0].do` to be one of 'commit'"],
    ['an action there is none of', [[{ afterMs: 0, do: 'comit' }]], "got 'comit'. Pass one of those names."],
    ['no time', [[{ do: 'drop' }]], '`traces[0][0].afterMs` to be a number of milliseconds'],
    ['a time that is none', [[{ ...step, afterMs: NaN }]], '`traces[0][0].afterMs` to be from 0'],
    ['a time before the last step', [[{ ...step, afterMs: -1 }]], '`traces[0][0].afterMs` to be from 0'],
    ['a field there is none of', [[{ ...step, atMs: 5 }]], "{ afterMs, do }, got one more, 'atMs'. Leave it out."],
    ['a commit without a table', [[{ ...commit, table: undefined }]], '`traces[0][0].table` to be a name'],
    ['a commit without a row', [[{ ...commit, row: undefined }]], '`traces[0][0].row` to be a row'],
    ['a row in a list', [[{ ...commit, row: [] }]], '`traces[0][0].row` to be a row'],
    ['a word for truncated', [[{ ...commit, truncated: 'yes' }]], '`traces[0][0].truncated` to be true or false'],
    ['nobody to remove', [[{ afterMs: 0, do: 'remove', table: 'goals' }]], '`traces[0][0].id` to be the id of a row'],
    ['nothing to refuse', [[{ afterMs: 0, do: 'refuse' }]], '`traces[0][0].name` to be a name'],
    ['one change for several', [[{ afterMs: 0, do: 'transaction', changes: commit }]], '`traces[0][0].changes` to be'],
    [
      'a change without a row',
      [[{ afterMs: 0, do: 'transaction', changes: [{ table: 'goals' }] }]],
      '`traces[0][0].changes[0].row` to be a row',
    ],
  ])('are neither printed nor played with %s', async (_name, traces, message) => {
    const clock = createTestClock()
    const app = createTestApp({ server: { rows: { goals: [] } }, tables, clock })
    onTestFinished(() => app.stop())
    expect(() => call(printStorm, ...traces)).toThrow(message)
    await expect(call(playStorm, app, clock, ...traces, [commit])).rejects.toThrow(message)
    expect(app.server.writes).toEqual([])
  })

  it.each<[string, object, string]>([
    ['a table the server has not', { ...commit, table: 'gaols' }, "`table` to be one of goals, got 'gaols'"],
    ['a row without its key', { ...commit, row: {} }, 'an object with `id`'],
    ['a key that is null', { afterMs: 0, do: 'remove', table: 'goals', id: null }, 'an object with `id`'],
  ])('are not played with %s', async (_name, step, message) => {
    const clock = createTestClock()
    const app = createTestApp({ server: { rows: { goals: [] } }, tables, clock })
    onTestFinished(() => app.stop())
    await expect(call(playStorm, app, clock, [commit, step])).rejects.toThrow(message)
    expect(app.server.writes).toEqual([])
  })

  it('are played over an app with a feed and its clock', async () => {
    const app = createTestApp({ server: { rows: { goals: [] } } })
    onTestFinished(() => app.stop())
    await expect(call(playStorm, app, createTestClock())).rejects.toThrow('`app` to be a test app with a feed')
    const whole = createTestApp({ server: { rows: { goals: [] } }, tables })
    onTestFinished(() => whole.stop())
    await expect(call(playStorm, whole)).rejects.toThrow('`clock` to be a test clock')
  })
})

it('a table whose keys need a change is named', () => {
  const needy = { goals: { keys: (change: unknown) => [[(change as { new: { id: number } }).new.id]] } }
  const act = () => call(checkKeys, { tables: needy, reads: [{ queryKey: ['goals'], reads: ['goals'] }] })
  expect(act).toThrow('Expected `tables.goals.keys` to give its keys without a change too')
})

it('a transaction is written whole or not at all', () => {
  const one = createTestServer({ rows: { goals: [{ id: 1 }, { id: 2 }] } })
  const changes: TestCommit[] = [
    { table: 'goals', row: { id: 1, done: true } },
    { table: 'goals', id: 2 },
    { table: 'goals', row: { id: 3 } },
  ]
  const scripted = createTestFeed(one)
  expect(() => scripted.transaction([...changes, { table: 'gaols', id: 1 }])).toThrow("got 'gaols'")
  expect(one.rows('goals')).toEqual([{ id: 1 }, { id: 2 }])
  expect(one.writes).toEqual([])
  expect(scripted.hasTold).toBe(false)
  expect(one.transaction(changes).map(({ eventType, version }) => [eventType, version])).toEqual([
    ['UPDATE', 1],
    ['DELETE', 2],
    ['INSERT', 3],
  ])
  expect(one.rows('goals')).toEqual([{ id: 1, done: true }, { id: 3 }])
})

it('an app that cannot be made leaves no coalescer behind', () => {
  const queryClient = new QueryClient()
  const warnings: string[] = []
  const onWarning = (message: string): void => void warnings.push(message)
  expect(() => createTestApp({ queryClient, server: { rows }, tables: {}, onWarning })).toThrow('at least one table')
  const app = createTestApp({ queryClient, server: { rows }, tables, onWarning })
  onTestFinished(() => app.stop())
  expect(warnings).toEqual([])
})

it('an app that has stopped is not started again, and shows nothing more', async () => {
  const app = createTestApp({ server: { rows }, tables })
  app.stop()
  await expect(app.start()).rejects.toThrow('got start() after stop(). Create another one.')
  expect(() => app.show(['goals'], app.server.query('goals'))).toThrow('got show() after stop()')
})
