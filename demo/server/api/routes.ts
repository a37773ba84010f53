import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Database } from '../database/database.ts'
import { latencyAtClientHeader, latencyMsHeader } from '../../shared/latencyHeaders.ts'
import { readBody } from './bodies.ts'
import { type GoalPatch, createCheckIn, regenerateMotivation, updateGoal } from './mutations.ts'
import { type ReadPath, read, reads } from './reads.ts'
import type { Endpoint, Traffic } from './traffic.ts'

const writeEndpoints: readonly Endpoint[] = [
  'POST /api/daily-motivations/regenerate',
  'POST /api/check-ins',
  'PATCH /api/goals/:id',
]

/** Whether there is such an endpoint of the app. */
export function isEndpoint(endpoint: unknown): endpoint is Endpoint {
  return (
    Object.keys(reads).some((path) => endpoint === `GET /api${path}`) || writeEndpoints.some((it) => it === endpoint)
  )
}

const maxTextLength = 1000
const textRule = `text of at most ${maxTextLength} characters, none of them NUL`

/** The endpoints of the app. Each counts its requests and can be slow or fail as `traffic` says. */
export function appRoutes(db: Database, traffic: Traffic, signal: AbortSignal): Hono {
  const routes = new Hono()

  const handle = (method: 'GET' | 'POST' | 'PATCH', path: string, handler: (context: Context) => Promise<Response>) =>
    routes.on(method, path, async (context) => {
      const status = traffic.admit(`${method} /api${path}`)
      if (status === undefined) return handler(context)
      if (method === 'GET') await beSlow(context, traffic.latencyMs, signal)
      return context.json({ error: `Failed on purpose with ${status}.` }, status as ContentfulStatusCode)
    })

  for (const path of Object.keys(reads) as ReadPath[]) {
    handle('GET', path, async (context) => {
      const { latencyMs } = traffic
      const response = await read(db, path)
      await beSlow(context, latencyMs, signal)
      return context.json(response)
    })
  }

  handle('POST', '/daily-motivations/regenerate', async (context) => context.json(await regenerateMotivation(db)))

  handle('POST', '/check-ins', async (context) => {
    const { goalId, note, mood } = await readBody(context)
    if (!isId(goalId)) return badRequest(context, 'Expected `goalId` to be the id of a goal.')
    if (note !== undefined && !isText(note)) return badRequest(context, `Expected \`note\` to be ${textRule}.`)
    if (mood !== undefined && mood !== null && !isWithin(mood, 1, 5)) {
      return badRequest(context, 'Expected `mood` to be 1–5.')
    }
    const created = await createCheckIn(db, { goalId, ...(note !== undefined && { note }), mood: mood ?? null })
    return created.data === null ? context.json({ error: 'No such goal.' }, 404) : context.json(created, 201)
  })

  handle('PATCH', '/goals/:id', async (context) => {
    const id = Number(context.req.param('id'))
    const patch = await readBody(context)
    const problem = isId(id) ? findPatchProblem(patch) : 'Expected the id of a goal.'
    if (problem !== undefined) return badRequest(context, problem)
    const updated = await updateGoal(db, id, patch)
    return updated.data === null ? context.json({ error: 'No such goal.' }, 404) : context.json(updated)
  })

  return routes
}

function findPatchProblem({ title, target_per_week: target, status }: Record<string, unknown>): string | undefined {
  if (title !== undefined && !isText(title)) return `Expected \`title\` to be ${textRule}.`
  if (target !== undefined && !isWithin(target, 1, 1000)) return 'Expected `target_per_week` to be 1 or more.'
  const statuses: unknown[] = [undefined, 'active', 'paused', 'done'] satisfies (GoalPatch['status'] | undefined)[]
  return statuses.includes(status) ? undefined : 'Expected `status` to be active, paused or done.'
}

export function badRequest(context: Context, error: string): Response {
  return context.json({ error }, 400)
}

/** Postgres stores any text but one with a NUL. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength && !value.includes('\0')
}

function isId(value: unknown): value is number {
  return isWithin(value, 1, Number.MAX_SAFE_INTEGER)
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max
}

/** Waits, or has a client wait that offers to. */
async function beSlow(context: Context, latencyMs: number, signal: AbortSignal): Promise<void> {
  if (context.req.header(latencyAtClientHeader) !== undefined) context.header(latencyMsHeader, String(latencyMs))
  else if (latencyMs > 0) await sleep(latencyMs, undefined, { signal }).catch(() => undefined)
}
