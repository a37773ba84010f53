import { type Page, createApi } from './api/app.ts'
import type { StormResult } from './api/storm.ts'
import type { StormOptions } from './api/stormPlan.ts'
import { Traffic } from './api/traffic.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './database/embedded.ts'
import { listen } from './listener.ts'
import { broadcastRoutes } from './realtime/broadcastRoutes.ts'
import { type ConnectionInfo, type RealtimeFaults, createFaults, describeConnections } from './realtime/controls.ts'
import type { DeliveryStats, MessageStats } from './realtime/delivery.ts'
import { type FaultSettings, checkSettings } from './realtime/faults.ts'
import { type Claims, signToken } from './realtime/jwt.ts'
import { type RealtimeLimits, RealtimeServer } from './realtime/server.ts'

export interface BackendOptions {
  /** Default 0: a free one. */
  port?: number
  /** The only API key that is accepted. Default: a new one of the anonymous role. */
  anonKey?: string
  /** Time each GET of the API takes, in milliseconds. Default 0. */
  latencyMs?: number
  /** Answers every request that is neither the API nor realtime: the page. */
  page?: Page
  /** Limits of the realtime server. */
  limits?: Partial<RealtimeLimits>
  /** Settings of the realtime server from the start on, such as `realTiming`. Default: no waits, no polls. */
  timing?: Partial<FaultSettings>
}

/** The embedded backend: Postgres, HTTP API and realtime server in this process. */
export interface Backend {
  /** Of the page; the API is below `/api`. */
  readonly url: string
  /** To give to `createClient`, with `anonKey`. */
  readonly supabaseUrl: string
  readonly anonKey: string
  readonly db: EmbeddedPostgres
  readonly api: Traffic
  readonly realtime: {
    readonly faults: RealtimeFaults
    readonly stats: DeliveryStats & MessageStats
    connections(): ConnectionInfo[]
    /** Resolves when every change committed so far has been read by the realtime server. */
    drained(): Promise<void>
  }
  /** A JWT that the realtime server accepts, for a signed-in user. */
  signToken(claims?: Partial<Claims>): string
  playStorm(options?: StormOptions): Promise<StormResult>
  /** Goes down: connections are dropped and refused, data stays. */
  suspend(): Promise<void>
  /** Comes back on the same port. */
  resume(): Promise<void>
  stop(): Promise<void>
}

const anonKeyLifeS = 10 * 365 * 24 * 3600

/** Starts the embedded backend on 127.0.0.1. Rejects with `EADDRINUSE` when `port` is taken. */
export async function startBackend(options: BackendOptions = {}): Promise<Backend> {
  const { port = 0, latencyMs = 0, page, limits, timing } = options
  const { anonKey = signToken({ role: 'anon', exp: Math.floor(Date.now() / 1000) + anonKeyLifeS }) } = options
  checkSettings({ ...timing })
  const traffic = new Traffic(latencyMs)
  let answer: (request: Request) => Response | Promise<Response> = () => new Response('Starting', { status: 503 })
  let upgrade: RealtimeServer['handleUpgrade'] = (_request, socket) => socket.destroy()
  // A port that is taken shows at once, not after Postgres has started.
  const listener = await listen(
    port,
    (request) => answer(request),
    (request, socket, head) => upgrade(request, socket, head),
  )
  const db = await startEmbeddedPostgres().catch(async (error: unknown) => {
    await listener.close()
    throw error
  })
  const server = new RealtimeServer(db, anonKey, limits, timing)
  const faults = createFaults(server)
  const { app, playStorm, stop: stopApi } = createApi(db, traffic, faults)
  app.route('/realtime/v1/api/broadcast', broadcastRoutes(server.topics, server.authorization, anonKey))
  if (page !== undefined) app.all('*', (context) => page(context.req.raw))
  await server.start()
  answer = (request) => app.fetch(request)
  upgrade = (request, socket, head) => server.handleUpgrade(request, socket, head)

  const suspend = async () => {
    server.terminateAll()
    await listener.close()
  }
  let stopping: Promise<void> | undefined
  const stop = async () => {
    await Promise.all([stopApi(), suspend()])
    await server.stop()
    await db.close()
  }
  const url = `http://127.0.0.1:${listener.port}`
  return {
    url,
    supabaseUrl: url,
    anonKey,
    db,
    api: traffic,
    realtime: {
      faults,
      get stats() {
        return server.stats
      },
      connections: () => describeConnections(server),
      drained: () => server.drained(),
    },
    signToken,
    playStorm,
    suspend,
    resume: () => listener.reopen(),
    stop: () => (stopping ??= stop()),
  }
}
