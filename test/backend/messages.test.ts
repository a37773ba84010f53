import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { type Frame, type RawSocket, joinPayload, openRaw } from './rawSocket.ts'
import { closeClients, connect, until } from './support.ts'

let backend: Backend
let lastRoom = 0
const raws: RawSocket[] = []
const user = '11111111-1111-1111-1111-111111111111'

beforeAll(async () => {
  backend = await startBackend()
  await backend.db.exec(`
    create table members (uid uuid, topic text);
    grant select on members to authenticated;
    create policy "rooms are read by users" on realtime.messages for select to authenticated
      using (realtime.topic() like 'room:%' and extension in ('broadcast', 'presence'));
    create policy "lists are read by members" on realtime.messages for select to authenticated
      using (exists (select from members where uid = auth.uid() and topic = realtime.topic()));
    create policy "open rooms are written" on realtime.messages for insert to authenticated
      with check (realtime.topic() like 'room:open%');
    create table notes (id int primary key, room text, body text);
    create function notes_changed() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      perform realtime.broadcast_changes(
        coalesce(new.room, old.room), tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
      return null;
    end $$;
    create trigger notes_changed after insert or update or delete on notes for each row execute function notes_changed();
  `)
})
afterAll(() => backend.stop())
afterEach(async () => {
  backend.realtime.faults.reset()
  for (const raw of raws.splice(0)) raw.socket.terminate()
  await closeClients()
})

async function open(query?: Record<string, string>): Promise<RawSocket> {
  const raw = await openRaw(backend, query)
  raws.push(raw)
  return raw
}

const room = () => `room:${++lastRoom}`
const ok = { status: 'ok', response: { postgres_changes: [] } }
const quote = (text: string) => `'${text.replaceAll("'", "''")}'`

function send(topic: string, payload: unknown, isPrivate = true): Promise<void> {
  return backend.db.exec(
    `select realtime.send(${quote(JSON.stringify(payload))}::jsonb, 'ev', ${quote(topic)}, ${isPrivate})`,
  )
}

/** Joins a topic as `sub`; gives the reply. */
function join(raw: RawSocket, topic: string, config: Record<string, unknown> = {}, sub: string | null = user) {
  const payload = joinPayload([], { private: true, ...config }) as Record<string, unknown>
  const token = sub === null ? {} : { access_token: backend.signToken({ sub }) }
  return raw.ask('1', `realtime:${topic}`, 'phx_join', { ...payload, ...token })
}

interface Heard {
  topic: string
  event: string
  meta: unknown
  isJson: boolean
  payload: string
}

/** A binary broadcast as a client takes it apart. */
function readBinary(bytes: Buffer): Heard {
  const [kind, topicLength = 0, eventLength = 0, metaLength = 0, encoding] = bytes
  expect(kind).toBe(4)
  const eventAt = 5 + topicLength
  const metaAt = eventAt + eventLength
  const meta = bytes.toString('utf8', metaAt, metaAt + metaLength)
  return {
    topic: bytes.toString('utf8', 5, eventAt),
    event: bytes.toString('utf8', eventAt, metaAt),
    meta: meta === '' ? undefined : JSON.parse(meta),
    isJson: encoding === 1,
    payload: bytes.toString('utf8', metaAt + metaLength),
  }
}

const heardBy = ({ binaries }: RawSocket) => binaries.map(readBinary)
const bodies = (raw: RawSocket) => heardBy(raw).map(({ payload }) => (JSON.parse(payload) as { body: unknown }).body)

interface Replayed {
  event: string
  payload: { body: unknown }
  meta: unknown
}

const replayedTo = ({ frames }: RawSocket) =>
  frames.filter((frame: Frame) => frame[3] === 'broadcast').map((frame) => frame[4] as Replayed)

/** Waits until everything sent so far has been handed to the sockets, and has arrived at `raw`. */
async function arrived(raw: RawSocket): Promise<void> {
  await backend.realtime.drained()
  await raw.ask(null, 'phoenix', 'heartbeat', {})
}

describe('private channels', () => {
  const refused = (topic: string) => ({
    status: 'error',
    response: { reason: `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}` },
  })

  it('are joined by whom a policy on realtime.messages lets read', async () => {
    await backend.db.exec(`insert into members values ('${user}', 'list:1')`)
    const raw = await open()
    expect(await join(raw, 'room:1')).toEqual(ok)
    expect(await join(raw, 'list:1')).toEqual(ok)
    expect(await join(raw, 'list:2')).toEqual(refused('list:2'))
    expect(await join(raw, 'room:1', {}, null)).toEqual(refused('room:1'))
    const rows = await backend.db.query("select from realtime.messages where topic in ('room:1', 'list:1', 'list:2')")
    expect(rows).toHaveLength(0)
  })

  it('do not hear public messages, nor public channels private ones', async () => {
    const [secret, everyone, topic] = [await open(), await open(), room()]
    await join(secret, topic)
    await join(everyone, topic, { private: false })
    await send(topic, { body: 'private' })
    await send(topic, { body: 'public' }, false)
    await arrived(secret)
    await arrived(everyone)
    expect([bodies(secret), bodies(everyone)]).toEqual([['private'], ['public']])
  })

  it('are closed when a new token may not read them any more', async () => {
    await backend.db.exec(`insert into members values ('${user}', 'list:3')`)
    const raw = await open()
    await join(raw, 'list:3')
    const token = backend.signToken({ sub: '22222222-2222-2222-2222-222222222222' })
    raw.send(['1', '5', 'realtime:list:3', 'access_token', { access_token: token }])
    await until(() => raw.frames.length === 3)
    expect(raw.frames.slice(1)).toEqual([
      [
        '1',
        null,
        'realtime:list:3',
        'system',
        {
          channel: 'list:3',
          extension: 'system',
          message: 'You do not have permissions to read from this Channel topic: list:3',
          status: 'error',
        },
      ],
      ['1', '1', 'realtime:list:3', 'phx_close', {}],
    ])
  })

  it('are sent to by whom a policy lets insert; who may not gets no answer', async () => {
    const [listener, sender] = [await open(), await open()]
    for (const topic of ['room:open', 'room:shut']) {
      await join(listener, topic)
      await join(sender, topic, { broadcast: { ack: true } })
    }
    sender.send(['1', '7', 'realtime:room:shut', 'broadcast', { type: 'broadcast', event: 'x', payload: { body: 1 } }])
    const answer = await sender.ask('1', 'realtime:room:open', 'broadcast', {
      type: 'broadcast',
      event: 'x',
      payload: { body: 2 },
    })
    expect(answer).toEqual({ status: 'ok', response: {} })
    await arrived(listener)
    expect(replayedTo(listener)).toEqual([{ type: 'broadcast', event: 'x', payload: { body: 2 } }])
    expect(sender.frames.some(([, ref]) => ref === '7')).toBe(false)
  })

  it('are sent to over HTTP with a token that may insert', async () => {
    const listener = await open()
    await join(listener, 'room:open:2')
    const post = (token: string, body: number) =>
      fetch(`${backend.url}/realtime/v1/api/broadcast/room:open:2/events/x?private=true`, {
        method: 'POST',
        headers: { apikey: backend.anonKey, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ body }),
      })
    expect((await post(backend.anonKey, 1)).status).toBe(202)
    expect((await post(backend.signToken({ sub: user }), 2)).status).toBe(202)
    await arrived(listener)
    expect(bodies(listener)).toEqual([2])
  })
})

describe('refused joins', () => {
  it('hold back everything on their socket until they are answered', async () => {
    const { faults } = backend.realtime
    const other = await open()
    await join(other, 'room:held')
    /** A socket in the room, with a refused join and a heartbeat under way, when it is told something. */
    const hold = async (refusedJoinDelayMs: number, body: string) => {
      const raw = await open()
      await join(raw, 'room:held')
      faults.set({ refusedJoinDelayMs })
      faults.failJoins(1)
      raw.send(['2', '20', 'realtime:lobby', 'phx_join', joinPayload()])
      raw.send([null, '21', 'phoenix', 'heartbeat', {}])
      await until(() => faults.counters.joinErrorsNext === 0)
      await send('room:held', { body })
      await arrived(other)
      return raw
    }
    const held = await hold(600_000, 'meanwhile')
    expect([bodies(other), held.frames.length, held.binaries.length]).toEqual([['meanwhile'], 1, 0])
    const answered = await hold(50, 'then')
    await until(() => answered.frames.length === 3)
    expect(answered.frames.slice(1).map(([, ref]) => ref)).toEqual(['20', '21'])
    expect(bodies(answered)).toEqual(['then'])
  })
})

describe('messages of the database', () => {
  it('arrive as binary frames: the id of the message as meta, the payload as Postgres writes it', async () => {
    const [raw, topic] = [await open(), room()]
    await join(raw, topic)
    await backend.db.exec(`select realtime.send('{"n": 12345678901234567890.10}'::jsonb, 'ev', '${topic}')`)
    await backend.db.exec(`select realtime.send('{"id": "mine"}'::jsonb, 'ev', '${topic}')`)
    await arrived(raw)
    const ids = await backend.db.query<{ id: string }>(
      `select id from realtime.messages where topic = '${topic}' order by inserted_at`,
    )
    const common = { topic: `realtime:${topic}`, event: 'ev', isJson: true }
    expect(heardBy(raw)).toEqual([
      { ...common, meta: { id: ids[0]?.id }, payload: `{"n": 12345678901234567890.10, "id": "${ids[0]?.id}"}` },
      { ...common, meta: { id: ids[1]?.id }, payload: '{"id": "mine"}' },
    ])
  })

  it('of broadcast_changes carry the row before and after, through the unmodified client', async () => {
    const client = connect(backend)
    await client.realtime.setAuth(backend.signToken({ sub: user }))
    const topic = room()
    const received: unknown[] = []
    const channel = client.channel(topic, { config: { private: true } })
    channel.on('broadcast', { event: '*' }, ({ event, payload, meta }) => received.push([event, payload, meta]))
    await new Promise((resolve) => {
      channel.subscribe(resolve)
    })
    await backend.db.exec(`insert into notes values (1, '${topic}', 'a')`)
    await backend.db.exec(`update notes set body = 'b' where id = 1`)
    await backend.db.exec('delete from notes where id = 1')
    await until(() => received.length === 3)
    const a = { id: 1, room: topic, body: 'a' }
    const change = (operation: string, record: unknown, old_record: unknown) => [
      operation,
      { id: expect.any(String), schema: 'public', table: 'notes', operation, record, old_record },
      { id: expect.any(String) },
    ]
    expect(received).toEqual([
      change('INSERT', a, null),
      change('UPDATE', { ...a, body: 'b' }, a),
      change('DELETE', null, { ...a, body: 'b' }),
    ])
  })

  it('follow the commit: nothing of what is rolled back, in the order of the statements', async () => {
    const [raw, topic] = [await open(), room()]
    await join(raw, topic)
    const one = (body: number) => `select realtime.send('{"body": ${body}}', 'ev', '${topic}')`
    await backend.db.exec(`begin; ${one(1)}; rollback`)
    await backend.db.exec(`begin; ${one(2)}; savepoint s; ${one(3)}; rollback to s; ${one(4)}; commit`)
    await arrived(raw)
    expect(bodies(raw)).toEqual([2, 4])
  })

  it('never fail the write: what cannot be sent is a warning', async () => {
    const [raw, topic] = [await open(), room()]
    await join(raw, topic)
    await backend.db.exec(`select realtime.send('[1, 2]'::jsonb, 'ev', '${topic}')`)
    await backend.db.exec(
      'begin; alter table realtime.messages add constraint no check (event <> $$ev$$) not valid; commit',
    )
    await send(topic, { body: 1 })
    await backend.db.exec('alter table realtime.messages drop constraint no')
    await send(topic, { body: 2 })
    await arrived(raw)
    expect(bodies(raw)).toEqual([2])
    const statement = `select realtime.broadcast_changes('a', 'b', 'INSERT', 'c', 'd', null::notes, null::notes, 'STATEMENT')`
    await expect(backend.db.exec(statement)).rejects.toThrow('Failed to process the row')
  })

  it('of raw bytes arrive as they are', async () => {
    const [raw, topic] = [await open(), room()]
    await join(raw, topic)
    await backend.db.exec(String.raw`select realtime.send_binary('\x0102ff', 'bin', '${topic}')`)
    await arrived(raw)
    expect(heardBy(raw)).toMatchObject([{ event: 'bin', isJson: false }])
    expect([...(raw.binaries[0]?.subarray(-3) ?? [])]).toEqual([1, 2, 255])
  })

  it('above 3 MB are stored and not sent', async () => {
    const [raw, topic] = [await open(), room()]
    await join(raw, topic)
    for (const length of [3_000_600, 2_999_000]) {
      await backend.db.exec(
        `select realtime.send(jsonb_build_object('body', repeat('x', ${length})), 'ev', '${topic}')`,
      )
    }
    await arrived(raw)
    expect(raw.binaries.map(({ length }) => length > 2_999_000)).toEqual([true])
    expect(await backend.db.query(`select from realtime.messages where topic = '${topic}'`)).toHaveLength(2)
  })

  it('are text frames for a client of vsn 1.0.0', async () => {
    const [raw, topic] = [await open({ vsn: '1.0.0' }), room()]
    const token = backend.signToken({ sub: user })
    const payload = { config: { private: true }, access_token: token }
    raw.send({ topic: `realtime:${topic}`, event: 'phx_join', payload, ref: '1', join_ref: '1' })
    await until(() => raw.frames.length === 1)
    await send(topic, { body: 1 })
    await until(() => raw.frames.length === 2)
    expect(raw.frames[1]).toMatchObject({ event: 'broadcast', payload: { event: 'ev', payload: { body: 1 } } })
  })
})

describe('replication_ready', () => {
  const ready = { extension: 'system', status: 'ok', message: 'Replication connection established' }
  const config = { broadcast: { replication_ready: true } }

  it('is told after the join to who asks for it', async () => {
    const [asking, silent, topic] = [await open(), await open(), room()]
    await join(asking, topic, config)
    await join(silent, topic)
    for (const raw of [asking, silent]) await raw.ask(null, 'phoenix', 'heartbeat', {})
    expect(asking.frames[1]?.[4]).toMatchObject(ready)
    expect(silent.frames.map(([, , , event]) => event)).toEqual(['phx_reply', 'phx_reply'])
  })

  it('comes later in a project that is cold: what is sent before is lost', async () => {
    const [cold, warming, topic] = [await open(), await open(), room()]
    backend.realtime.faults.set({ replicationDelayMs: 600_000 })
    await join(cold, topic, config)
    backend.realtime.faults.set({ replicationDelayMs: 50 })
    await join(warming, topic, config)
    await until(() => warming.frames.length === 2)
    expect(warming.frames[1]?.[4]).toMatchObject(ready)
    await send(topic, { body: 'heard' })
    for (const raw of [warming, cold]) await arrived(raw)
    expect([bodies(warming), bodies(cold)]).toEqual([['heard'], []])
    expect(cold.frames.filter(([, , , event]) => event === 'system')).toEqual([])
  })
})

describe('replay', () => {
  const replay = (since: unknown, limit?: unknown) => ({ broadcast: { replay: { since, limit } } })

  async function sendMany(count: number): Promise<string> {
    const topic = room()
    // Written a millisecond apart: within one, their order is nobody's business.
    await backend.db.exec(
      `insert into realtime.messages (topic, extension, event, private, payload, inserted_at)
      select '${topic}', 'broadcast', 'ev', true, jsonb_build_object('body', i), now() - (${count} - i) * interval '1 ms'
      from generate_series(1, ${count}) as i`,
    )
    return topic
  }

  async function replayed(topic: string, config: Record<string, unknown>): Promise<unknown[]> {
    const raw = await open()
    expect(await join(raw, topic, config)).toEqual(ok)
    await raw.ask(null, 'phoenix', 'heartbeat', {})
    for (const { meta } of replayedTo(raw)) expect(meta).toEqual({ id: expect.any(String), replayed: true })
    return replayedTo(raw).map(({ payload }) => payload.body)
  }

  it('brings the newest 25 at most, oldest first, and then what is new', async () => {
    const topic = await sendMany(30)
    const last = (count: number) => Array.from({ length: count }, (_, index) => 31 - count + index)
    expect(await replayed(topic, replay(0))).toEqual(last(25))
    for (const [limit, count] of [
      [0, 1],
      [-1, 1],
      [3, 3],
      [26, 25],
    ] as const) {
      expect(await replayed(topic, replay(0, limit))).toEqual(last(count))
    }
    const raw = await open()
    await join(raw, topic, replay(0, 1))
    await send(topic, { body: 31 })
    await arrived(raw)
    expect([replayedTo(raw).map(({ payload }) => payload.body), bodies(raw)]).toEqual([[30], [31]])
    expect(heardBy(raw)[0]?.meta).toEqual({ id: expect.any(String) })
  })

  it('starts with the millisecond asked for', async () => {
    const topic = await sendMany(3)
    const rows = await backend.db.query<{ ms: number }>(
      `select floor(extract(epoch from inserted_at) * 1000)::float8 as ms from realtime.messages
      where topic = '${topic}' order by inserted_at`,
    )
    const lastMs = rows[2]?.ms ?? Number.NaN
    expect(await replayed(topic, replay(lastMs))).toContain(3)
    expect(await replayed(topic, replay(lastMs + 1))).toEqual([])
  })

  it.each([
    ['no since', replay(undefined)],
    ['text', replay('1')],
    ['null', replay(null)],
    ['a fraction', replay(1.5)],
    ['a time that is no date', replay(1e15)],
    ['a limit of text', replay(0, '5')],
    ['a limit with a fraction', replay(0, 1.5)],
  ])('is refused for %s', async (_, config) => {
    const raw = await open()
    const reason = 'UnableToReplayMessages: Replay params are not valid'
    expect(await join(raw, room(), config)).toEqual({ status: 'error', response: { reason } })
  })

  it('is refused on public channels and where only presence may be read, and ignored when it is no object', async () => {
    const raw = await open()
    const reason = 'UnableToReplayMessages: Replay is not allowed for public channels'
    expect(await join(raw, room(), { ...replay(0), private: false })).toEqual({ status: 'error', response: { reason } })
    expect(await join(raw, room(), { broadcast: { replay: true } })).toEqual(ok)
    await backend.db.exec(`create policy "here" on realtime.messages for select to authenticated
      using (realtime.topic() = 'here' and extension = 'presence')`)
    expect(await join(raw, 'here')).toEqual(ok)
    expect(await join(raw, 'here', replay(0))).toMatchObject({ status: 'error' })
  })
})

describe('faults of messages', () => {
  it('lose or repeat them', async () => {
    const { faults } = backend.realtime
    const [raw, topic] = [await open(), room()]
    await join(raw, topic)
    faults.loseMessagesNext(1)
    for (const body of [1, 2]) await send(topic, { body })
    await arrived(raw)
    faults.set({ loseMessages: true })
    await send(topic, { body: 3 })
    await arrived(raw)
    faults.set({ loseMessages: false, duplicateMessages: true })
    await send(topic, { body: 4 })
    await arrived(raw)
    expect(bodies(raw)).toEqual([2, 4, 4])
  })
})
