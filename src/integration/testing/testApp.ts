import { QueryClient, type QueryFunctionContext, type QueryKey } from '@tanstack/react-query'
import { expectFunction, expectQueryKey, failType } from '../../actions/validate.ts'
import type { Coalescer } from '../query/coalescer.ts'
import { createCoalescer } from '../query/createCoalescer.ts'
import type { CoalescerOptions } from '../query/options.ts'
import { createRealtimeService } from '../supabase/createRealtimeService.ts'
import type { RealtimeService } from '../supabase/createRealtimeServiceWith.ts'
import type { RealtimeServiceOptions } from '../supabase/options.ts'
import type { TestTables } from './checkKeys.ts'
import { expectByTable } from './expectations.ts'
import { type TestFeed, createTestFeed } from './testFeed.ts'
import type { TestPrimaryKeys } from './tableRows.ts'
import { type TestScreen, type TestScreenOptions, createTestScreens } from './testScreens.ts'
import { type TestServer, type TestServerOptions, createTestServer } from './testServer.ts'

export interface TestAppOptions extends CoalescerOptions {
  /** The tables, as the app gives them to `createRealtimeService`. */
  readonly tables: TestTables
  /** The server, or the rows it starts with. */
  readonly server: TestServer | TestServerOptions
  /** The rest of what the app gives to `createRealtimeService`: `broadcast`, `schema`, `messages`, and so on. */
  readonly service?: TestServiceOptions | undefined
  /** What the triggers of broadcast tables send: a message for each row, or one for each statement. @default 'rows' */
  readonly send?: 'rows' | 'statements' | undefined
}

/** What an app without a realtime service is made of. */
export interface TestAppWithoutFeedOptions extends Omit<TestAppOptions, 'tables' | 'service' | 'send'> {
  readonly tables?: undefined
}

/** What a realtime service takes beside what a test app brings. */
export type TestServiceOptions = Omit<RealtimeServiceOptions, 'supabase' | 'coalescer' | 'channel' | 'tables'>

/** A server, and the real client and coalescer over it: an app that learns of changes by other means. */
export interface TestAppWithoutFeed {
  readonly server: TestServer
  readonly queryClient: QueryClient
  readonly coalescer: Coalescer
  /** Mounts a query, as a component would; call what it returns to unmount it. */
  show<Data>(
    queryKey: QueryKey,
    queryFn: (context: QueryFunctionContext) => Data | Promise<Data>,
    options?: TestScreenOptions<Data>,
  ): TestScreen<Data>
  /** Ends everything, without a flush. */
  stop(): void
}

/** A server, a feed, and the real client, coalescer and service over them. */
export interface TestApp extends TestAppWithoutFeed {
  readonly feed: TestFeed
  readonly realtime: RealtimeService
  readonly tables: TestTables
  /** Joins the feed; resolves when it is live. */
  start(): Promise<void>
}

/** The primary keys that the tables name, of those that the server has. */
function primaryKeysOf(tables: TestTables, { rows }: TestServerOptions): TestPrimaryKeys {
  const named = Object.entries(tables).filter(([table, options]) => rows?.[table] && options?.primaryKey)
  return Object.fromEntries(named.map(([table, { primaryKey }]) => [table, primaryKey ?? []]))
}

/** The topics that tables come through, by table. */
function topicsOf(tables: TestTables, service: TestServiceOptions = {}): Record<string, string> {
  const named = Object.entries(tables).map(([table, options]) => {
    const broadcast = options?.broadcast ?? service.broadcast
    return [table, broadcast === false ? undefined : broadcast?.topic]
  })
  return Object.fromEntries(named.filter(([, topic]) => topic !== undefined)) as Record<string, string>
}

function failStopped(call: string): never {
  throw new TypeError(`Expected a running test app, got ${call} after stop(). Create another one.`)
}

/** What comes of `create`; if it throws, the app is not left behind. */
function orStop<T>(app: TestAppWithoutFeed, create: () => T): T {
  try {
    return create()
  } catch (error) {
    app.stop()
    throw error
  }
}

/** The part of an app that no feed is needed for. */
function createAppOn(server: TestServer, options: CoalescerOptions): TestAppWithoutFeed {
  const queryClient =
    options.queryClient ??
    new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } } })
  const coalescer = createCoalescer({ ...options, queryClient })
  const screens = createTestScreens(queryClient)
  let isStopped = false
  return {
    server,
    queryClient,
    coalescer,
    show(queryKey, queryFn, screenOptions) {
      if (isStopped) failStopped('show()')
      expectQueryKey(queryKey)
      expectFunction('queryFn', queryFn)
      return screens.show(queryKey, queryFn, screenOptions)
    },
    stop() {
      isStopped = true
      coalescer.stop({ pending: 'drop' })
      screens.end()
      queryClient.clear()
    },
  }
}

const serverOf = (
  given: TestServer | TestServerOptions,
  { clock }: CoalescerOptions,
  primaryKey: (rows: TestServerOptions) => TestPrimaryKeys,
): TestServer =>
  'requests' in given
    ? given
    : createTestServer({ clock, ...given, primaryKey: { ...primaryKey(given), ...given.primaryKey } })

/**
 * Ties an app together on a simulated server and a scripted feed. Without `tables` it has neither feed nor service: tell
 * its coalescer of what you `put` on the server. Queries count as fresh for ever unless the `queryClient` you pass says
 * otherwise, so that only mounts and the coalescer fetch.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createTestApp(options: TestAppOptions): TestApp
export function createTestApp(options: TestAppWithoutFeedOptions): TestAppWithoutFeed
export function createTestApp(
  all: Omit<TestAppOptions, 'tables'> & { readonly tables?: TestTables | undefined },
): TestApp | TestAppWithoutFeed {
  if (typeof all !== 'object' || all === null) {
    failType('options', 'an object { server, tables, … }', all, 'Pass { server: { rows: { goals: [] } }, tables }.')
  }
  const { tables, server: given, service, send, ...options } = all
  if (typeof given !== 'object' || given === null) {
    failType('server', 'a test server, or its options', given, 'Pass { rows: { goals: [] } }, for instance.')
  }
  if (tables === undefined) {
    if (service !== undefined || send !== undefined) {
      failType('tables', 'the tables of `service` and `send`', tables, 'Pass those of your app, or leave out the rest.')
    }
    return createAppOn(
      serverOf(given, options, () => ({})),
      options,
    )
  }
  expectByTable('tables', tables)
  if (service !== undefined && (typeof service !== 'object' || service === null)) {
    failType('service', 'an object of options', service, 'Pass what your app gives to createRealtimeService().')
  }
  const app = createAppOn(
    serverOf(given, options, (rows) => primaryKeysOf(tables, rows)),
    options,
  )
  const { queryClient, coalescer } = app
  const [feed, realtime] = orStop(app, () => {
    const made = createTestFeed(app.server, { topics: topicsOf(tables, service), send, schema: service?.schema })
    const { supabase } = made
    return [made, createRealtimeService({ channel: 'test', ...service, supabase, coalescer, tables })] as const
  })
  let isStopped = false
  return {
    ...app,
    feed,
    realtime,
    tables,
    async start() {
      if (isStopped) failStopped('start()')
      await new Promise<void>((resolve) => {
        const leave = realtime.subscribe(() => {
          if (realtime.getStatus() !== 'live') return
          leave()
          resolve()
        })
        realtime.initialize(queryClient)
      })
    },
    stop() {
      isStopped = true
      realtime.stop()
      app.stop()
    },
  }
}
