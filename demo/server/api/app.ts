import { setMaxListeners } from 'node:events'
import { Hono } from 'hono'
import type { Database } from '../database/database.ts'
import type { RealtimeFaults } from '../realtime/controls.ts'
import { controlRoutes } from './controlRoutes.ts'
import { appRoutes } from './routes.ts'
import { type StormOptions, type StormResult, playStorm } from './storm.ts'
import type { Traffic } from './traffic.ts'

/** Answers every request that is not the backend's own. */
export type Page = (request: Request) => Response | Promise<Response>

/** The HTTP side of a backend. */
export interface Api {
  /** The endpoints; more can be mounted before the first request. */
  app: Hono
  playStorm(options?: StormOptions): Promise<StormResult>
  /** Ends waiting requests and storms. */
  stop(): Promise<void>
}

/** Builds the HTTP API over `db`. `faults` is null when the realtime server is not ours. */
export function createApi(db: Database, traffic: Traffic, faults: RealtimeFaults | null): Api {
  const ending = new AbortController()
  // Every request that waits listens to it.
  setMaxListeners(Infinity, ending.signal)
  const storms = new Set<Promise<unknown>>()
  const play = (options: StormOptions = {}) => {
    const playing = playStorm(db, options, ending.signal)
    const ended = playing.catch(() => undefined).finally(() => storms.delete(ended))
    storms.add(ended)
    return playing
  }

  const app = new Hono()
  app.use('/api/*', async (context, next) => {
    // Any page in the same browser can reach 127.0.0.1: only the demo's own may write.
    const isForeign = context.req.header('sec-fetch-site') === 'cross-site'
    if (isForeign && context.req.method !== 'GET')
      return context.json({ error: 'Cross-site requests may not write.' }, 403)
    return next()
  })
  app.route('/api', appRoutes(db, traffic, ending.signal))
  app.route('/api', controlRoutes({ db, traffic, faults, playStorm: play }))
  app.all('/api/*', (context) => context.json({ error: 'No such endpoint.' }, 404))
  app.onError((error, context) => {
    const isCallersMistake = error instanceof TypeError || error instanceof RangeError
    return context.json({ error: error.message }, isCallersMistake ? 400 : 500)
  })
  return {
    app,
    playStorm: play,
    async stop() {
      ending.abort()
      await Promise.all(storms)
    },
  }
}
