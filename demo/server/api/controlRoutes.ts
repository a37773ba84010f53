import { Hono } from 'hono'
import type { Database } from '../database/database.ts'
import type { RealtimeFaults } from '../realtime/controls.ts'
import type { CorruptStatus, FaultSettings } from '../realtime/faults.ts'
import { readBody } from './bodies.ts'
import { badRequest, isEndpoint } from './routes.ts'
import { type StormResult, writeChange } from './storm.ts'
import { type StormOptions, isStormChange, stormChanges } from './stormPlan.ts'
import type { Traffic } from './traffic.ts'

export interface ControlContext {
  db: Database
  traffic: Traffic
  /** Null on a real project, whose server has no faults to set. */
  faults: RealtimeFaults | null
  playStorm(options: StormOptions, signal: AbortSignal): Promise<StormResult>
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
    if (latencyMs !== undefined) traffic.setLatencyMs(latencyMs as number)
    if (errorRate !== undefined) traffic.setErrorRate(errorRate as number)
    return context.body(null, 204)
  })

  routes.post('/failures', async (context) => {
    const { endpoint, status = 500, times = 1 } = await readBody(context)
    if (!isEndpoint(endpoint)) return badRequest(context, 'Expected `endpoint`, such as "GET /api/goals".')
    traffic.fail(endpoint, status as number, times as number)
    return context.body(null, 204)
  })

  routes.post('/storm', async (context) => {
    const options = await readBody(context)
    // Ends with the page that asked for it.
    return context.json(await playStorm(options, context.req.raw.signal))
  })

  routes.post('/changes', async (context) => {
    const { change } = await readBody(context)
    if (!isStormChange(change))
      return badRequest(context, `Expected \`change\` to be one of ${stormChanges.join(', ')}.`)
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
    if (!isCloseCode(code)) return badRequest(context, 'Expected `code` to be 1000, 1001, 1011, 1012 or 3000–4999.')
    const onTopic = typeof topic === 'string' ? topic : undefined
    const text = typeof message === 'string' ? message : undefined
    const actions: Record<string, () => void> = {
      reset: () => faults.reset(),
      failJoins: () => faults.failJoins(Number(times), text),
      loseNext: () => faults.loseNext(Number(times)),
      loseMessagesNext: () => faults.loseMessagesNext(Number(times)),
      stopWorker: () => faults.stopWorker(),
      duplicateNext: () => faults.duplicateNext(Number(times)),
      misrouteNext: () => faults.misrouteNext(Number(times)),
      corruptNext: () => faults.corruptNext(Number(times), Number(status) as CorruptStatus),
      terminateSockets: () => faults.terminateSockets(),
      closeSockets: () => faults.closeSockets(code),
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

/** Whether a server may send `code` in a close frame: ws throws at the others. */
function isCloseCode(code: unknown): code is number {
  if (!Number.isInteger(code)) return false
  return (
    code === 1000 || code === 1001 || code === 1011 || code === 1012 || (Number(code) >= 3000 && Number(code) <= 4999)
  )
}
