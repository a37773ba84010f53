import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { isRecord } from './frames.ts'

/** The claims of a token that decide what its holder may see, and until when. */
export interface Claims {
  role: string
  /** Seconds since 1970. */
  exp: number
  [claim: string]: unknown
}

/** New for each process: whoever has read this file can sign nothing that a running backend accepts. */
const secret = randomBytes(32)

/** A signed JWT with `claims`; the role is `authenticated` and the life is an hour unless they say otherwise. */
export function signToken(claims: Partial<Claims> = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 3600
  const head = encode({ alg: 'HS256', typ: 'JWT' })
  const body = encode({ role: 'authenticated', exp, ...claims })
  return `${head}.${body}.${signature(`${head}.${body}`)}`
}

/** Reads and checks a JWT; throws an Error with the text the real server sends. */
export function verifyToken(token: string): Claims {
  const [head, body, given, ...rest] = token.split('.')
  const claims = decode(body)
  if (head === undefined || given === undefined || rest.length > 0 || claims === undefined) {
    throw new Error('MalformedJWT: The token provided is not a valid JWT')
  }
  const expected = Buffer.from(signature(`${head}.${body}`))
  const actual = Buffer.from(given)
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw new Error('JwtSignatureError: Failed to validate JWT signature')
  }
  const { role, exp } = claims
  if (typeof role !== 'string' || typeof exp !== 'number') {
    throw new Error('InvalidJWTToken: Fields `role` and `exp` are required in JWT')
  }
  const expiredForS = Math.floor(Date.now() / 1000) - exp
  if (expiredForS >= 0) throw new Error(`InvalidJWTToken: Token has expired ${expiredForS} seconds ago`)
  return { ...claims, role, exp }
}

/** The claims of an API key, or why it is refused. */
export function readApiKey(key: string | null, ownKey: string): Claims | string {
  if (key === null || key === '') return 'API key is missing'
  const claims = readToken(key, ownKey)
  return typeof claims === 'string' || key === ownKey ? claims : 'API key is of another server'
}

/** The claims of a token, or why it is refused, as the real server says it over HTTP. */
export function readToken(token: string, ownKey?: string): Claims | string {
  try {
    return token === ownKey ? verifyKey(token) : verifyToken(token)
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/^\w+: /, '')
    return reason.replace(/ \d+ seconds ago$/, '')
  }
}

/** The claims of the server's own API key: one of the new kind is what a project's gateway makes an anonymous token of. */
export function verifyKey(ownKey: string): Claims {
  return ownKey.startsWith('sb_') ? { role: 'anon', exp: Number.MAX_SAFE_INTEGER } : verifyToken(ownKey)
}

/** What a channel says of a token it is given later: no code in front, and a name of its own for a bad signature. */
export function describeTokenError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.startsWith('JwtSignatureError') ? ':signature_error' : message.replace(/^\w+: /, '')
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(part: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function signature(text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url')
}
