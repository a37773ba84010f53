import { QueryClient, type QueryKey, QueryObserver } from '@tanstack/react-query'
import type { Coalescer } from '../query/coalescer.ts'
import { createCoalescer } from '../query/createCoalescer.ts'
import type { CoalescerOptions } from '../query/options.ts'
import { type RealtimeService, createRealtimeService } from '../supabase/createRealtimeService.ts'
import type { TestTables } from './checkKeys.ts'
import { type TestFeed, createTestFeed } from './testFeed.ts'
import { type TestServer, type TestServerOptions, createTestServer } from './testServer.ts'

export interface TestAppOptions extends CoalescerOptions {
  /** The tables, as the app gives them to `createRealtimeService`. */
  readonly tables: TestTables
  /** The server, or the rows it starts with. */
  readonly server: TestServer | TestServerOptions
}

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

/**
 * Ties an app together on a simulated server and a scripted feed. Queries count as fresh for ever unless the
 * `queryClient` you pass says otherwise, so that only mounts and the coalescer fetch.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createTestApp({ tables, server: given, ...options }: TestAppOptions): TestApp {
  const server = 'requests' in given ? given : createTestServer({ clock: options.clock, ...given })
  const feed = createTestFeed(server)
  const queryClient =
    options.queryClient ??
    new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } } })
  const coalescer = createCoalescer({ ...options, queryClient })
  const realtime = createRealtimeService({ supabase: feed.supabase, coalescer, channel: 'test', tables })
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
