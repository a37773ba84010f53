import { Hono } from 'hono'
import { acceptBodies } from '../api/bodies.ts'
import type { Authorization } from './authorization.ts'
import { isRecord } from './frames.ts'
import { type Claims, readApiKey, readToken } from './jwt.ts'
import type { Broadcast, Topics } from './topics.ts'

const maxBodyBytes = 5_000_000

/** The HTTP endpoints that send broadcasts without a socket, for who has `apiKey`. */
export function broadcastRoutes(topics: Topics, authorization: Authorization, apiKey: string) {
  const routes = new Hono<{ Variables: { claims: Claims } }>()

  const send = async (topic: string, isPrivate: boolean, claims: Claims, broadcast: Broadcast) => {
    const isAllowed = !isPrivate || (await authorization.isWritable(nameOf(topic), claims, 'broadcast'))
    // The real server says nothing to whoever may not send.
    if (isAllowed) topics.send(`realtime:${nameOf(topic)}`, isPrivate, broadcast)
  }

  routes.use('*', async (context, next) => {
    const key = context.req.query('apikey') ?? context.req.header('apikey') ?? null
    const keyClaims = readApiKey(key, apiKey)
    if (typeof keyClaims === 'string') return context.json({ error: keyClaims }, 401)
    const token = context.req.header('authorization')?.replace(/^Bearer /i, '') ?? apiKey
    const claims = token === apiKey ? keyClaims : readToken(token)
    if (typeof claims === 'string') return context.json({ error: claims }, 401)
    context.set('claims', claims)
    return next()
  })
  routes.use('*', acceptBodies(maxBodyBytes, ['application/json', 'application/octet-stream']))

  routes.post('/', async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined)
    const messages = isRecord(body) ? body['messages'] : undefined
    if (!Array.isArray(messages)) return context.json({ error: 'messages is required' }, 422)
    for (const message of messages.filter(isRecord)) {
      const { topic, event, payload } = message
      if (typeof topic !== 'string' || typeof event !== 'string') continue
      const payloadJson = JSON.stringify({ type: 'broadcast', event, payload: payload ?? {} })
      await send(topic, message['private'] === true, context.get('claims'), { kind: 'text', payloadJson })
    }
    return context.body(null, 202)
  })

  routes.post('/:topic/events/:event', async (context) => {
    const { topic, event } = context.req.param()
    const isPrivate = context.req.query('private') === 'true'
    const isJson = (context.req.header('content-type') ?? '').includes('json')
    const payload = Buffer.from(await context.req.arrayBuffer())
    await send(topic, isPrivate, context.get('claims'), { kind: 'user', event, isJson, payload })
    return context.body(null, 202)
  })

  return routes
}

function nameOf(topic: string): string {
  return topic.replace(/^realtime:/, '')
}
