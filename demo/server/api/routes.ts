import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Database } from '../database/database.ts'
import { type GoalPatch, createCheckIn, regenerateMotivation, updateGoal } from './mutations.ts'
import { type ReadPath, read, reads } from './reads.ts'
import type { Traffic } from './traffic.ts'

/** The endpoints of the app. Each counts its requests and can be slow or fail as `traffic` says. */
export function appRoutes(db: Database, traffic: Traffic, signal: AbortSignal): Hono {
  const routes = new Hono()

  const handle = (method: 'GET' | 'POST' | 'PATCH', path: string, handler: (context: Context) => Promise<Response>) =>
    routes.on(method, path, async (context) => {
      const status = traffic.admit(`${method} /api${path}`)
      if (status === undefined) return handler(context)
      if (method === 'GET') await wait(traffic.latencyMs, signal)
      return context.json({ error: `Failed on purpose with ${status}.` }, status as ContentfulStatusCode)
    })

  for (const path of Object.keys(reads) as ReadPath[]) {
    handle('GET', path, async (context) => {
      const { latencyMs } = traffic
      const response = await read(db, path)
      await wait(latencyMs, signal)
      return context.json(response)
    })
  }

  handle('POST', '/daily-motivations/regenerate', async (context) => context.json(await regenerateMotivation(db)))

  handle('POST', '/check-ins', async (context) => {
    const { goalId, note, mood } = await readBody(context)
    if (!isId(goalId)) return badRequest(context, 'Expected `goalId` to be the id of a goal.')
    if (note !== undefined && typeof note !== 'string') return badRequest(context, 'Expected `note` to be text.')
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
  if (title !== undefined && typeof title !== 'string') return 'Expected `title` to be text.'
  if (target !== undefined && !isWithin(target, 1, 1000)) return 'Expected `target_per_week` to be 1 or more.'
  const statuses: unknown[] = [undefined, 'active', 'paused', 'done'] satisfies (GoalPatch['status'] | undefined)[]
  return statuses.includes(status) ? undefined : 'Expected `status` to be active, paused or done.'
}

/** The JSON object of a request's body; an empty one when it is anything else. */
export async function readBody(context: Context): Promise<Record<string, unknown>> {
  const body: unknown = await context.req.json().catch(() => undefined)
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {}
}

export function badRequest(context: Context, error: string): Response {
  return context.json({ error }, 400)
}

function isId(value: unknown): value is number {
  return isWithin(value, 1, Number.MAX_SAFE_INTEGER)
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max
}

async function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => undefined)
}
