import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { type TableOptions, createRealtimeService } from 'realtime-coalescer/supabase'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import { closeClients, connect, until } from '../../backend/support.ts'
import { holdTime } from './heldTime.ts'

let backend: Backend
let lastRoom = 0
let lastId = 0
let lastSecret = 0
const user = '11111111-1111-1111-1111-111111111111'
const stranger = '22222222-2222-2222-2222-222222222222'

beforeAll(async () => {
  backend = await startBackend()
  await backend.db.exec(`
    create policy "users read rooms" on realtime.messages for select to authenticated
      using (realtime.topic() like 'room:%' and auth.uid() = '${user}');
    create table notes (id int primary key, room text, body text);
    create table secrets (id int primary key, owner uuid);
    alter table secrets enable row level security;
    create policy "owners read" on secrets for select to authenticated using (owner = auth.uid());
    grant select on secrets to anon, authenticated;
    alter publication supabase_realtime add table secrets;
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
  await closeClients({ mayReconnect: true })
})

const room = () => `room:${++lastRoom}`
const write = (topic: string) => backend.db.query('insert into notes values ($1, $2, $3)', [++lastId, topic, 'text'])

interface Listening {
  readonly token?: string
  readonly replay?: boolean
  readonly backstopMs?: number
  readonly tables: Record<string, TableOptions>
}

/** The whole way from the database to a query of the rooms' notes, and of secrets. */
function listen({ token, replay, backstopMs, tables }: Listening) {
  const time = holdTime()
  const supabase = connect(backend, { reconnectAfterMs: () => 30 })
  const reports: string[] = []
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } })
  const coalescer = createCoalescer({
    clock: time.clock,
    quietMs: 20,
    onError: (_, info) => reports.push(info.type === 'feedFailed' ? info.message : info.type),
  })
  const realtime = createRealtimeService({ supabase, coalescer, channel: 'db', tables, replay, backstopMs })
  let requests = 0
  const observer = new QueryObserver(queryClient, {
    queryKey: ['notes'],
    async queryFn() {
      requests += 1
      const [row] = await backend.db.query<{ count: number }>('select count(*)::int as count from notes')
      return row?.count
    },
  })
  const unmount = observer.subscribe(() => undefined)
  onTestFinished(() => {
    realtime.stop()
    coalescer.stop()
    unmount()
    queryClient.clear()
  })
  return {
    supabase,
    realtime,
    /** Waits while time passes for the feed and the coalescer, which it does not otherwise. */
    until: time.until,
    reports,
    requests: () => requests,
    shown: () => observer.getCurrentResult().data,
    async live() {
      if (token !== undefined) await supabase.realtime.setAuth(token)
      await until(() => observer.getCurrentResult().isSuccess, 'the first fetch')
      realtime.initialize(queryClient)
      await until(() => realtime.getStatus() === 'live', 'live')
      await time.until(() => realtime.actor.getSnapshot().value.repair === 'intact', 'the first catch-up')
      await time.during(coalescer.settled())
    },
  }
}

const notes = (topic: string, more: Partial<TableOptions> = {}) =>
  ({ keys: () => [['notes']], broadcast: { topic }, ...more }) as TableOptions

describe('through private topics, with the unmodified client', () => {
  it('changes of several topics come to the screen for one fetch each', async () => {
    const topics = [room(), room()] as const
    const feed = listen({
      token: backend.signToken({ sub: user }),
      tables: { notes: notes(topics[0]), secrets: notes(topics[1]) },
    })
    await feed.live()
    const before = feed.requests()
    await write(topics[0])
    await feed.until(() => feed.shown() === lastId, 'the note')
    expect([feed.requests() - before, feed.reports]).toEqual([1, []])
  })

  it('a gap is caught up with once, and with replay its changes reach the handler once each', async () => {
    const topic = room()
    const handled: unknown[] = []
    const feed = listen({
      token: backend.signToken({ sub: user }),
      replay: true,
      tables: {
        notes: {
          broadcast: { topic },
          catchUp: [['notes']],
          handle: ({ new: row }) => {
            handled.push(row['id'])
            return {}
          },
        },
      },
    })
    await feed.live()
    await write(topic)
    await until(() => handled.length === 1, 'the first change')
    const before = feed.requests()
    backend.realtime.faults.set({ upgrade: 'refuse' })
    backend.realtime.faults.terminateSockets()
    await until(() => feed.realtime.getStatus() === 'interrupted', 'the loss')
    await write(topic)
    await write(topic)
    backend.realtime.faults.set({ upgrade: 'accept' })
    await feed.until(() => feed.shown() === lastId, 'the catch-up')
    expect([handled.sort(), feed.requests() - before]).toEqual([[lastId - 2, lastId - 1, lastId], 1])
  })

  it('a topic that is refused is reported, and the other is live', async () => {
    const topic = room()
    const feed = listen({
      token: backend.signToken({ sub: user }),
      tables: { notes: notes(topic), secrets: notes('list:1') },
    })
    await feed.live()
    await write(topic)
    await feed.until(() => feed.shown() === lastId, 'the note')
    await until(() => feed.reports.length > 0, 'the report')
    expect(feed.reports).toEqual([
      'The server refuses the channel: Unauthorized: You do not have permissions to read from this Channel topic: list:1. It is tried again with a new token, or after 60 s.',
    ])
    expect(feed.supabase.getChannels().map((channel) => channel.topic)).toEqual([`realtime:${topic}`])
    await feed.supabase.realtime.setAuth(backend.signToken({ sub: user, n: 2 } as never))
    await feed.until(() => feed.reports.length === 2, 'the next try')
  })

  it('another user sees nothing of it', async () => {
    const topic = room()
    const feed = listen({ token: backend.signToken({ sub: stranger }), tables: { notes: notes(topic) } })
    await expect(Promise.race([feed.live(), until(() => feed.reports.length > 0, 'a report')])).resolves.toBeUndefined()
    expect([feed.realtime.getStatus(), feed.supabase.getChannels()]).toEqual(['interrupted', []])
  })
})

describe("through postgres_changes, with a token of the app's own", () => {
  it('changes under row level security arrive, and go on arriving after the join and a loss', async () => {
    const feed = listen({
      token: backend.signToken({ sub: user, role: 'authenticated' }),
      tables: { secrets: { keys: () => [['notes']] } },
    })
    await feed.live()
    const insert = () => backend.db.query('insert into secrets values ($1, $2)', [++lastSecret, user])
    let before = feed.requests()
    await insert()
    await feed.until(() => feed.requests() === before + 1, 'a change')
    backend.realtime.faults.closeChannels()
    await until(() => feed.realtime.getStatus() === 'interrupted', 'the loss')
    await feed.until(() => feed.realtime.getStatus() === 'live', 'live again')
    await feed.until(() => feed.realtime.actor.getSnapshot().value.repair === 'intact', 'the catch-up')
    await feed.until(() => feed.requests() === before + 2, 'the catch-up')
    before = feed.requests()
    await insert()
    await feed.until(() => feed.requests() === before + 1, 'another change')
    await feed.supabase.realtime.setAuth()
    await insert()
    await feed.until(() => feed.requests() === before + 2, 'a change after a heartbeat')
    expect(feed.reports).toEqual(['The channel is closed: the server closed it. A new one will be opened.'])
  })

  it('a table that is not in the publication is refused, and the others are live', async () => {
    const feed = listen({
      tables: { notes: { keys: () => [['notes']] }, goals: { keys: () => [['notes']] } },
    })
    await feed.live()
    expect(feed.reports).toEqual([expect.stringContaining('table: notes')])
    const before = feed.requests()
    await backend.db.query('update public.goals set title = title where id = 1')
    await feed.until(() => feed.requests() === before + 1, 'a change')
  })

  it('a worker that has stopped is noticed by a sweep, and the channel joined anew, which wakes it', async () => {
    const feed = listen({ backstopMs: 1_000, tables: { goals: { keys: () => [['notes']] } } })
    await feed.live()
    backend.realtime.faults.stopWorker()
    // The query on screen shows it, and nothing tells of it.
    await write(room())
    await feed.until(() => feed.reports.length > 0, 'the report')
    expect(feed.reports).toEqual([
      'A sweep has brought changes that the feed told nothing of. A new channel will be opened.',
    ])
    await feed.until(() => feed.realtime.getStatus() === 'live', 'live again')
    expect(feed.shown()).toBe(lastId)
  })
})
