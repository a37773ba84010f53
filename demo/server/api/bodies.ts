import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'

/**
 * Refuses bodies that are larger than `maxBytes`, or of a type that is not among `types`. Browsers send text and forms to
 * any site without asking it first, JSON and bytes they do not.
 */
export function acceptBodies(maxBytes: number, types: readonly string[]): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: maxBytes,
    onError: (context) => context.json({ error: `Expected a body of at most ${maxBytes} bytes, got more.` }, 413),
  })
  return async (context, next) => {
    const isEmpty = Number(context.req.header('content-length') ?? 0) === 0 && !context.req.header('transfer-encoding')
    if (isEmpty) return next()
    const type = (context.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
    if (!types.includes(type)) {
      return context.json({ error: `Expected a body of the type ${types.join(' or ')}, got \`${type}\`.` }, 415)
    }
    return limit(context, next)
  }
}

/** The JSON object of a request's body; an empty one when there is no body. @throws TypeError for anything else. */
export async function readBody(context: Context): Promise<Record<string, unknown>> {
  const text = await context.req.text()
  if (text === '') return {}
  const body = parse(text)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  throw new TypeError(`Expected the body to be a JSON object, got \`${text.slice(0, 100)}\`.`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
