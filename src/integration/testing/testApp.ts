import { QueryClient, type QueryKey, QueryObserver } from '@tanstack/react-query'
import type { Coalescer } from '../query/coalescer.ts'
import { createCoalescer } from '../query/createCoalescer.ts'
import type { CoalescerOptions } from '../query/options.ts'
import { type RealtimeService, createRealtimeService } from '../supabase/createRealtimeService.ts'
import type { RealtimeServiceOptions } from '../supabase/options.ts'
import type { TestTables } from './checkKeys.ts'
import { type TestFeed, createTestFeed } from './testFeed.ts'
import type { TestPrimaryKeys } from './tableRows.ts'
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

/** What a realtime service takes beside what a test app brings. */
export type TestServiceOptions = Omit<RealtimeServiceOptions, 'supabase' | 'coalescer' | 'channel' | 'tables'>

/** A server, a feed, and the real client, coalescer and service over them. */
export interface TestApp {
  readonly server: TestServer
  readonly feed: TestFeed
  readonly queryClient: QueryClient
  readonly coalescer: Coalescer
  readonly realtime: RealtimeService
  readonly tables: TestTables
  /** Mounts a query, as a component would; returns what unmounts it. */
  show(queryKey: QueryKey, queryFn: ReturnType<TestServer['query']>): () => void
  /** Joins the feed; resolves when it is live. */
  start(): Promise<void>
  /** Ends everything, without a flush. */
  stop(): void
}

/** The primary keys that the tables name, of those that the server has. */
function primaryKeysOf(tables: TestTables, { rows }: TestServerOptions): TestPrimaryKeys {
  const named = Object.entries(tables).filter(([table, { primaryKey }]) => rows[table] && primaryKey)
  return Object.fromEntries(named.map(([table, { primaryKey }]) => [table, primaryKey ?? []]))
}

/** The topics that tables come through, by table. */
function topicsOf(tables: TestTables, service: TestServiceOptions): Record<string, string> {
  const named = Object.entries(tables).map(([table, { broadcast = service.broadcast }]) => [
    table,
    broadcast === false ? undefined : broadcast?.topic,
  ])
  return Object.fromEntries(named.filter(([, topic]) => topic !== undefined)) as Record<string, string>
}

/**
 * Ties an app together on a simulated server and a scripted feed. Queries count as fresh for ever unless the
 * `queryClient` you pass says otherwise, so that only mounts and the coalescer fetch.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createTestApp({ tables, server: given, service = {}, send, ...options }: TestAppOptions): TestApp {
  const server =
    'requests' in given
      ? given
      : createTestServer({
          clock: options.clock,
          ...given,
          primaryKey: { ...primaryKeysOf(tables, given), ...given.primaryKey },
        })
  const feed = createTestFeed(server, { topics: topicsOf(tables, service), send, schema: service.schema })
  const queryClient =
    options.queryClient ??
    new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } } })
  const coalescer = createCoalescer({ ...options, queryClient })
  const realtime = createRealtimeService({ channel: 'test', ...service, supabase: feed.supabase, coalescer, tables })
  const unmounts = new Set<() => void>()
  return {
    server,
    feed,
    queryClient,
    coalescer,
    realtime,
    tables,
    show(queryKey, queryFn) {
      const unsubscribe = new QueryObserver(queryClient, { queryKey, queryFn }).subscribe(() => undefined)
      const unmount = (): void => {
        unmounts.delete(unmount)
        unsubscribe()
      }
      unmounts.add(unmount)
      return unmount
    },
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
      coalescer.stop({ pending: 'drop' })
      for (const unmount of unmounts) unmount()
      queryClient.clear()
    },
  }
}
