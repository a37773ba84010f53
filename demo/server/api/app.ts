import { setMaxListeners } from 'node:events'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Database } from '../database/database.ts'
import type { RealtimeFaults } from '../realtime/controls.ts'
import { acceptBodies } from './bodies.ts'
import { controlRoutes } from './controlRoutes.ts'
import { appRoutes } from './routes.ts'
import { type StormResult, playStorm } from './storm.ts'
import type { StormOptions } from './stormPlan.ts'
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

const maxBodyBytes = 1_000_000
const maxStorms = 20

/** Builds the HTTP API over `db`. `faults` is null when the realtime server is not ours. */
export function createApi(db: Database, traffic: Traffic, faults: RealtimeFaults | null): Api {
  const ending = new AbortController()
  // Every request that waits listens to it.
  setMaxListeners(Infinity, ending.signal)
  const storms = new Set<Promise<unknown>>()
  const play = async (options: StormOptions = {}, signal = ending.signal) => {
    if (storms.size >= maxStorms) {
      throw new HTTPException(429, { message: `Expected at most ${maxStorms} storms at once, got one more.` })
    }
    const playing = playStorm(db, options, AbortSignal.any([ending.signal, signal]))
    const ended = playing.catch(() => undefined).finally(() => storms.delete(ended))
    storms.add(ended)
    return playing
  }

  const app = new Hono()
  app.use('/api/*', acceptBodies(maxBodyBytes, ['application/json']))
  app.route('/api', appRoutes(db, traffic, ending.signal))
  app.route('/api', controlRoutes({ db, traffic, faults, playStorm: play }))
  app.all('/api/*', (context) => context.json({ error: 'No such endpoint.' }, 404))
  app.onError((error, context) => {
    if (error instanceof HTTPException) return context.json({ error: error.message }, error.status)
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
