import { Hono } from 'hono'
import type { Database } from '../database/database.ts'
import type { RealtimeFaults } from '../realtime/controls.ts'
import type { CorruptStatus, FaultSettings } from '../realtime/faults.ts'
import { badRequest, readBody } from './routes.ts'
import { type StormOptions, type StormResult, isStormChange, writeChange } from './storm.ts'
import type { Endpoint, Traffic } from './traffic.ts'

export interface ControlContext {
  db: Database
  traffic: Traffic
  /** Null on a real project, whose server has no faults to set. */
  faults: RealtimeFaults | null
  playStorm(options: StormOptions): Promise<StormResult>
}

/** Endpoints that steer the demo itself: what they are asked is not counted. */
export function controlRoutes({ db, traffic, faults, playStorm }: ControlContext): Hono {
  const routes = new Hono()

  routes.get('/metrics', (context) => {
    const { latencyMs, errorRate } = traffic
    return context.json({ counts: traffic.counts(), latencyMs, errorRate })
  })

  routes.post('/metrics/reset', (context) => {
    traffic.resetCounts()
    return context.body(null, 204)
  })

  routes.patch('/metrics', async (context) => {
    const { latencyMs, errorRate } = await readBody(context)
    if (latencyMs !== undefined) traffic.setLatencyMs(Number(latencyMs))
    if (errorRate !== undefined) traffic.setErrorRate(Number(errorRate))
    return context.body(null, 204)
  })

  routes.post('/failures', async (context) => {
    const { endpoint, status = 500, times = 1 } = await readBody(context)
    if (typeof endpoint !== 'string') return badRequest(context, 'Expected `endpoint`, such as "GET /api/goals".')
    traffic.fail(endpoint as Endpoint, Number(status), Number(times))
    return context.body(null, 204)
  })

  routes.post('/storm', async (context) => context.json(await playStorm(await readBody(context))))

  routes.post('/changes', async (context) => {
    const { change } = await readBody(context)
    if (!isStormChange(change)) return badRequest(context, 'Expected `change` to be a kind of change.')
    return context.json(await writeChange(db, change))
  })

  if (faults !== null) routes.route('/faults', faultRoutes(faults))

  return routes
}

function faultRoutes(faults: RealtimeFaults): Hono {
  const routes = new Hono()

  routes.get('/', (context) => context.json({ settings: faults.settings, counters: faults.counters }))

  routes.patch('/', async (context) => {
    const { maxChangesPerSecond: rate, ...settings } = await readBody(context)
    // JSON has no Infinity: GET answers null for it, and null is taken back.
    const withRate = rate === undefined ? settings : { ...settings, maxChangesPerSecond: rate ?? Infinity }
    faults.set(withRate as Partial<FaultSettings>)
    return context.json({ settings: faults.settings, counters: faults.counters })
  })

  routes.post('/:action', async (context) => {
    const { times = 1, status = 400, code = 1001, topic, message } = await readBody(context)
    const onTopic = typeof topic === 'string' ? topic : undefined
    const text = typeof message === 'string' ? message : undefined
    const actions: Record<string, () => void> = {
      reset: () => faults.reset(),
      failJoins: () => faults.failJoins(Number(times), text),
      loseNext: () => faults.loseNext(Number(times)),
      duplicateNext: () => faults.duplicateNext(Number(times)),
      misrouteNext: () => faults.misrouteNext(Number(times)),
      corruptNext: () => faults.corruptNext(Number(times), Number(status) as CorruptStatus),
      terminateSockets: () => faults.terminateSockets(),
      closeSockets: () => faults.closeSockets(Number(code)),
      restart: () => faults.restart(),
      crashChannels: () => faults.crashChannels(onTopic),
      closeChannels: () => faults.closeChannels(onTopic),
      expireTokens: () => faults.expireTokens(onTopic),
      exceedRateLimit: () => faults.exceedRateLimit(onTopic),
      repeatSystemOk: () => faults.repeatSystemOk(onTopic),
      systemError: () => faults.sendSystem('postgres_changes', 'error', text ?? 'Subscribing failed', onTopic),
    }
    const name = context.req.param('action')
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action === undefined) return context.json({ error: `Unknown fault \`${name}\`.` }, 404)
    action()
    return context.body(null, 204)
  })

  return routes
}
