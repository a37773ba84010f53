import { Hono } from 'hono'
import { acceptBodies } from '../api/bodies.ts'
import { isRecord } from './frames.ts'
import { readApiKey } from './server.ts'
import type { Topics } from './topics.ts'

const maxBodyBytes = 5_000_000

/** The HTTP endpoints that send broadcasts without a socket, for who has `apiKey`. */
export function broadcastRoutes(topics: Topics, apiKey: string): Hono {
  const routes = new Hono()

  routes.use('*', async (context, next) => {
    const key = context.req.query('apikey') ?? context.req.header('apikey') ?? null
    const claims = readApiKey(key, apiKey)
    if (typeof claims === 'string') return context.json({ error: claims }, 401)
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
      const json = JSON.stringify(payload ?? {})
      topics.broadcast(fullTopic(topic), message['private'] === true, { event, payload: json })
    }
    return context.body(null, 202)
  })

  routes.post('/:topic/events/:event', async (context) => {
    const { topic, event } = context.req.param()
    const isPrivate = context.req.query('private') === 'true'
    const isJson = (context.req.header('content-type') ?? '').includes('json')
    const bytes = Buffer.from(await context.req.arrayBuffer())
    topics.broadcast(fullTopic(topic), isPrivate, { event, payload: isJson ? bytes.toString('utf8') : bytes })
    return context.body(null, 202)
  })

  return routes
}

function fullTopic(topic: string): string {
  return topic.startsWith('realtime:') ? topic : `realtime:${topic}`
}
