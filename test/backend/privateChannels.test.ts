import type { RealtimeChannel, RealtimeChannelOptions } from '@supabase/supabase-js'
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { closeClients, connect, until } from './support.ts'

interface Heard {
  readonly event: string
  readonly payload?: unknown
  readonly meta?: unknown
}

let backend: Backend
beforeAll(async () => {
  backend = await startBackend()
  await backend.db.exec(`
    create policy "read" on realtime.messages for select to authenticated using (realtime.topic() like 'topic:%');
    create policy "write" on realtime.messages for insert to authenticated with check (realtime.topic() like 'topic:%');
    create table told (id text primary key, value text not null, topic text not null);
    create function tell() returns trigger language plpgsql as $$
    begin
      perform realtime.broadcast_changes(
        coalesce(new.topic, old.topic), tg_op, tg_op, tg_table_name, tg_table_schema, new, old, tg_level);
      return null;
    end $$;
    create trigger tell after insert or update or delete on told for each row execute function tell();
  `)
})
afterAll(() => backend.stop())
afterEach(() => closeClients())

/** A channel of a signed-in user, with the unmodified client. */
async function open(topic: string, broadcast: object = {}) {
  const client = connect(backend)
  await client.realtime.setAuth(backend.signToken({ sub: '11111111-1111-1111-1111-111111111111' }))
  const heard: Heard[] = []
  const statuses: string[] = []
  let isReady = false
  const channel: RealtimeChannel = client
    .channel(topic, { config: { private: true, broadcast } } as RealtimeChannelOptions)
    .on('broadcast', { event: '*' }, (message) => heard.push(message))
    .on('system', {}, ({ extension, status }: { extension?: string; status?: string }) => {
      isReady ||= extension === 'system' && status === 'ok'
    })
  channel.subscribe((status) => statuses.push(status))
  await until(() => channel.state !== 'joining', 'an answer to the join')
  return { channel, heard, statuses, ready: () => until(() => isReady, 'replication') }
}

const newTopic = () => `topic:${randomUUID()}`
const bytes = [0xde, 0xad, 0xbe, 0xef, 0x00, 0xff]
const hex = String.raw`'\xdeadbeef00ff'::bytea`
const bytesOf = (payload: unknown) => [...new Uint8Array(payload as ArrayBuffer)]

describe('a private channel', () => {
  it('is not joined without permission', async () => {
    const { channel, statuses } = await open(`restricted:${randomUUID()}`)
    expect([channel.state === 'joined', statuses[0]]).toEqual([false, 'CHANNEL_ERROR'])
  })

  it('is joined with it, and says when what the database sends will be heard', async () => {
    const { channel, ready } = await open(newTopic(), { replication_ready: true })
    await ready()
    expect(channel.state).toBe('joined')
  })

  it('hears what the database tells of an INSERT, an UPDATE and a DELETE', async () => {
    const topic = newTopic()
    const { heard, ready } = await open(topic, { replication_ready: true })
    await ready()
    const row = { id: randomUUID(), value: 'before', topic }
    await backend.db.query('insert into told (id, value, topic) values ($1, $2, $3)', [row.id, row.value, topic])
    await backend.db.query('update told set value = $1 where id = $2', ['after', row.id])
    await backend.db.query('delete from told where id = $1', [row.id])
    await until(() => heard.length === 3, 'three messages')
    const changed = { ...row, value: 'after' }
    const common = { id: expect.any(String), schema: 'public', table: 'told' }
    expect(heard.map(({ event, payload }) => [event, payload])).toEqual([
      ['INSERT', { ...common, operation: 'INSERT', record: row, old_record: null }],
      ['UPDATE', { ...common, operation: 'UPDATE', record: changed, old_record: row }],
      ['DELETE', { ...common, operation: 'DELETE', record: null, old_record: changed }],
    ])
  })

  it('hears bytes that the database sends', async () => {
    const topic = newTopic()
    const { heard, ready } = await open(topic, { replication_ready: true })
    await ready()
    await backend.db.exec(`select realtime.send_binary(${hex}, 'bytes', '${topic}', true)`)
    await until(() => heard.length === 1, 'a message')
    expect([heard[0]?.event, bytesOf(heard[0]?.payload)]).toEqual(['bytes', bytes])
  })

  it('of whom may not write is silent to the others', async () => {
    await backend.db.exec(`create policy "listen" on realtime.messages for select to authenticated
      using (realtime.topic() like 'listen:%')`)
    const topic = `listen:${randomUUID()}`
    const [one, other] = [await open(topic), await open(topic)]
    await one.channel.send({ type: 'broadcast', event: 'said', payload: {} })
    await backend.db.exec(`select realtime.send('{}', 'sent', '${topic}', true)`)
    await until(() => other.heard.length > 0, 'a message')
    expect(other.heard.map(({ event }) => event)).toEqual(['sent'])
  })
})

describe('replay', () => {
  const sent = async (topic: string, text: string) => {
    await backend.db.exec(`select realtime.send('{"text": "${text}"}', 'ev', '${topic}', true)`)
  }

  it('brings what was sent before the join, marked as such', async () => {
    const topic = newTopic()
    const since = Date.now() - 1000
    await sent(topic, 'earlier')
    const { heard } = await open(topic, { replay: { since, limit: 1 } })
    await until(() => heard.length === 1, 'the message')
    expect(heard).toMatchObject([{ payload: { text: 'earlier' }, meta: { replayed: true } }])
  })

  it('brings bytes as bytes', async () => {
    const topic = newTopic()
    const since = Date.now() - 1000
    await backend.db.exec(`select realtime.send_binary(${hex}, 'bytes', '${topic}', true)`)
    const { heard } = await open(topic, { replay: { since, limit: 1 } })
    await until(() => heard.length === 1, 'the message')
    expect([bytesOf(heard[0]?.payload), heard[0]?.meta]).toEqual([bytes, { id: expect.any(String), replayed: true }])
  })

  it('does not bring what is older than asked for', async () => {
    const topic = newTopic()
    await sent(topic, 'old')
    const { heard } = await open(topic, { replay: { since: Date.now() + 1000, limit: 25 } })
    await sent(topic, 'new')
    await until(() => heard.length > 0, 'a message')
    expect(heard).toMatchObject([{ payload: { text: 'new' } }])
    expect(heard[0]?.meta).not.toHaveProperty('replayed')
  })
})
