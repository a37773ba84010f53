import { QueryClient, type QueryFunctionContext, type QueryKey } from '@tanstack/react-query'
import { failType } from '../../actions/validate.ts'
import type { Coalescer } from '../query/coalescer.ts'
import { createCoalescer } from '../query/createCoalescer.ts'
import type { CoalescerOptions } from '../query/options.ts'
import { type RealtimeService, createRealtimeService } from '../supabase/createRealtimeService.ts'
import type { RealtimeServiceOptions } from '../supabase/options.ts'
import type { TestTables } from './checkKeys.ts'
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
  const named = Object.entries(tables).filter(([table, { primaryKey }]) => rows[table] && primaryKey)
  return Object.fromEntries(named.map(([table, { primaryKey }]) => [table, primaryKey ?? []]))
}

/** The topics that tables come through, by table. */
function topicsOf(tables: TestTables, service: TestServiceOptions = {}): Record<string, string> {
  const named = Object.entries(tables).map(([table, { broadcast = service.broadcast }]) => [
    table,
    broadcast === false ? undefined : broadcast?.topic,
  ])
  return Object.fromEntries(named.filter(([, topic]) => topic !== undefined)) as Record<string, string>
}

/** The part of an app that no feed is needed for. */
function createAppOn(server: TestServer, options: CoalescerOptions): TestAppWithoutFeed {
  const queryClient =
    options.queryClient ??
    new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } } })
  const coalescer = createCoalescer({ ...options, queryClient })
  const screens = createTestScreens(queryClient)
  return {
    server,
    queryClient,
    coalescer,
    show: (queryKey, queryFn, screenOptions) => screens.show(queryKey, queryFn, screenOptions),
    stop() {
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
export function createTestApp({
  tables,
  server: given,
  service,
  send,
  ...options
}: Omit<TestAppOptions, 'tables'> & { readonly tables?: TestTables | undefined }): TestApp | TestAppWithoutFeed {
  if (tables === undefined) {
    if (service !== undefined || send !== undefined) {
      failType('tables', 'the tables of `service` and `send`', tables, 'Pass those of your app, or leave out the rest.')
    }
    return createAppOn(
      serverOf(given, options, () => ({})),
      options,
    )
  }
  const app = createAppOn(
    serverOf(given, options, (rows) => primaryKeysOf(tables, rows)),
    options,
  )
  const feed = createTestFeed(app.server, { topics: topicsOf(tables, service), send, schema: service?.schema })
  const { queryClient, coalescer } = app
  const realtime = createRealtimeService({ channel: 'test', ...service, supabase: feed.supabase, coalescer, tables })
  return {
    ...app,
    feed,
    realtime,
    tables,
    start: () =>
      new Promise((resolve) => {
        const leave = realtime.subscribe(() => {
          if (realtime.getStatus() !== 'live') return
          leave()
          resolve()
        })
        realtime.initialize(queryClient)
      }),
    stop() {
      realtime.stop()
      app.stop()
    },
  }
}
