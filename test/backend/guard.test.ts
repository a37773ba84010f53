import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { startEmbeddedPostgres } from '../../demo/server/database/embedded.ts'
import { type ProjectBackend, startProjectBackend } from '../../demo/server/projectBackend.ts'
import { type RawRequest, sendRaw, upgradeRaw } from './rawRequest.ts'
import { openRaw } from './rawSocket.ts'
import { until } from './support.ts'

let embedded: Backend
let project: ProjectBackend

beforeAll(async () => {
  embedded = await startBackend({ page: () => new Response('page') })
  project = await startProjectBackend({
    supabaseUrl: 'https://project.example',
    anonKey: 'key',
    database: await startEmbeddedPostgres(),
    page: () => new Response('page'),
  })
})
afterAll(() => Promise.all([embedded.stop(), project.stop()]))

const json = { 'content-type': 'application/json' }
const patience = { timeout: 60_000 }
const portOf = (url: string) => Number(new URL(url).port)

describe.each([
  ['the embedded backend', () => embedded],
  ['the backend over a project', () => project],
])('%s', (_, get) => {
  const send = (path: string, options: RawRequest = {}) => sendRaw(get().url, path, options)
  const post = (path: string, body: string, headers: Record<string, string> = json) =>
    send(path, { method: 'POST', body, headers })
  const titles = () => get().db.query('select title from public.goals order by id')
  const checkIns = async () => (await get().db.query<{ n: number }>('select count(*) as n from public.check_ins'))[0]?.n

  describe('survives', () => {
    it.each(['//', '//[', '/\\', '*', 'http://[', '/%', '/realtime/v1/websocket?%'])(
      'an upgrade of %s',
      async (target) => {
        expect(await upgradeRaw(get().url, target)).toMatch(/^(HTTP\/1\.1 4\d\d .*)?$/)
        expect((await send('/api/goals')).status).toBe(200)
      },
    )

    it.each(['//', '//[', '/\\', '/api//', '/%', '/api/goals/%'])('a request for %s', async (target) => {
      expect((await send(target)).status).toBeLessThan(500)
      expect((await send('/api/goals')).status).toBe(200)
    })

    it.each([
      ['a mix without an end', { mix: { goal: 1e9 } }],
      ['a weight that is no number', { mix: { goal: 'many' } }],
      ['a negative weight', { mix: { goal: -1 } }],
      ['a mix of nothing', { mix: {} }],
      ['no mix at all', { mix: null }],
      ['an unknown change', { mix: { drop: 1 } }],
      ['a name of every object', { mix: { constructor: 1 } }],
      ['a rate without an end', { ratePerSecond: 1e300, durationMs: 1 }],
      ['a rate of nothing', { ratePerSecond: 0 }],
      ['a rate that is text', { ratePerSecond: '5' }],
      ['a duration of months', { ratePerSecond: 0.001, durationMs: 1e10 }],
      ['too many writes', { ratePerSecond: 1000, durationMs: 600_000 }],
      ['a recording that is no list', { recorded: 'goal' }],
      ['a recording of nothing known', { recorded: [{ atMs: 0, change: 'drop' }] }],
      ['a recording of nothings', { recorded: [null] }],
      ['a recording without times', { recorded: [{ change: 'goal' }] }],
      ['a recording of months', { recorded: [{ atMs: 1e10, change: 'goal' }] }],
      ['a seed that is text', { seed: 'x' }],
      ['an unknown option', { rate: 5 }],
    ])('a storm with %s', async (_name, options) => {
      const before = await titles()
      const answer = await post('/api/storm', JSON.stringify(options))
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('Expected')])
      expect(await titles()).toEqual(before)
    })

    it('more storms at once than one page makes', async () => {
      const body = JSON.stringify({ recorded: [{ atMs: 600_000, change: 'goal' }] })
      const leaving = new AbortController()
      const refused: number[] = []
      const storms = Array.from({ length: 40 }, () =>
        fetch(`${get().url}/api/storm`, { method: 'POST', headers: json, body, signal: leaving.signal }).then(
          ({ status }) => refused.push(status),
          () => 'left',
        ),
      )
      await until(() => refused.length > 0, 'a refusal')
      leaving.abort()
      const left = (await Promise.all(storms)).filter((end) => end === 'left')
      expect(left.length).toBeGreaterThan(1)
      expect(new Set(refused)).toEqual(new Set([429]))
      const short = JSON.stringify({ recorded: [] })
      await vi.waitFor(async () => expect((await post('/api/storm', short)).status).toBe(200), patience)
    })

    it('nobody for whom a storm would go on: it ends with its page', async () => {
      const leaving = new AbortController()
      const recorded = Array.from({ length: 1000 }, (_entry, n) => ({ atMs: n * 20, change: 'checkIn' }))
      const left = fetch(`${get().url}/api/storm`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ recorded }),
        signal: leaving.signal,
      }).catch(() => 'left')
      const before = Number(await checkIns())
      await vi.waitFor(async () => expect(Number(await checkIns())).toBeGreaterThan(before), patience)
      leaving.abort()
      expect(await left).toBe('left')
      await vi.waitFor(
        async () => {
          const now = await checkIns()
          await new Promise((resolve) => setTimeout(resolve, 300))
          expect(await checkIns()).toBe(now)
        },
        { ...patience, interval: 0 },
      )
    })

    it.each([
      ['an unknown endpoint', { endpoint: 'GET /api/nothing' }],
      ['no endpoint', {}],
      ['a status below 400', { endpoint: 'GET /api/goals', status: 204 }],
      ['a status that no server has', { endpoint: 'GET /api/goals', status: 1000 }],
      ['a status that is text', { endpoint: 'GET /api/goals', status: 'x' }],
      ['half a time', { endpoint: 'GET /api/goals', times: 0.5 }],
      ['a negative count', { endpoint: 'GET /api/goals', times: -1 }],
      ['a count that is text', { endpoint: 'GET /api/goals', times: '2' }],
    ])('a failure with %s', async (_name, options) => {
      const answer = await post('/api/failures', JSON.stringify(options))
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('Expected')])
      expect((await send('/api/goals')).status).toBe(200)
    })

    it('settings of the wrong kind', async () => {
      for (const body of ['{"latencyMs":"5"}', '{"latencyMs":null}', '{"errorRate":[]}', '{"errorRate":2}']) {
        expect((await send('/api/metrics', { method: 'PATCH', body, headers: json })).status).toBe(400)
      }
      expect([get().api.latencyMs, get().api.errorRate]).toEqual([0, 0])
    })

    it.each([
      ['a note without an end', { goalId: 1, note: 'x'.repeat(100_000) }],
      ['a note that no database takes', { goalId: 1, note: '\0' }],
    ])('a check-in with %s', async (_name, body) => {
      expect((await post('/api/check-ins', JSON.stringify(body))).status).toBe(400)
    })
  })

  describe('takes nothing from other sites', () => {
    const own = () => [`127.0.0.1:${portOf(get().url)}`, `localhost:${portOf(get().url)}`]
    const foreign = () => [
      'https://evil.example',
      'null',
      `http://evil.example:${portOf(get().url)}`,
      'http://127.0.0.1:3000',
      'http://localhost',
      `https://127.0.0.1:${portOf(get().url)}`,
      `http://127.0.0.1:${portOf(get().url)}.evil.example`,
    ]

    it('answers its own names only, whatever leads to this machine', async () => {
      const statusOf = async (host: string) => (await send('/api/goals', { headers: { host } })).status
      for (const host of own()) expect([host, await statusOf(host)]).toEqual([host, 200])
      const others = [`evil.example:${portOf(get().url)}`, 'evil.example', '127.0.0.1', '127.0.0.1:1', 'localhost.evil']
      for (const host of others) expect([host, await statusOf(host)]).toEqual([host, 403])
    })

    it('shows its page and its key to nobody under another name', async () => {
      const headers = { host: `evil.example:${portOf(get().url)}` }
      for (const path of ['/', '/config.json', '/nothing']) expect((await send(path, { headers })).status).toBe(403)
    })

    it('answers its own origin only', async () => {
      const statusOf = async (method: string, origin: string) =>
        (await send('/api/daily-motivations/regenerate', { method, headers: { ...json, origin } })).status
      for (const host of own()) expect(await statusOf('POST', `http://${host}`)).toBe(200)
      const before = await get().db.query('select id from public.daily_motivations order by id')
      for (const origin of foreign()) {
        for (const method of ['POST', 'GET', 'OPTIONS', 'PATCH', 'DELETE', 'PUT']) {
          expect([origin, method, await statusOf(method, origin)]).toEqual([origin, method, 403])
        }
      }
      expect(await get().db.query('select id from public.daily_motivations order by id')).toEqual(before)
    })

    it.each(['cross-site', 'same-site'])('refuses writes that are %s', async (site) => {
      const headers = { ...json, 'sec-fetch-site': site }
      const before = await checkIns()
      expect((await post('/api/check-ins', '{"goalId":1}', headers)).status).toBe(403)
      expect(await checkIns()).toBe(before)
    })

    it('opens no websocket for another origin or under another name', async () => {
      const { url, anonKey } = get()
      const target = `/realtime/v1/websocket?vsn=2.0.0&apikey=${anonKey}`
      for (const origin of foreign()) expect(await upgradeRaw(url, target, { origin })).not.toContain(' 101 ')
      const host = `evil.example:${portOf(url)}`
      expect(await upgradeRaw(url, target, { host, origin: `http://${host}` })).not.toContain(' 101 ')
    })

    it.each(['/', '/api/goals', '/api/nothing'])('lets nobody frame, sniff or embed %s', async (path) => {
      const { headers } = await send(path)
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      })
    })
  })

  describe('reads', () => {
    it.each([
      ['text', 'text/plain'],
      ['a form', 'application/x-www-form-urlencoded'],
      ['a form of parts', 'multipart/form-data; boundary=a'],
      ['JSON under another name', 'text/plain; application/json'],
      ['no type', ''],
    ])('JSON, not %s', async (_name, type) => {
      const before = await checkIns()
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
      expect((await post('/api/check-ins', '{"goalId":1}', headers)).status).toBe(415)
      expect(await checkIns()).toBe(before)
    })

    it.each(['{', '[]', '7', 'null', '"goal"'])('objects, not %s', async (body) => {
      for (const path of ['/api/check-ins', '/api/storm', '/api/changes', '/api/failures']) {
        expect([path, (await post(path, body)).status]).toEqual([path, 400])
      }
    })

    it('JSON with parameters, as browsers send it', async () => {
      const headers = { 'content-type': 'application/json; charset=utf-8' }
      expect((await post('/api/check-ins', '{"goalId":1}', headers)).status).toBe(201)
    })

    it.each([false, true])('no body of more than 1 MB (chunked: %s)', async (isChunked) => {
      const body = JSON.stringify({ goalId: 1, note: 'x'.repeat(2_000_000) })
      const options = { method: 'POST', body, headers: json, isChunked }
      const answer = await send('/api/check-ins', options).catch(() => ({ status: 413 }))
      expect(answer.status).toBe(413)
      expect((await send('/api/goals')).status).toBe(200)
    })
  })
})

describe('realtime of the embedded backend', () => {
  const target = (key: string) => `/realtime/v1/websocket?vsn=2.0.0&apikey=${key}`
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  /** A key as anybody who has read the source could have made it. */
  const forged = (() => {
    const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ role: 'anon', exp: 4_000_000_000 })}`
    return `${text}.${createHmac('sha256', 'realtime-coalescer-demo-secret').update(text).digest('base64url')}`
  })()

  it('opens a websocket for the key of its page, and its page alone', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const origin = `http://${host}:${portOf(embedded.url)}`
      expect(await upgradeRaw(embedded.url, target(embedded.anonKey), { origin })).toContain(' 101 ')
    }
    const others = ['sb_publishable_abc', forged, embedded.signToken({ role: 'service_role' }), '', 'x']
    for (const key of others) expect(await upgradeRaw(embedded.url, target(key))).toContain(' 401 ')
  })

  it('takes broadcasts over HTTP with the key of its page only', async () => {
    const raw = await openRaw(embedded)
    await raw.ask('1', 'realtime:room', 'phx_join', { config: {} })
    const body = JSON.stringify({ messages: [{ topic: 'room', event: 'hi', payload: {} }] })
    const statusOf = async (headers: Record<string, string>, options: RawRequest = {}) =>
      (await sendRaw(embedded.url, '/realtime/v1/api/broadcast', { method: 'POST', body, headers, ...options })).status
    const apikey = embedded.anonKey
    expect(await statusOf(json)).toBe(401)
    expect(await statusOf({ ...json, apikey: 'sb_publishable_abc' })).toBe(401)
    expect(await statusOf({ ...json, apikey: forged })).toBe(401)
    expect(await statusOf({ ...json, apikey, origin: 'https://evil.example' })).toBe(403)
    expect(await statusOf({ ...json, apikey, 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await statusOf({ 'content-type': 'text/plain', apikey })).toBe(415)
    const large = JSON.stringify({ messages: [{ topic: 'room', event: 'hi', payload: 'x'.repeat(6_000_000) }] })
    const isRefused = statusOf({ ...json, apikey }, { body: large, isChunked: true }).catch(() => 413)
    expect(await isRefused).toBe(413)
    expect(raw.frames.filter(([, , , event]) => event === 'broadcast')).toEqual([])
    expect(await statusOf({ ...json, apikey })).toBe(202)
    await raw.ask(null, 'phoenix', 'heartbeat', {})
    expect(raw.frames.filter(([, , , event]) => event === 'broadcast')).toHaveLength(1)
    raw.socket.terminate()
  })

  it('takes no close code that a websocket cannot carry', async () => {
    const raw = await openRaw(embedded)
    const answer = await sendRaw(embedded.url, '/api/faults/closeSockets', {
      method: 'POST',
      body: '{"code":7}',
      headers: json,
    })
    expect(answer.status).toBe(400)
    expect(await raw.ask(null, 'phoenix', 'heartbeat', {})).toMatchObject({ status: 'ok' })
    raw.socket.terminate()
  })
})
