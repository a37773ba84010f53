import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { type Frame, type RawSocket, joinPayload, openRaw } from './rawSocket.ts'
import { closeClients, connect, listenTo, until } from './support.ts'

let backend: Backend
const raws: RawSocket[] = []

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.stop())
afterEach(async () => {
  for (const raw of raws.splice(0)) raw.socket.terminate()
  await closeClients()
})

async function open(query?: Record<string, string>): Promise<RawSocket> {
  const raw = await openRaw(backend, query)
  raws.push(raw)
  return raw
}

const allGoals = { event: '*', schema: 'public', table: 'goals' }
function payloadOf(frame: Frame | undefined): unknown {
  return frame?.[4]
}

const ok = { status: 'ok', response: {} }

describe('frames of vsn 2.0.0', () => {
  it('heartbeat', async () => {
    const raw = await open()
    raw.send([null, '8', 'phoenix', 'heartbeat', {}])
    await until(() => raw.frames.length > 0)
    expect(raw.frames).toEqual([[null, '8', 'phoenix', 'phx_reply', ok]])
  })

  it('join: bindings come back as they were, in order, with integer ids; then system ok', async () => {
    const raw = await open()
    const bindings = [allGoals, { event: 'INSERT', schema: 'public', table: 'goals', filter: 'id=eq.1' }, allGoals]
    raw.send(['6', '6', 'realtime:db', 'phx_join', joinPayload(bindings)])
    await until(() => raw.frames.length === 2)
    const [reply, system] = raw.frames
    const { response } = payloadOf(reply) as { response: { postgres_changes: { id: number }[] } }
    const ids = response.postgres_changes.map(({ id }) => id)
    expect(reply?.slice(0, 4)).toEqual(['6', '6', 'realtime:db', 'phx_reply'])
    expect(response.postgres_changes).toEqual(bindings.map((binding, index) => ({ id: ids[index], ...binding })))
    expect(ids.every((id) => Number.isInteger(id))).toBe(true)
    expect([ids[0] === ids[2], ids[0] === ids[1]]).toEqual([true, false])
    expect(system).toEqual([
      '6',
      null,
      'realtime:db',
      'system',
      { message: 'Subscribed to PostgreSQL', status: 'ok', extension: 'postgres_changes', channel: 'db' },
    ])
    const again = await open()
    again.send(['1', '1', 'realtime:other', 'phx_join', joinPayload(bindings)])
    await until(() => again.frames.length === 2)
    expect(again.frames[0]?.[4]).toEqual(reply?.[4])
  })

  it('postgres_changes: one frame for each row with all matching ids, digits kept', async () => {
    await backend.db.exec(`
      create table public.big (id bigint primary key, qty numeric);
      alter publication supabase_realtime add table public.big;
    `)
    const raw = await open()
    const binding = { event: '*', schema: 'public', table: 'big' }
    const bindings = ['*', 'UPDATE', 'insert', 'unheard of'].map((event) => ({ ...binding, event }))
    const joined = await raw.ask('1', 'realtime:db', 'phx_join', joinPayload(bindings))
    const { response } = joined as { response: { postgres_changes: { id: number }[] } }
    const ids = [0, 2, 3].map((index) => response.postgres_changes[index]?.id)
    await until(() => raw.frames.some(([, , , event]) => event === 'system'))
    const texts: string[] = []
    raw.socket.on('message', (data: Buffer) => texts.push(data.toString()))
    await backend.db.query('insert into public.big values (9007199254740993, 1.50)')
    await until(() => texts.length === 1)
    const timestamp = /"commit_timestamp":"([^"]*)"/.exec(texts[0] ?? '')?.[1]
    expect(texts).toEqual([
      `[null,null,"realtime:db","postgres_changes",{"ids":${JSON.stringify(ids)},"data":{"schema":"public","table":"big","type":"INSERT",` +
        `"commit_timestamp":"${timestamp}","columns":[{"name":"id","type":"int8"},{"name":"qty","type":"numeric"}],` +
        `"record":{"id": 9007199254740993, "qty": 1.50},"errors":null}}]`,
    ])
  })

  it('a second join of a topic replaces the first, which is closed with its own join_ref', async () => {
    const raw = await open()
    await raw.ask('1', 'realtime:db', 'phx_join', joinPayload([allGoals]))
    await raw.ask('2', 'realtime:db', 'phx_join', joinPayload([allGoals]))
    await until(() => raw.frames.some(([, , , event]) => event === 'phx_close'))
    expect(raw.frames.find(([, , , event]) => event === 'phx_close')).toEqual([
      '1',
      '1',
      'realtime:db',
      'phx_close',
      {},
    ])
    expect(backend.realtime.connections()[0]?.channels).toMatchObject([{ topic: 'realtime:db', joinRef: '2' }])
    const framesOf = (name: string) => raw.frames.filter(([, , , event]) => event === name).length
    await until(() => framesOf('system') > 0)
    await backend.db.query(`update public.goals set title = 'once' where id = 1`)
    await backend.realtime.drained()
    await raw.ask(null, 'phoenix', 'heartbeat', {})
    expect(framesOf('postgres_changes')).toBe(1)
  })

  it('leave: reply, then phx_close; also for a topic that was never joined', async () => {
    const raw = await open()
    await raw.ask('1', 'realtime:db', 'phx_join', joinPayload())
    expect(await raw.ask('1', 'realtime:db', 'phx_leave', {})).toEqual(ok)
    expect(await raw.ask('1', 'realtime:never', 'phx_leave', {})).toEqual(ok)
    expect(raw.frames.map(([, , , event]) => event)).toEqual(['phx_reply', 'phx_reply', 'phx_close', 'phx_reply'])
    expect(backend.realtime.connections()[0]?.channels).toEqual([])
  })

  it('no system frame for a join without bindings', async () => {
    const raw = await open()
    await raw.ask('1', 'realtime:db', 'phx_join', joinPayload())
    await raw.ask(null, 'phoenix', 'heartbeat', {})
    expect(raw.frames.map(([, , , event]) => event)).toEqual(['phx_reply', 'phx_reply'])
  })

  it.each([
    ['unknown topic', 'realtime:never', 'broadcast', {}, 'unmatched topic'],
    ['foreign topic', 'room:1', 'phx_join', joinPayload(), 'unmatched topic'],
    ['nameless topic', 'realtime:', 'phx_join', joinPayload(), 'TopicNameRequired: You must provide a topic name'],
    [
      'no JWT',
      'realtime:a',
      'phx_join',
      { access_token: 'jwt' },
      'MalformedJWT: The token provided is not a valid JWT',
    ],
  ])('error reply: %s', async (_, topic, event, payload, reason) => {
    const raw = await open()
    expect(await raw.ask('1', topic, event, payload)).toEqual({ status: 'error', response: { reason } })
  })

  it('error reply: tokens that were signed by someone else, or say too little', async () => {
    const raw = await open()
    const [head, body] = backend.signToken().split('.')
    const withoutRole = backend.signToken({ role: undefined as unknown as string })
    const reasons = []
    for (const token of [`${head}.${body}.${'x'.repeat(43)}`, withoutRole]) {
      reasons.push(await raw.ask('1', 'realtime:a', 'phx_join', { config: {}, access_token: token }))
    }
    expect(reasons).toMatchObject([
      { status: 'error', response: { reason: 'JwtSignatureError: Failed to validate JWT signature' } },
      { status: 'error', response: { reason: 'InvalidJWTToken: Fields `role` and `exp` are required in JWT' } },
    ])
  })

  it('a token that is no news changes nothing; another one brings system ok again', async () => {
    const raw = await open()
    const [first, second] = [backend.signToken({ n: 1 }), backend.signToken({ n: 2 })]
    const payload = { ...(joinPayload([allGoals]) as object), access_token: first }
    await raw.ask('1', 'realtime:a', 'phx_join', payload)
    await until(() => raw.frames.length === 2)
    for (const token of [first, second]) raw.send(['1', '9', 'realtime:a', 'access_token', { access_token: token }])
    await until(() => raw.frames.length === 3)
    await raw.ask(null, 'phoenix', 'heartbeat', {})
    expect(raw.frames.map(([, , , event]) => event)).toEqual(['phx_reply', 'system', 'system', 'phx_reply'])
  })

  it('presence takes nothing but an object', async () => {
    const raw = await open()
    await raw.ask('1', 'realtime:a', 'phx_join', joinPayload())
    const track = { type: 'presence', event: 'track', payload: 'here' }
    const reason = 'Presence track payload must be a map'
    expect(await raw.ask('1', 'realtime:a', 'presence', track)).toEqual({ status: 'error', response: { reason } })
  })

  it('a token that cannot be read, sent later, closes the channel', async () => {
    const raw = await open()
    await raw.ask('1', 'realtime:a', 'phx_join', joinPayload())
    raw.send(['1', '9', 'realtime:a', 'access_token', { access_token: 'sb_publishable_key' }])
    raw.send(['1', '9', 'realtime:a', 'access_token', { access_token: 'nonsense' }])
    await until(() => raw.frames.length === 3)
    expect(raw.frames.slice(1)).toMatchObject([
      ['1', null, 'realtime:a', 'system', { status: 'error', message: 'The token provided is not a valid JWT' }],
      ['1', '1', 'realtime:a', 'phx_close', {}],
    ])
  })
})

describe('frames of vsn 1.0.0', () => {
  it('are objects, for the real client too', async () => {
    const listening = listenTo(connect(backend, { vsn: '1.0.0' }), [{ table: 'goals' }])
    await listening.live()
    expect(backend.realtime.connections()).toMatchObject([{ vsn: '1.0.0' }])
    await backend.db.query(`update public.goals set title = 'old style' where id = 1`)
    await until(() => listening.changes.length === 1)
    expect(listening.changes[0]).toMatchObject({ eventType: 'UPDATE', new: { title: 'old style' } })
  })

  it('carry no join_ref', async () => {
    const raw = await open({ vsn: '1.0.0' })
    raw.send({ topic: 'phoenix', event: 'heartbeat', payload: {}, ref: '1', join_ref: null })
    await until(() => raw.frames.length === 1)
    expect(raw.frames).toEqual([{ topic: 'phoenix', event: 'phx_reply', payload: ok, ref: '1' }])
  })
})

describe('upgrades that are refused', () => {
  it.each([
    ['no API key', { apikey: '' }, 'Unexpected server response: 401'],
    [
      'an API key of the new kind, which the gateway of a project turns into a token',
      { apikey: 'sb_publishable_x' },
      'Unexpected server response: 401',
    ],
    ['an unreadable API key', { apikey: 'nonsense' }, 'Unexpected server response: 401'],
    ['an unknown vsn', { vsn: '3.0.0' }, 'Unexpected server response: 403'],
  ])('%s', async (_, query, message) => {
    await expect(open(query)).rejects.toThrow(message)
  })

  it('accepts an API key of the new kind as the anonymous role', async () => {
    const other = await startBackend({ anonKey: 'sb_publishable_abc' })
    const raw = await openRaw(other)
    await raw.ask('1', 'realtime:db', 'phx_join', joinPayload([allGoals]))
    await until(() => raw.frames.length === 2)
    expect(raw.frames[1]).toMatchObject(['1', null, 'realtime:db', 'system', { status: 'ok' }])
    await other.stop()
  })
})

describe('broadcast', () => {
  it('reaches the others on the topic, and the sender when it asks for itself', async () => {
    const received: string[] = []
    const join = async (name: string, self: boolean) => {
      const channel = connect(backend).channel('room', { config: { broadcast: { self, ack: true } } })
      channel.on('broadcast', { event: 'hi' }, ({ payload }) => received.push(`${name} ${JSON.stringify(payload)}`))
      await new Promise((resolve) => {
        channel.subscribe(resolve)
      })
      return channel
    }
    const [ann, bob] = [await join('ann', false), await join('bob', true)]
    expect(await ann!.send({ type: 'broadcast', event: 'hi', payload: { n: 1 } })).toBe('ok')
    expect(await bob!.send({ type: 'broadcast', event: 'hi', payload: { n: 2 } })).toBe('ok')
    await until(() => received.length === 3)
    expect(received.toSorted()).toEqual(['ann {"n":2}', 'bob {"n":1}', 'bob {"n":2}'])
  })

  it('carries raw bytes', async () => {
    const [sender, listener] = [connect(backend).channel('bytes'), connect(backend).channel('bytes')]
    const received: unknown[] = []
    listener.on('broadcast', { event: 'blob' }, ({ payload }) => received.push(payload))
    for (const channel of [sender, listener]) await new Promise((resolve) => channel.subscribe(resolve))
    await sender.send({ type: 'broadcast', event: 'blob', payload: new Uint8Array([1, 2, 255]).buffer })
    await until(() => received.length === 1)
    expect(new Uint8Array(received[0] as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 255]))
  })

  it('is taken over HTTP, from a channel that is not joined and by httpSend', async () => {
    const listener = connect(backend).channel('http')
    const received: unknown[] = []
    listener.on('broadcast', { event: 'hi' }, ({ payload }) => received.push(payload))
    await new Promise((resolve) => {
      listener.subscribe(resolve)
    })
    const sender = connect(backend).channel('http')
    expect(await sender.httpSend('hi', { n: 1 })).toMatchObject({ success: true })
    expect(await sender.send({ type: 'broadcast', event: 'hi', payload: { n: 2 } })).toBe('ok')
    await until(() => received.length === 2)
    expect(received).toEqual([{ n: 1 }, { n: 2 }])
  })

  it('is refused over HTTP without an API key', async () => {
    const response = await fetch(`${backend.url}/realtime/v1/api/broadcast`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(401)
  })

  it('is refused when it is too large: an error for who asks, silence for who does not', async () => {
    const [asking, silent, listener] = [await open(), await open(), await open()]
    await asking.ask('1', 'realtime:room', 'phx_join', joinPayload([], { broadcast: { ack: true } }))
    for (const raw of [silent, listener]) await raw.ask('1', 'realtime:room', 'phx_join', joinPayload())
    const large = { type: 'broadcast', event: 'x', payload: { text: 'x'.repeat(3_000_501) } }
    const refused = { status: 'error', response: 'payload_size_exceeded' }
    expect(await asking.ask('1', 'realtime:room', 'broadcast', large)).toEqual(refused)
    silent.send(['1', '9', 'realtime:room', 'broadcast', large])
    for (const raw of [silent, listener]) await raw.ask(null, 'phoenix', 'heartbeat', {})
    expect([silent, listener].map(({ frames }) => frames.length)).toEqual([2, 2])
  })
})

describe('presence', () => {
  it('shows who is there, who comes and who goes', async () => {
    const join = async (key: string) => {
      const client = connect(backend)
      const channel = client.channel('lobby', { config: { presence: { key } } })
      channel.on('presence', { event: 'sync' }, () => undefined)
      await new Promise((resolve) => {
        channel.subscribe(resolve)
      })
      expect(await channel.track({ name: key })).toBe('ok')
      return { client, channel }
    }
    const ann = await join('ann')
    const bob = await join('bob')
    const present = () => Object.keys(ann.channel.presenceState()).toSorted().join()
    await until(() => present() === 'ann,bob')
    await until(() => Object.keys(bob.channel.presenceState()).length === 2)
    await bob.channel.untrack()
    await until(() => present() === 'ann')
    await bob.channel.track({ name: 'bob' })
    await until(() => present() === 'ann,bob')
    await bob.client.removeAllChannels()
    await until(() => present() === 'ann')
  })
})
