import { execFile } from 'node:child_process'
import { createConnection } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import ws from 'ws'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { listen } from '../../demo/server/listener.ts'
import { RealtimeServer } from '../../demo/server/realtime/server.ts'
import { type RawSocket, joinPayload, openRaw } from './rawSocket.ts'
import { closeClients, connect, listenTo, until } from './support.ts'

let backend: Backend
const raws: RawSocket[] = []

beforeAll(async () => {
  backend = await startBackend({
    limits: { connections: 60, channelsPerSocket: 3, bufferedBytesPerSocket: 1_000_000 },
    page: (request) => new Response(`page ${new URL(request.url).pathname}`),
  })
})
afterAll(() => backend.stop())
afterEach(async () => {
  for (const raw of raws.splice(0)) raw.socket.terminate()
  await closeClients()
  await until(() => backend.realtime.connections().length === 0)
})

async function open(): Promise<RawSocket> {
  const raw = await openRaw(backend)
  raws.push(raw)
  return raw
}

const goals = [{ table: 'goals' }]
const allGoals = { event: '*', schema: 'public', table: 'goals' }

/** Joins with a new client, changes a row and gives what the client heard. */
async function hearChange(): Promise<unknown> {
  const listening = listenTo(connect(backend), goals)
  await listening.live()
  await backend.db.query(`update public.goals set title = 'healthy' where id = 1`)
  await until(() => listening.changes.length === 1)
  return listening.changes[0]?.new
}

const healthy = expect.objectContaining({ id: 1, title: 'healthy' })

describe('frames that make no sense', () => {
  it.each([
    ['no JSON', 'hello'],
    ['JSON of another kind', '42'],
    ['an object instead of an array', '{"topic":"a"}'],
    ['too short', '[null,"1","realtime:a"]'],
    ['numbers for names', '[1,2,3,4,5]'],
    ['a join without a config', ['1', '1', 'realtime:a', 'phx_join', null]],
    ['a join of odd shapes', ['1', '1', 'realtime:b', 'phx_join', { config: { postgres_changes: 'x', broadcast: 7 } }]],
    ['bindings that are none', ['1', '1', 'realtime:c', 'phx_join', { config: { postgres_changes: [1, null, {}] } }]],
    [
      'SQL in names',
      ['1', '1', 'realtime:d', 'phx_join', joinPayload([{ ...allGoals, table: `goals"; drop table goals; --` }])],
    ],
    [
      'SQL in a filter',
      ['1', '1', 'realtime:e', 'phx_join', joinPayload([{ ...allGoals, filter: `id"=eq.1); drop table goals; --` }])],
    ],
    [
      'SQL in select',
      ['1', '1', 'realtime:f', 'phx_join', joinPayload([{ ...allGoals, select: [`id"; drop table goals; --`] }])],
    ],
    [
      'prototype names',
      ['1', '1', 'realtime:__proto__', 'phx_join', joinPayload([{ event: '__proto__', schema: 'constructor' }])],
    ],
    ['binary of an unknown kind', Buffer.from([9, 9, 9])],
    ['binary with lengths beyond its end', Buffer.from([3, 255, 255, 255, 255, 255, 1, 65])],
    ['a broadcast that is no JSON', Buffer.from('\x03\x00\x00\x0a\x01\x00\x01realtime:ax{', 'latin1')],
  ])('%s: the socket and everyone else stay well', async (_, frame) => {
    const raw = await open()
    if (Buffer.isBuffer(frame)) raw.socket.send(frame)
    else raw.send(frame)
    expect(await raw.ask(null, 'phoenix', 'heartbeat', {})).toEqual({ status: 'ok', response: {} })
    expect(await hearChange()).toEqual(healthy)
  })

  it('more than 5 MB closes the socket, and only that one', async () => {
    const [large, other] = [await open(), await open()]
    large.send(JSON.stringify([null, '1', 'realtime:a', 'x', 'x'.repeat(5_000_001)]))
    expect(await large.closed).toBe(1009)
    expect(await other.ask(null, 'phoenix', 'heartbeat', {})).toMatchObject({ status: 'ok' })
  })

  it('bytes that are no websocket end only that connection', async () => {
    const { port } = new URL(backend.url)
    const socket = createConnection(Number(port), '127.0.0.1')
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => {
      socket.on('close', resolve)
    })
    socket.write('GET /realtime/v1/websocket HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n\0\0\0')
    socket.resume()
    await closed
    expect(await hearChange()).toEqual(healthy)
  })

  it('an upgrade of another path is refused', async () => {
    const socket = new ws(`${backend.url.replace('http', 'ws')}/elsewhere?apikey=${backend.anonKey}`)
    const error = await new Promise<Error>((resolve) => {
      socket.on('error', resolve)
    })
    expect(error.message).toBe('Unexpected server response: 404')
  })
})

describe('limits', () => {
  it('channels of a socket', async () => {
    const raw = await open()
    const replies = []
    for (const n of ['1', '2', '3', '4']) replies.push(await raw.ask(n, `realtime:${n}`, 'phx_join', joinPayload()))
    const rejoined = await raw.ask('5', 'realtime:1', 'phx_join', joinPayload())
    expect(replies.at(-1)).toEqual({
      status: 'error',
      response: { reason: 'ChannelRateLimitReached: Too many channels' },
    })
    expect([replies[2], rejoined]).toMatchObject([{ status: 'ok' }, { status: 'ok' }])
  })

  it('connections', async () => {
    for (let n = 0; n < 60; n++) await open()
    await expect(open()).rejects.toThrow('Unexpected server response: 429')
  })

  it('silence', async () => {
    const server = new RealtimeServer(backend.db, backend.anonKey, { idleTimeoutMs: 100 })
    const listener = await listen(
      0,
      () => new Response(),
      (request, socket, head) => server.handleUpgrade(request, socket, head),
    )
    const silent = await openRaw({ ...backend, url: `http://127.0.0.1:${listener.port}` })
    expect(await silent.closed).toBe(1000)
    await server.stop()
    await listener.close()
  })
})

describe('company', () => {
  it('of many idle sockets does not keep a change from anyone', async () => {
    const idle = await Promise.all(Array.from({ length: 50 }, () => open()))
    for (const raw of idle) raw.send(['1', '1', 'realtime:db', 'phx_join', joinPayload([allGoals])])
    const gets = (raw: RawSocket, event: string) => raw.frames.filter((frame) => frame[3] === event).length
    await until(() => idle.every((raw) => gets(raw, 'system') === 1))
    expect(await hearChange()).toEqual(healthy)
    await until(() => idle.every((raw) => gets(raw, 'postgres_changes') === 1))
  })

  it('of a slow reader does not stall the others: it is dropped when too much waits for it', async () => {
    const slow = await open()
    await slow.ask('1', 'realtime:db', 'phx_join', joinPayload([allGoals]))
    await until(() => slow.frames.some(([, , , event]) => event === 'system'))
    slow.socket.pause()
    const listening = listenTo(connect(backend), goals)
    await listening.live()
    for (let n = 1; backend.realtime.connections().length > 1; n++) {
      await backend.db.query(`update public.goals set title = ${n} || repeat('x', 500000) where id = 1`)
      await until(() => listening.changes.length === n)
      expect(n).toBeLessThan(100)
    }
    await backend.db.query(`update public.goals set title = 'short again' where id = 1`)
    expect(await hearChange()).toEqual(healthy)
  })

  it('of a broken listener elsewhere: a policy that fails shows nothing and breaks nothing', async () => {
    await backend.db.exec(`
      create table public.guarded (id int primary key);
      alter table public.guarded enable row level security;
      create policy broken on public.guarded for select using (1 / (id - 1) > 0);
      alter publication supabase_realtime add table public.guarded;
    `)
    const listening = listenTo(connect(backend), [{ table: 'guarded' }, ...goals])
    await listening.live()
    await backend.db.query('insert into public.guarded values (1)')
    await backend.db.query(`update public.goals set title = 'fine' where id = 1`)
    await until(() => listening.changes.length > 0)
    expect(listening.changes.map(({ table }) => table)).toEqual(['goals'])
  })
})

describe('a page', () => {
  it('gets every request that is neither the API nor realtime', async () => {
    const texts = []
    for (const path of ['/', '/assets/x.js']) texts.push(await (await fetch(backend.url + path)).text())
    expect(texts).toEqual(['page /', 'page /assets/x.js'])
    expect((await fetch(`${backend.url}/api/nothing`)).status).toBe(404)
  })
})

describe('start and stop', () => {
  it('listens on 127.0.0.1 only', () => {
    expect(new URL(backend.url).hostname).toBe('127.0.0.1')
  })

  it('rejects when the port is taken', async () => {
    const port = Number(new URL(backend.url).port)
    await expect(startBackend({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('stops in the middle of everything, twice if it must', async () => {
    const other = await startBackend({ latencyMs: 50_000 })
    const listening = listenTo(connect(other, { reconnectAfterMs: () => 60_000 }), goals)
    await listening.live()
    const pending = fetch(`${other.url}/api/goals`).catch(() => 'dropped')
    const storm = other.playStorm({ ratePerSecond: 100, durationMs: 60_000 })
    await until(() => listening.changes.length > 3 && other.api.counts()['GET /api/goals'] === 1)
    await Promise.all([other.stop(), other.stop()])
    expect((await storm).writes).toBeGreaterThan(0)
    await pending
    await expect(fetch(other.url)).rejects.toThrow('fetch failed')
  })

  it('leaves nothing behind that keeps a process alive', async () => {
    const script = `
      import { startBackend } from './demo/server/backend.ts'
      const backend = await startBackend()
      const answer = await fetch(backend.url + '/api/goals')
      console.log(answer.status)
      await backend.stop()
    `
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 60_000 })
    expect(stdout).toBe('200\n')
  })
})
