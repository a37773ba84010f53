import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import type { RealtimeFaults } from '../../demo/server/realtime/controls.ts'
import { type Listening, closeClients, connect, listenTo, until } from './support.ts'

let backend: Backend
let faults: RealtimeFaults

beforeAll(async () => {
  backend = await startBackend()
  faults = backend.realtime.faults
})
afterAll(() => backend.stop())
afterEach(async () => {
  faults.reset()
  await closeClients({ mayReconnect: true })
})

const hasty = { reconnectAfterMs: () => 30 }
const goals = [{ table: 'goals' }]

/** Renames goals, one row change each, and waits until the server has read them. */
async function rename(...titles: string[]): Promise<void> {
  for (const title of titles) await backend.db.query('update public.goals set title = $1 where id = 1', [title])
  await backend.realtime.drained()
}

function titles(changes: { new: object }[]): unknown[] {
  return changes.map((change) => (change.new as { title?: string }).title)
}

describe('joining', () => {
  it('tells SUBSCRIBED before system ok', async () => {
    faults.set({ systemOkDelayMs: 600_000 })
    const waiting = listenTo(connect(backend), goals)
    await until(() => waiting.statuses.length > 0)
    expect([waiting.statuses, waiting.isLive()]).toEqual([['SUBSCRIBED'], false])
    faults.set({ systemOkDelayMs: 50 })
    await listenTo(connect(backend), goals).live()
  })

  it('never attaches without system ok: changes are lost, and not sent later', async () => {
    faults.set({ withholdSystemOk: true })
    const listening = listenTo(connect(backend), goals)
    await until(() => listening.statuses.length > 0)
    const { frames } = backend.realtime.stats
    await rename('lost')
    expect(backend.realtime.stats.frames).toBe(frames)
    faults.reset()
    await listening.channel.unsubscribe()
    const again = listenTo(connect(backend), goals)
    await again.live()
    await rename('heard')
    await until(() => again.changes.length > 0)
    expect([titles(listening.changes), titles(again.changes)]).toEqual([[], ['heard']])
  })

  it('times out without a reply, and succeeds at the next try', async () => {
    faults.set({ withholdJoinReply: true })
    const listening = listenTo(connect(backend), goals, { timeoutMs: 500 })
    await until(() => listening.statuses.includes('TIMED_OUT'))
    faults.reset()
    await listening.live()
    expect([listening.statuses[0], listening.statuses.at(-1)]).toEqual(['TIMED_OUT', 'SUBSCRIBED'])
  })

  it('replies late', async () => {
    faults.set({ joinReplyDelayMs: 60 })
    const listening = listenTo(connect(backend), goals)
    await listening.live()
    expect(listening.statuses).toEqual(['SUBSCRIBED'])
  })

  it('fails as often as it is told, with the reason', async () => {
    faults.failJoins(1, 'RealtimeRestarting: Realtime is restarting, please standby')
    const listening = listenTo(connect(backend), goals)
    await listening.live()
    const reason = 'RealtimeRestarting: Realtime is restarting, please standby'
    expect(listening.statuses).toEqual([`CHANNEL_ERROR: ${reason}`, 'SUBSCRIBED'])
  })

  it('ends the channel when the reply has other bindings', async () => {
    faults.set({ joinReplyBindings: 'empty' })
    const client = connect(backend)
    const listening = listenTo(client, goals)
    await until(() => listening.statuses.length === 2)
    const mismatch = 'mismatch between server and client bindings for postgres changes'
    expect(listening.statuses).toEqual(['CLOSED', `CHANNEL_ERROR: ${mismatch}`])
    expect(client.getChannels()).toEqual([])
  })

  it('sends everything of the topic to bindings without an id', async () => {
    faults.set({ joinReplyBindings: 'missing' })
    const listening = listenTo(connect(backend), [...goals, { table: 'partners' }])
    await listening.live()
    await rename('for both')
    await until(() => listening.changes.length === 2)
    expect(listening.changesOf.map(titles)).toEqual([['for both'], ['for both']])
  })
})

describe('changes', () => {
  it('are lost: the next few', async () => {
    const listening = await joined()
    const { lost } = backend.realtime.stats
    faults.loseNext(2)
    await rename('lost', 'lost too', 'heard')
    await until(() => listening.changes.length > 0)
    expect(titles(listening.changes)).toEqual(['heard'])
    expect([backend.realtime.stats.lost - lost, faults.counters.loseNext]).toEqual([2, 0])
  })

  it('are lost: all of them until the fault ends', async () => {
    const listening = await joined()
    faults.set({ loseChanges: true })
    await rename('lost', 'lost too')
    faults.reset()
    await rename('heard')
    await until(() => listening.changes.length > 0)
    expect(titles(listening.changes)).toEqual(['heard'])
  })

  it('are lost: those above the rate limit', async () => {
    const listening = await joined()
    faults.set({ maxChangesPerSecond: 3 })
    await backend.db.query(
      `insert into public.goals (user_id, title) select 8, n::text from generate_series(1, 9) as n`,
    )
    await backend.realtime.drained()
    faults.reset()
    await rename('heard')
    await until(() => titles(listening.changes).includes('heard'))
    expect(titles(listening.changes)).toEqual(['1', '2', '3', 'heard'])
  })

  it('come twice', async () => {
    const listening = await joined()
    faults.duplicateNext(1)
    await rename('double', 'single')
    await until(() => listening.changes.length === 3)
    faults.set({ duplicateChanges: true })
    await rename('again')
    await until(() => listening.changes.length === 5)
    expect(titles(listening.changes)).toEqual(['double', 'double', 'single', 'again', 'again'])
    expect(listening.changes[0]).toEqual(listening.changes[1])
  })

  it('come to a binding they were not meant for, and not to the one they were', async () => {
    const listening = listenTo(connect(backend), [{ table: 'goals' }, { table: 'partners' }])
    await listening.live()
    faults.misrouteNext(1)
    await rename('misrouted', 'routed')
    await until(() => listening.changes.length === 2)
    expect(listening.changesOf.map(titles)).toEqual([['routed'], ['misrouted']])
    expect(listening.changesOf[1]?.[0]?.table).toBe('goals')
  })

  it.each([
    [400, 'Error 400: Bad Request, no primary key', {}],
    [401, 'Error 401: Unauthorized', {}],
    [413, 'Error 413: Payload Too Large', { id: 1 }],
  ] as const)('come with errors: %d', async (status, error, record) => {
    const listening = await joined()
    faults.corruptNext(1, status)
    await rename('corrupt', 'sound')
    await until(() => listening.changes.length === 2)
    expect(listening.changes[0]).toMatchObject({ eventType: 'UPDATE', new: record, errors: [error] })
    expect(listening.changes[0]?.new).not.toHaveProperty('title')
    expect(listening.changes[1]).toMatchObject({ new: { title: 'sound' }, errors: null })
  })

  it('come late and in order', async () => {
    const listening = await joined()
    faults.set({ deliveryDelayMs: 200 })
    const writtenAtMs = performance.now()
    await rename('first')
    faults.set({ deliveryDelayMs: 0 })
    await rename('second')
    await until(() => listening.changes.length > 0)
    // A timer may be a millisecond early.
    expect(performance.now() - writtenAtMs).toBeGreaterThanOrEqual(199)
    await until(() => listening.changes.length === 2)
    expect(titles(listening.changes)).toEqual(['first', 'second'])
  })

  it('come together when they are read rarely', async () => {
    const listening = await joined()
    faults.set({ pollIntervalMs: 60_000 })
    const { captured } = backend.realtime.stats
    for (const title of ['a', 'b', 'c'])
      await backend.db.query('update public.goals set title = $1 where id = 1', [title])
    expect(backend.realtime.stats.captured).toBe(captured)
    await backend.realtime.drained()
    await until(() => listening.changes.length === 3)
    expect(titles(listening.changes)).toEqual(['a', 'b', 'c'])
  })

  async function joined() {
    const listening = listenTo(connect(backend), goals)
    await listening.live()
    return listening
  }
})

describe('sockets', () => {
  it.each([
    ['terminated', () => faults.terminateSockets(), 'socket closed: 1006'],
    ['closed with 1001', () => faults.closeSockets(1001), 'socket closed: 1001'],
    ['closed with 1000 and a reason', () => faults.closeSockets(1000, 'bye'), 'socket closed: 1000 (bye)'],
    ['closed by a restart', () => faults.restart(), 'socket closed: 1012'],
  ])('%s: one CHANNEL_ERROR, then the channel comes back; changes in between are lost', async (_, fault, message) => {
    const listening = listenTo(connect(backend, hasty), goals)
    await listening.live()
    faults.set({ upgrade: 'refuse' })
    fault()
    await rename('lost')
    await until(() => listening.statuses.length === 2)
    faults.reset()
    const isBack = () => listening.system.filter(({ extension }) => extension === 'postgres_changes').length === 2
    await until(isBack)
    await rename('heard')
    await until(() => listening.changes.length > 0)
    expect(listening.statuses).toEqual(['SUBSCRIBED', `CHANNEL_ERROR: ${message}`, 'SUBSCRIBED'])
    expect(titles(listening.changes)).toEqual(['heard'])
  })

  it('announces a restart', async () => {
    const listening = listenTo(connect(backend, hasty), goals)
    await listening.live()
    faults.restart()
    await until(() => listening.system.length > 1)
    expect(listening.system[1]).toMatchObject({
      extension: 'system',
      status: 'ok',
      message: 'Server requested disconnect',
    })
  })

  it.each(['refuse', 401, 429] as const)(
    'are not accepted (%s): a transport failure until they are',
    async (upgrade) => {
      faults.set({ upgrade })
      const listening = listenTo(connect(backend, hasty), goals)
      await until(() => listening.statuses.length > 0)
      faults.reset()
      await until(() => listening.isLive())
      expect(listening.statuses[0]).toBe('CHANNEL_ERROR: channel error: transport failure')
      expect(listening.statuses.at(-1)).toBe('SUBSCRIBED')
    },
  )

  it('go silent: unanswered heartbeats end the connection, and the next one works', async () => {
    // The client takes 150 ms to give a silent socket up; a reconnect before that leaves it with two.
    const client = connect(backend, { reconnectAfterMs: () => 300, heartbeatIntervalMs: 200 })
    const listening = listenTo(client, goals)
    await listening.live()
    faults.set({ muteHeartbeats: true })
    await until(() => listening.statuses.at(-1) === 'CHANNEL_ERROR: heartbeat timeout')
    faults.reset()
    await until(() => listening.statuses.at(-1) === 'SUBSCRIBED')
    expect(listening.statuses[0]).toBe('SUBSCRIBED')
  })

  it('find nobody while the backend is suspended; after it, the data is still there', async () => {
    const listening = listenTo(connect(backend, hasty), goals)
    await listening.live()
    await backend.suspend()
    await expect(fetch(`${backend.url}/api/goals`)).rejects.toThrow('fetch failed')
    await until(() => listening.statuses.length === 2)
    await rename('while away')
    await backend.resume()
    await until(() => listening.statuses.length === 3)
    expect(JSON.stringify(await (await fetch(`${backend.url}/api/goals`)).json())).toContain('while away')
    expect(listening.changes).toEqual([])
  })
})

describe('channels', () => {
  it('crash and rejoin on the same socket', async () => {
    const listening = listenTo(connect(backend), goals)
    await listening.live()
    const [before] = backend.realtime.connections()
    faults.crashChannels()
    await until(() => listening.statuses.length === 3)
    expect(listening.statuses).toEqual(['SUBSCRIBED', 'CHANNEL_ERROR: channel error: transport failure', 'SUBSCRIBED'])
    expect(backend.realtime.connections().map(({ id }) => id)).toEqual([before?.id])
  })

  it('are closed for good, each by its name', async () => {
    const client = connect(backend)
    const [closed, open] = [listenTo(client, goals, { name: 'one' }), listenTo(client, goals, { name: 'two' })]
    await Promise.all([closed.live(), open.live()])
    faults.closeChannels('one')
    await until(() => closed.statuses.length === 2)
    const { frames } = backend.realtime.stats
    await rename('heard')
    await until(() => open.changes.length === 1)
    expect(backend.realtime.stats.frames).toBe(frames + 1)
    expect([closed.statuses, closed.changes, open.statuses]).toEqual([['SUBSCRIBED', 'CLOSED'], [], ['SUBSCRIBED']])
    expect(backend.realtime.connections()[0]?.channels.map(({ topic }) => topic)).toEqual(['realtime:two'])
  })

  it.each([
    ['an expired token', () => faults.expireTokens(), 'Token has expired 0 seconds ago'],
    ['too many messages', () => faults.exceedRateLimit(), 'Too many messages per second'],
  ])('are closed after a system error: %s', async (_, fault, message) => {
    const listening = listenTo(connect(backend), goals)
    await listening.live()
    fault()
    await until(() => listening.statuses.length === 2)
    expect(listening.system.at(-1)).toMatchObject({ extension: 'system', status: 'error', message })
    expect(listening.statuses).toEqual(['SUBSCRIBED', 'CLOSED'])
  })

  it('are closed when their token expires by itself, unless a new one came', async () => {
    const { late, renewed } = await joinBriefly()
    await until(() => late.statuses.length === 2)
    expect([late.statuses, renewed.statuses]).toEqual([['SUBSCRIBED', 'CLOSED'], ['SUBSCRIBED']])
  })

  /** Two that have joined with a token about to expire, one of which has a new one. */
  async function joinBriefly(lifeS = 1): Promise<{ late: Listening; renewed: Listening }> {
    const exp = Math.floor(Date.now() / 1000) + 1 + lifeS
    const clients = [connect(backend), connect(backend)] as const
    for (const client of clients) await client.realtime.setAuth(backend.signToken({ exp }))
    const [late, renewed] = [listenTo(clients[0], goals), listenTo(clients[1], goals)]
    const isFine = ({ statuses }: Listening) => statuses.every((status) => status === 'SUBSCRIBED')
    await until(() => [late, renewed].every((listening) => listening.isLive() || !isFine(listening)))
    await clients[1].realtime.setAuth(backend.signToken())
    await until(() => renewed.system.length === 2 || !isFine(renewed))
    if (isFine(late) && isFine(renewed)) return { late, renewed }
    // Tokens live longer at each try, until they outlive joins and renewal on this machine.
    await closeClients({ mayReconnect: true })
    return joinBriefly(2 * lifeS)
  }

  it('refuse a token that is already expired, or none at all', async () => {
    const client = connect(backend)
    await client.realtime.setAuth(backend.signToken({ exp: 1 }))
    const expired = listenTo(client, goals)
    await until(() => expired.statuses.length > 0)
    expect(expired.statuses[0]).toMatch(/^CHANNEL_ERROR: InvalidJWTToken: Token has expired \d+ seconds ago$/)
  })

  it('hear system ok again, and system messages', async () => {
    const listening = listenTo(connect(backend), goals)
    await listening.live()
    faults.repeatSystemOk()
    faults.sendSystem('postgres_changes', 'error', 'something happened')
    await until(() => listening.system.length === 3)
    expect(listening.system.map(({ status }) => status)).toEqual(['ok', 'ok', 'error'])
    expect(listening.statuses).toEqual(['SUBSCRIBED'])
  })

  it('survive frames that no server would send', async () => {
    const listening = listenTo(connect(backend), goals, { name: 'raw' })
    await listening.live()
    faults.sendRaw('[null,null,"realtime:nobody","postgres_changes",{"ids":[1],"data":{}}]')
    await rename('heard')
    await until(() => listening.changes.length === 1)
    expect(listening.statuses).toEqual(['SUBSCRIBED'])
  })
})

describe('over HTTP', () => {
  const send = (method: string, path: string, body: unknown) =>
    fetch(`${backend.url}/api/faults${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  it('settings and actions are the same', async () => {
    const listening = listenTo(connect(backend), goals)
    await listening.live()
    const patched = await send('PATCH', '', { duplicateChanges: true })
    await send('POST', '/loseNext', { times: 1 })
    expect(await patched.json()).toMatchObject({ settings: { duplicateChanges: true } })
    await rename('lost', 'double')
    await until(() => listening.changes.length === 2)
    expect(titles(listening.changes)).toEqual(['double', 'double'])
    await send('PATCH', '', { maxChangesPerSecond: 5 })
    await send('PATCH', '', { maxChangesPerSecond: null })
    expect(faults.settings.maxChangesPerSecond).toBe(Infinity)
    await send('POST', '/reset', {})
    expect(faults.settings.duplicateChanges).toBe(false)
  })

  it.each([
    ['PATCH', '', { unheardOf: 1 }, 400],
    ['PATCH', '', { toString: 1 }, 400],
    ['PATCH', '', { upgrade: 200 }, 400],
    ['PATCH', '', { upgrade: 'perhaps' }, 400],
    ['PATCH', '', { muteHeartbeats: 'yes' }, 400],
    ['PATCH', '', { deliveryDelayMs: -1 }, 400],
    ['PATCH', '', { deliveryDelayMs: null }, 400],
    ['PATCH', '', { joinReplyBindings: 'some' }, 400],
    ['POST', '/corruptNext', { status: 500 }, 400],
    ['POST', '/unheardOf', {}, 404],
    ['POST', '/constructor', {}, 404],
    ['POST', '/loseNext', { times: -1 }, 400],
  ])('%s %s %o is refused', async (method, path, body, status) => {
    expect((await send(method, path, body)).status).toBe(status)
  })
})
