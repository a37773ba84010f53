import { QueryClient, hashKey } from '@tanstack/react-query'
import { type SupabaseClient, createClient } from '@supabase/supabase-js'
import { type Coalescer, type CoalescerOptions, createCoalescer } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import { type Api, type Endpoint, createApi } from './api.ts'
import type { Database } from './database.ts'
import { type FeedName, demoTopic } from './feeds.ts'
import { type Freshness, createFreshness } from './freshness.ts'
import { type Queries, createQueries, pathOfQuery, queryNames } from './queries.ts'
import { type RequestCounter, createRequestCounter } from './requestCounter.ts'
import { keysOfTable, tablesOf } from './tables.ts'
import { type Wire, createWire } from './wire.ts'

/** Where the backend is. */
export interface ServerAddress {
  /** Of the page; the HTTP API is below `/api`. */
  readonly url: string
  readonly supabaseUrl: string
  readonly anonKey: string
}

export interface SessionOptions extends Omit<CoalescerOptions, 'queryClient'> {
  /** The WebSocket to use where there is no global one: Node 20. */
  readonly transport?: typeof WebSocket | undefined
  /** What to do about data from before the feed was live. @default 'markStale' */
  readonly firstCatchUp?: 'markStale' | 'refetch' | undefined
  /** The feed of `realtime`. @default 'postgres_changes' */
  readonly feed?: FeedName | undefined
  /** Waits in this client for the latency of the API, as a page in a browser should. @default false */
  readonly isLatencyHere?: boolean | undefined
}

type DemoRealtime = ReturnType<typeof createDemoRealtime>

/** Everything between the backend and the screen, connected: what an app has once. */
export interface Session {
  readonly api: Api
  readonly queryClient: QueryClient
  readonly queries: Queries
  readonly coalescer: Coalescer
  /** The service of the feed the session was created for. */
  readonly realtime: DemoRealtime
  /** The service of a feed: both have the same options otherwise. Join one at a time, or changes come twice. */
  realtimeOf(feed: FeedName): DemoRealtime
  readonly requests: RequestCounter
  readonly wire: Wire
  readonly freshness: Freshness
  /** Says what the app itself has written to whichever feed tells of it. */
  readonly own: DemoRealtime['own']
  readonly supabase: SupabaseClient<Database>
  /** Leaves the channels and stops the coalescer. */
  stop(): Promise<void>
}

let sessions = 0

export function createSession({ url, supabaseUrl, anonKey }: ServerAddress, options: SessionOptions = {}): Session {
  const {
    transport,
    firstCatchUp = 'markStale',
    feed: firstFeed = 'postgres_changes',
    isLatencyHere = false,
    ...coalescerOptions
  } = options
  const wire = createWire()
  const requests = createRequestCounter()
  const queryClient = new QueryClient({
    defaultOptions: { queries: { retry: 2, retryDelay: (attempt) => 500 * 2 ** attempt } },
  })
  const freshness = createFreshness(queryClient, wire, (table) =>
    Object.hasOwn(keysOfTable, table) ? keysOfTable[table as keyof typeof keysOfTable] : [],
  )
  const hashOfEndpoint = new Map<string, string>()
  const onRequest = (endpoint: Endpoint) => {
    const queryHash = hashOfEndpoint.get(endpoint)
    if (queryHash !== undefined) freshness.requestStarts(queryHash)
    return requests.add(endpoint)
  }
  const api = createApi(url, { onRequest, isLatencyHere })
  const queries = createQueries(api)
  for (const name of queryNames) hashOfEndpoint.set(`GET /api${pathOfQuery[name]}`, hashKey(queries[name].queryKey))

  const coalescer = createCoalescer({ ...coalescerOptions, queryClient })
  const supabase = createClient<Database>(supabaseUrl, anonKey, {
    // Nothing is stored, but clients of one page are told apart by it.
    auth: { persistSession: false, autoRefreshToken: false, storageKey: `session ${(sessions += 1)}` },
    realtime: { logger: wire.logger, ...(transport && { transport }) },
  })
  const services = new Map<FeedName, DemoRealtime>()
  const realtimeOf = (feed: FeedName): DemoRealtime => {
    const service = services.get(feed) ?? createDemoRealtime(supabase, coalescer, firstCatchUp, feed)
    services.set(feed, service)
    return service
  }

  return {
    api,
    queryClient,
    queries,
    coalescer,
    realtime: realtimeOf(firstFeed),
    realtimeOf,
    requests,
    wire,
    freshness,
    own(table, rows) {
      for (const service of services.values()) service.own(table, rows)
    },
    supabase,
    async stop() {
      for (const service of services.values()) service.stop()
      coalescer.stop({ pending: 'drop' })
      freshness.stop()
      await queryClient.cancelQueries()
      queryClient.clear()
      await supabase.removeAllChannels()
    },
  }
}

function createDemoRealtime(
  supabase: SupabaseClient<Database>,
  coalescer: Coalescer,
  firstCatchUp: 'markStale' | 'refetch',
  feed: FeedName,
) {
  return createRealtimeService({
    supabase,
    coalescer,
    channel: 'db',
    schema: 'public',
    tables: tablesOf[feed],
    broadcast: feed === 'broadcast' ? { topic: demoTopic } : undefined,
    firstCatchUp,
  })
}
