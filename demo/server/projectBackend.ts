import { type Page, createApi } from './api/app.ts'
import type { StormResult } from './api/storm.ts'
import type { StormOptions } from './api/stormPlan.ts'
import { Traffic } from './api/traffic.ts'
import type { Database } from './database/database.ts'
import { listen } from './listener.ts'

export interface ProjectBackendOptions {
  /** `SUPABASE_URL`. */
  supabaseUrl: string
  /** `SUPABASE_ANON_KEY`. */
  anonKey: string
  /** The project's database, reached as its owner: `poolDatabase(new Pool({ connectionString: DATABASE_URL }))`. */
  database: Database
  /** Default 0: a free one. */
  port?: number
  /** Time each GET of the API takes, in milliseconds. Default 0. */
  latencyMs?: number
  page?: Page
}

/** The HTTP API over a real Supabase project, whose own realtime server sends the changes. */
export interface ProjectBackend {
  readonly url: string
  readonly supabaseUrl: string
  readonly anonKey: string
  readonly db: Database
  readonly api: Traffic
  playStorm(options?: StormOptions): Promise<StormResult>
  stop(): Promise<void>
}

/** Starts the HTTP API on 127.0.0.1 over a project that has the migrations and the seed of `demo/supabase`. */
export async function startProjectBackend(options: ProjectBackendOptions): Promise<ProjectBackend> {
  const { supabaseUrl, anonKey, database, port = 0, latencyMs = 0, page } = options
  const traffic = new Traffic(latencyMs)
  const { app, playStorm, stop: stopApi } = createApi(database, traffic, null)
  if (page !== undefined) app.all('*', (context) => page(context.req.raw))
  const listener = await listen(
    port,
    (request) => app.fetch(request),
    (_request, socket) => socket.destroy(),
  )
  let stopping: Promise<void> | undefined
  const stop = async () => {
    await Promise.all([stopApi(), listener.close()])
    await database.close()
  }
  return {
    url: `http://127.0.0.1:${listener.port}`,
    supabaseUrl,
    anonKey,
    db: database,
    api: traffic,
    playStorm,
    stop: () => (stopping ??= stop()),
  }
}
