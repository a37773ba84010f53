import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Goal, DailyMotivation } from '../../demo/server/api/types.ts'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { closeClients, connect, listenTo, until } from './support.ts'

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.stop())
afterEach(closeClients)
beforeEach(() => backend.api.resetCounts())

async function api(method: string, path: string, body?: unknown) {
  const response = await fetch(`${backend.url}/api${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return { status: response.status, body: (await response.json()) as { data: unknown; version: number } & Mutation }
}

interface Mutation {
  transactionId: number
  error?: string
}

describe('from a write to the client', () => {
  it('sends the DELETE and the INSERT of a regenerated motivation with one commit timestamp', async () => {
    const listening = listenTo(connect(backend), [{ table: 'daily_motivations' }])
    await listening.live()
    const old = (await api('GET', '/daily-motivations/today')).body.data as DailyMotivation
    const { body } = await api('POST', '/daily-motivations/regenerate')
    await until(() => listening.changes.length >= 2)

    const [deleted, inserted] = listening.changes
    expect(listening.statuses).toEqual(['SUBSCRIBED'])
    expect(deleted).toMatchObject({ eventType: 'DELETE', old: { id: old.id }, new: {}, errors: null })
    expect(inserted).toMatchObject({ eventType: 'INSERT', old: {}, new: body.data, errors: null })
    expect(deleted?.commit_timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(inserted?.commit_timestamp).toBe(deleted?.commit_timestamp)
    expect((await api('GET', '/daily-motivations/today')).body.data).toEqual(body.data)
  })

  it('sends everything the triggers of a check-in write, the check-in itself first', async () => {
    const listening = listenTo(connect(backend), [{ table: '*' }])
    await listening.live()
    const { status } = await api('POST', '/check-ins', { goalId: 2, mood: 4 })
    await until(() => listening.changes.length >= 5)
    expect(status).toBe(201)
    expect(listening.changes.map(({ table, eventType }) => `${table} ${eventType}`)).toEqual([
      'check_ins INSERT',
      'goals UPDATE',
      'daily_summaries UPDATE',
      'partners UPDATE',
      'partners UPDATE',
    ])
  })

  it('gives each change to every binding it matches, once', async () => {
    const listening = listenTo(connect(backend), [
      { table: 'goals', event: '*' },
      { table: 'goals', event: 'UPDATE', filter: 'id=eq.1' },
      { table: 'goals', event: 'INSERT' },
      { table: 'goals', filter: 'id=eq.2' },
    ])
    await listening.live()
    await api('PATCH', '/goals/1', { title: 'Walk' })
    await api('PATCH', '/goals/2', { title: 'Sleep' })
    await until(() => listening.changesOf[3]?.length === 1)
    const titles = listening.changesOf.map((changes) => changes.map((change) => (change.new as Partial<Goal>).title))
    expect(titles).toEqual([['Walk', 'Sleep'], ['Walk'], [], ['Sleep']])
  })
})

describe('the HTTP API', () => {
  it('answers every GET with data and its version, and counts it', async () => {
    const paths = ['/goals', '/check-ins', '/partners', '/home-dashboard', '/analytics']
    paths.push('/daily-summaries/today', '/daily-motivations/today')
    for (const path of paths) {
      const { status, body } = await api('GET', path)
      expect([path, status, typeof body.version]).toEqual([path, 200, 'number'])
      expect(body.data).toBeTruthy()
    }
    await api('PATCH', '/goals/1', { status: 'paused' })
    await api('PATCH', '/goals/2', { status: 'paused' })
    expect(backend.api.counts()).toEqual({
      ...Object.fromEntries(paths.map((path) => [`GET /api${path}`, 1])),
      'PATCH /api/goals/:id': 2,
    })
  })

  it('gives a version above the transaction of every mutation the data contains', async () => {
    const before = await api('GET', '/goals')
    const patched = await api('PATCH', '/goals/3', { title: 'Write a letter' })
    const after = await api('GET', '/goals')
    expect(before.body.version).toBeLessThanOrEqual(patched.body.transactionId)
    expect(after.body.version).toBeGreaterThan(patched.body.transactionId)
  })

  it('reads the rows before the latency, like a slow response', async () => {
    backend.api.setLatencyMs(300)
    const slow = api('GET', '/goals')
    await until(() => backend.api.counts()['GET /api/goals'] === 1)
    const patched = await api('PATCH', '/goals/1', { title: 'Too late for the slow one' })
    backend.api.setLatencyMs(0)
    expect((await slow).body.version).toBeLessThanOrEqual(patched.body.transactionId)
  })

  it('delays GETs by the latency, and no writes', async () => {
    const giveUp = new AbortController()
    backend.api.setLatencyMs(60_000)
    let isAnswered = false
    const slow = fetch(`${backend.url}/api/goals`, { signal: giveUp.signal }).then(() => (isAnswered = true))
    await until(() => backend.api.counts()['GET /api/goals'] === 1)
    await api('PATCH', '/goals/1', { title: 'Not delayed' })
    backend.api.setLatencyMs(0)
    await api('GET', '/goals')
    expect(isAnswered).toBe(false)
    giveUp.abort()
    await expect(slow).rejects.toThrow('aborted')
    expect(() => backend.api.setLatencyMs(-1)).toThrow('Expected `latencyMs` to be 0–60000, got `-1`.')
    expect(() => backend.api.setErrorRate(2)).toThrow('Expected `errorRate` to be 0–1, got `2`.')
  })

  it('fails as often as it is told, then works', async () => {
    backend.api.fail('GET /api/goals', 503, 2)
    const statuses = []
    for (let n = 0; n < 3; n++) statuses.push((await api('GET', '/goals')).status)
    backend.api.setErrorRate(1)
    statuses.push((await api('GET', '/goals')).status)
    backend.api.heal()
    statuses.push((await api('GET', '/goals')).status)
    expect(statuses).toEqual([503, 503, 200, 500, 200])
  })

  it.each([
    ['POST', '/check-ins', { goalId: 999 }, 404],
    ['POST', '/check-ins', { goalId: '1; drop table goals' }, 400],
    ['POST', '/check-ins', { goalId: 1, mood: 9 }, 400],
    ['POST', '/check-ins', { goalId: 1, note: 5 }, 400],
    ['PATCH', '/goals/999', { title: 'x' }, 404],
    ['PATCH', '/goals/x', {}, 400],
    ['PATCH', '/goals/1', { status: 'gone' }, 400],
    ['PATCH', '/goals/1', { target_per_week: 0 }, 400],
    ['POST', '/changes', { change: 'unheard of' }, 400],
    ['POST', '/storm', { ratePerSecond: 1e9 }, 400],
    ['POST', '/storm', { mix: {} }, 400],
    ['GET', '/nothing', undefined, 404],
  ])('%s %s with %o is refused with a reason', async (method, path, body, status) => {
    const response = await api(method, path, body)
    expect(response.status).toBe(status)
    expect(response.body.error).toEqual(expect.any(String))
  })
})

describe('storms', () => {
  it('makes the planned number of writes, the same ones for the same seed', async () => {
    const options = { ratePerSecond: 1000, durationMs: 40 }
    const first = await backend.playStorm(options)
    const second = (await api('POST', '/storm', options)).body
    expect(first.writes).toBe(40)
    expect(second).toMatchObject({ writes: 40, writesByChange: first.writesByChange })
  })

  it('plays a recording in the order of its times', async () => {
    const recorded = [
      { atMs: 5, change: 'goal' },
      { atMs: 0, change: 'regenerate' },
    ] as const
    const listening = listenTo(connect(backend), [{ table: '*' }])
    await listening.live()
    await backend.playStorm({ recorded })
    await until(() => listening.changes.length >= 3)
    expect(listening.changes.map(({ table }) => table)).toEqual(['daily_motivations', 'daily_motivations', 'goals'])
  })

  it('makes one change on request', async () => {
    expect((await api('POST', '/changes', { change: 'partner' })).body.transactionId).toBeGreaterThan(0)
  })
})
