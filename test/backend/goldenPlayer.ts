import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ws from 'ws'
import type { Backend } from '../../demo/server/backend.ts'
import type { FaultSettings } from '../../demo/server/realtime/faults.ts'
import { isRecord } from '../../demo/server/realtime/frames.ts'
import { until } from './support.ts'

/** Frames by client; `sql` has the errors of statements. */
export type Frames = Record<string, unknown[]>

/** One thing that was done to the real server, and what came of it until the next. */
export interface Step {
  got: Frames
  /** The next step follows at once. */
  atOnce?: boolean
  /** Opens a socket of this name with `query`. */
  connect?: string
  query?: string
  /** Who sends `send` (a frame), `text`, `binary` (base64), or a broadcast of `large` bytes. */
  client?: string
  send?: unknown
  text?: string
  binary?: string
  large?: number
  head?: string[]
  sql?: string
  /** The first row's `ms` of `sql` goes by this name from here on: `<ms name>` and `<ms name+1>` stand for it. */
  remember?: string
  /** The socket that is cut. */
  close?: string
  /** What happens to the server, and what it is set to. */
  fault?: 'stopWorker'
  settings?: Partial<FaultSettings>
  post?: string
  body?: unknown
}

const folder = join(import.meta.dirname, 'golden')
/** How long to wait for frames that the real server has sent: a machine may be slow. */
const patienceMs = 60_000
/** The same where it is known that they do not come. */
const inVainMs = 500
const maxFrameChars = 20_000
const clientA = '11111111-1111-1111-1111-111111111111'
const clientB = '22222222-2222-2222-2222-222222222222'
const clientC = '33333333-3333-3333-3333-333333333333'
const clients = new Set([clientA, clientB, clientC])

export const readGolden = (file: string): string => readFileSync(join(folder, file), 'utf8')
export const readSteps = (scenario: string): Step[] => JSON.parse(readGolden(`${scenario}.json`)) as Step[]

/** The tokens that scenarios name; `<token …>` in a frame stands for them. */
function createTokens({ anonKey, signToken }: Backend): Record<string, () => string> {
  const nowS = () => Math.floor(Date.now() / 1000)
  const foreign = (claims: object) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part({ alg: 'HS256' })}.${part(claims)}`
    return `${text}.${createHmac('sha256', 'of-another-project').update(text).digest('base64url')}`
  }
  const without = (claim: string) => () => signToken({ sub: clientA, [claim]: undefined })
  return {
    anon: () => anonKey,
    A: () => signToken({ sub: clientA }),
    A2: () => signToken({ sub: clientA, again: true }),
    B: () => signToken({ sub: clientB }),
    C: () => signToken({ sub: clientC }),
    C2: () => signToken({ sub: clientC, again: true }),
    soon: () => signToken({ sub: clientA, exp: Math.ceil(Date.now() / 1000 + 1) }),
    service: () => signToken({ role: 'service_role' }),
    nobody: () => signToken({ role: 'nobody' }),
    wrong: () => foreign({ role: 'authenticated', exp: nowS() + 3600 }),
    expired10: () => signToken({ sub: clientA, exp: nowS() - 10 }),
    expired100: () => signToken({ sub: clientA, exp: nowS() - 100 }),
    norole: without('role'),
    noexp: without('exp'),
    exptext: () => signToken({ exp: String(nowS() + 3600) as unknown as number }),
  }
}

/**
 * Does the steps of a scenario to the local server; gives what came of each. From the steps of `differing` not all comes
 * that the real server has sent.
 */
export async function playSteps(
  backend: Backend,
  steps: readonly Step[],
  differing: readonly number[] = [],
): Promise<Frames[]> {
  const tokens = createTokens(backend)
  const fixed = new Map<string, string>()
  const remembered = new Map<string, number>()
  const fill = (text: string) =>
    text
      .replaceAll(/<token (\w+)>/g, (_, name: string) => {
        // Signed once a scenario: the server takes an equal token for no news.
        const token = fixed.get(name) ?? tokens[name]?.() ?? ''
        fixed.set(name, token)
        return token
      })
      .replaceAll(/"?<ms (\w+?)(\+1)?>"?/g, (_, name: string, later?: string) =>
        String((remembered.get(name) ?? Number.NaN) + (later === undefined ? 0 : 1)),
      )
  const sockets = new Map<string, ws>()
  let got: Frames = {}
  const put = (client: string, frame: unknown) => (got[client] ??= []).push(frame)
  const all: Frames[] = []
  let lastFlush = 0
  const answered = new Set<string>()

  const receive = (client: string, data: Buffer, isBinary: boolean) => {
    if (isBinary) {
      put(client, readBinary(data))
      return
    }
    const text = data.toString()
    const ref = /"flush-\d+"/.exec(text.slice(0, 200))?.[0]
    if (ref !== undefined) answered.add(ref)
    else put(client, text.length > maxFrameChars ? { cut: eventOf(text) } : JSON.parse(text))
  }

  const open = (client: string, query: string) =>
    new Promise<void>((resolve) => {
      const socket = new ws(`${backend.url.replace('http', 'ws')}/realtime/v1/websocket?${fill(query)}`)
      sockets.set(client, socket)
      socket.on('message', (data: Buffer, isBinary) => receive(client, data, isBinary))
      socket.on('open', resolve)
      socket.on('error', () => resolve())
      socket.on('unexpected-response', (_, response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => {
          put(client, { http: response.statusCode, body: body === '' ? null : JSON.parse(body) })
          resolve()
        })
      })
    })

  const cut = async (client: string) => {
    const before = backend.realtime.connections().length
    sockets.get(client)?.terminate()
    sockets.delete(client)
    await until(() => backend.realtime.connections().length < before, 'the socket to close')
  }

  const flush = async () => {
    await backend.realtime.drained()
    const refs: string[] = []
    for (const socket of sockets.values()) {
      if (socket.readyState !== ws.OPEN) continue
      const ref = `flush-${++lastFlush}`
      refs.push(`"${ref}"`)
      const isOld = socket.url.includes('vsn=1')
      const frame = { topic: 'phoenix', event: 'heartbeat', payload: {}, ref }
      socket.send(JSON.stringify(isOld ? frame : [null, ref, 'phoenix', 'heartbeat', {}]))
    }
    await until(() => refs.every((ref) => answered.has(ref)), 'the answers to heartbeats')
  }

  const act = async (step: Step) => {
    const socket = sockets.get(step.client ?? '')
    if (step.connect !== undefined) await open(step.connect, step.query ?? '')
    else if (step.remember !== undefined) {
      const [row] = await backend.db.query<{ ms: number | string }>(step.sql ?? '')
      remembered.set(step.remember, Number(row?.ms))
    } else if (step.sql !== undefined) {
      await backend.db.exec(fill(step.sql)).catch((error: Error) => put('sql', error.message))
    } else if (step.close !== undefined) await cut(step.close)
    else if (step.fault !== undefined) backend.realtime.faults[step.fault]()
    else if (step.settings !== undefined) backend.realtime.faults.set(step.settings)
    else if (step.post !== undefined) {
      const headers = { apikey: backend.anonKey, 'content-type': 'application/json' }
      await fetch(backend.url + step.post, { method: 'POST', headers, body: JSON.stringify(step.body) })
    } else if (step.binary !== undefined) socket?.send(Buffer.from(step.binary, 'base64'))
    else if (step.text !== undefined) socket?.send(step.text)
    else if (step.large !== undefined) {
      const [joinRef, ref, topic] = step.head ?? []
      const payload = { text: 'x'.repeat(step.large) }
      socket?.send(JSON.stringify([joinRef, ref, topic, 'broadcast', { type: 'broadcast', event: 'large', payload }]))
    } else if (socket?.readyState === ws.OPEN) socket.send(fill(JSON.stringify(step.send)))
  }

  const count = (frames: Frames) => Object.values(frames).reduce((sum, list) => sum + list.length, 0)
  for (const [index, step] of steps.entries()) {
    await act(step)
    if (step.atOnce === true) {
      all.push({})
      continue
    }
    const giveUpAtMs = Date.now() + (differing.includes(index) ? inVainMs : patienceMs)
    await flush()
    while (count(got) < count(step.got) && Date.now() < giveUpAtMs) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await flush()
    all.push(got)
    got = {}
  }
  for (const socket of sockets.values()) socket.terminate()
  await until(() => backend.realtime.connections().length === 0, 'the sockets to close')
  return all
}

function readBinary(bytes: Buffer): unknown {
  const [, topicLength = 0, eventLength = 0, metaLength = 0, encoding] = bytes
  const eventAt = 5 + topicLength
  const metaAt = eventAt + eventLength
  const payloadAt = metaAt + metaLength
  const meta = bytes.toString('utf8', metaAt, payloadAt)
  return {
    binary: bytes.toString('utf8', 5, eventAt),
    event: bytes.toString('utf8', eventAt, metaAt),
    meta: meta === '' ? null : JSON.parse(meta),
    payload: encoding === 1 ? JSON.parse(bytes.toString('utf8', payloadAt)) : [...bytes.subarray(payloadAt)],
  }
}

const eventOf = (text: string) => /^\[[^,]*,[^,]*,"[^"]*","([^"]*)"/.exec(text)?.[1]

/** Frames without what no two runs share: ids, refs, times; the bindings of a change by what they are. */
export function normalise(all: readonly Frames[]): Frames[] {
  const bindings = new Map<unknown, string>()
  const walk = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return normaliseText(value, key)
    if (key === 'ids' && Array.isArray(value))
      return value.map((id) => bindings.get(id) ?? '<unknown binding>').toSorted()
    if (key === 'columns' && Array.isArray(value)) {
      return value.map((column: { name: string; type: string }) => `${column.name}:${column.type}`).join(' ')
    }
    if (Array.isArray(value)) return value.map((item) => walk(item))
    if (key === 'at' && typeof value === 'number') return '<ms>'
    if (!isRecord(value)) return value
    const entries = Object.entries(value).map(([name, item]) => [normaliseText(name), walk(item, name)] as const)
    return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  }
  return all.map((frames) => {
    for (const { id, ...binding } of Object.values(frames).flat().flatMap(echoedBindings)) {
      bindings.set(id, JSON.stringify(walk(binding)))
    }
    const clients = Object.entries(frames).map(([client, list]) => [
      client,
      inOrder(list.map((frame) => hideIds(walk(frame)))),
    ])
    return Object.fromEntries(clients) as Frames
  })
}

function echoedBindings(frame: unknown): Record<string, unknown>[] {
  const payload = Array.isArray(frame) ? (frame[4] as unknown) : isRecord(frame) ? frame['payload'] : undefined
  const response = isRecord(payload) ? payload['response'] : undefined
  const echoed = isRecord(response) ? response['postgres_changes'] : undefined
  return Array.isArray(echoed) ? echoed.filter(isRecord) : []
}

function hideIds(frame: unknown): unknown {
  for (const binding of echoedBindings(frame)) binding['id'] = '<id>'
  return frame
}

function normaliseText(text: string, key = ''): string {
  if (key === 'commit_timestamp') return '<time>'
  if (key === 'phx_ref' || key === 'phx_ref_prev') return '<ref>'
  if (clients.has(text)) return text
  return text
    .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, (id) => (clients.has(id) ? id : '<uuid>'))
    .replaceAll(/expired \d+ seconds/g, 'expired <n> seconds')
}

/** Changes and broadcasts keep their order within a topic; what else there is comes as it may. */
function inOrder(frames: unknown[]): unknown[] {
  const keyed = frames.map((frame, index) => {
    const { binary } = frame as { binary?: string }
    const [, , topic, event] = Array.isArray(frame) ? (frame as unknown[]) : [null, null, binary ?? '', '']
    const isOrdered = event === 'postgres_changes' || event === 'broadcast' || event === ''
    return {
      frame,
      key: `${isOrdered ? 1 : 0} ${String(topic)} ${isOrdered ? String(index).padStart(6, '0') : JSON.stringify(frame)}`,
    }
  })
  return keyed.toSorted((one, other) => (one.key < other.key ? -1 : 1)).map(({ frame }) => frame)
}
