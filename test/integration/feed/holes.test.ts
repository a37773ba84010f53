import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { broadcastSql } from 'realtime-coalescer/sql'
import { type TableOptions, createRealtimeService } from 'realtime-coalescer/supabase'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import type { RealtimeFaults } from '../../../demo/server/realtime/controls.ts'
import { closeClients, connect, until } from '../../backend/support.ts'
import { holdTime } from './heldTime.ts'

const feeds = ['postgres_changes', 'broadcast'] as const
type FeedName = (typeof feeds)[number]

let backend: Backend
let faults: RealtimeFaults

beforeAll(async () => {
  backend = await startBackend()
  faults = backend.realtime.faults
  await backend.db.exec(`
    create table papers (id int primary key, title text, body text);
    alter table papers alter column body set storage external;
    create table coded (id int primary key, code text not null unique, title text);
    alter table coded replica identity using index coded_code_key;
    create table days (owner int, day date, note text, primary key (owner, day));
    create table listed (id int primary key, title text);
    grant select on papers, coded, days, listed to anon, authenticated;
    alter publication supabase_realtime add table papers, coded, days, listed;
  `)
  await backend.db.exec(broadcastSql({ tables: ['papers', 'coded', 'days'], send: 'rows', topic: 'rows' }))
  await backend.db.exec(broadcastSql({ tables: ['listed'], topic: 'statements' }))
})
afterAll(() => backend.stop())
afterEach(async () => {
  faults.reset()
  await backend.db.exec('truncate papers, coded, days, listed')
  await closeClients({ mayReconnect: true })
})

type TableName = 'papers' | 'coded' | 'days' | 'listed'

/** The whole way to a query of a table, whose handler asks for nothing: what is requested has another reason. */
async function follow(feed: FeedName, table: TableName, options: Partial<TableOptions> & { backstopMs?: number } = {}) {
  const { backstopMs, ...more } = options
  const time = holdTime()
  const supabase = connect(backend, { reconnectAfterMs: () => 30, heartbeatIntervalMs: 600_000 })
  await supabase.realtime.setAuth(backend.signToken({ sub: '11111111-1111-1111-1111-111111111111' }))
  const reports: string[] = []
  const coalescer = createCoalescer({
    clock: time.clock,
    quietMs: 40,
    onError: (_, info) => reports.push(info.type === 'feedFailed' ? info.message : info.type),
  })
  let catchUps = 0
  coalescer.on('flushed', ({ keys }) => {
    if (keys.some(({ sources }) => sources.includes('realtime:catchUp'))) catchUps += 1
  })
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } })
  let handled = 0
  let requests = 0
  const answer = {
    catchUp: [[table]],
    handle: () => {
      handled += 1
      return {}
    },
  }
  const topic = table === 'listed' ? 'statements' : 'rows'
  const realtime = createRealtimeService({
    supabase,
    coalescer,
    channel: 'db',
    firstCatchUp: 'off',
    backstopMs,
    tables: { [table]: { ...answer, ...more } as TableOptions },
    broadcast: feed === 'broadcast' ? { topic } : undefined,
  })
  const observer = new QueryObserver(queryClient, {
    queryKey: [table],
    async queryFn() {
      requests += 1
      const rows = await backend.db.query(
        `select md5(string_agg(t::text, ',' order by t::text)) as rows from ${table} t`,
      )
      return rows[0]?.['rows'] ?? null
    },
  })
  const unmount = observer.subscribe(() => undefined)
  onTestFinished(() => {
    realtime.stop()
    coalescer.stop()
    unmount()
    queryClient.clear()
  })
  const quiet = async (): Promise<void> => {
    await backend.realtime.drained()
    await time.until(() => {
      const { link, repair, recheck } = realtime.actor.getSnapshot().value
      return link === 'live' && repair === 'intact' && recheck === 'unneeded'
    }, 'a feed that is whole')
    // What was sent has been received by the time the answer of a later message has.
    await new Promise<void>((resolve) => {
      supabase.realtime.onHeartbeat((status) => status === 'ok' && resolve())
      void supabase.realtime.sendHeartbeat()
    })
    await time.during(coalescer.settled())
  }
  realtime.initialize(queryClient)
  await until(() => observer.getCurrentResult().isSuccess, 'the first answer')
  await quiet()
  return {
    supabase,
    realtime,
    time,
    reports,
    catchUps: () => catchUps,
    /** What a write, or a fault, leads to. */
    async count(cause: () => unknown) {
      const before = { requests, handled, catchUps }
      await cause()
      await quiet()
      return {
        requests: requests - before.requests,
        handled: handled - before.handled,
        catchUps: catchUps - before.catchUps,
      }
    },
    async expectFresh() {
      const [row] = await backend.db.query(
        `select md5(string_agg(t::text, ',' order by t::text)) as rows from ${table} t`,
      )
      expect(observer.getCurrentResult().data).toBe(row?.['rows'] ?? null)
    },
  }
}

const sql = (text: string) => () => backend.db.exec(text)
const invalidated = { requests: 1, handled: 0, catchUps: 0 }
const told = (rows: number) => ({ requests: 0, handled: rows, catchUps: 0 })

interface WriteCase {
  readonly name: string
  readonly table: TableName
  readonly before: string
  readonly write: string
  readonly expected: Record<FeedName, { requests: number; handled: number; catchUps: number }>
}

const writes: WriteCase[] = [
  {
    name: 'an UPDATE that leaves a large column alone',
    table: 'papers',
    before: `insert into papers values (1, 'a', repeat('x', 20000))`,
    write: `update papers set title = 'b'`,
    expected: { postgres_changes: invalidated, broadcast: told(1) },
  },
  {
    name: 'a DELETE by the index of the replica identity',
    table: 'coded',
    before: `insert into coded values (1, 'one', 'a')`,
    write: 'delete from coded',
    expected: { postgres_changes: invalidated, broadcast: told(1) },
  },
  {
    name: 'a DELETE of a composite key that nobody has told',
    table: 'days',
    before: `insert into days values (7, '2026-11-01', 'a')`,
    write: 'delete from days',
    expected: { postgres_changes: invalidated, broadcast: told(1) },
  },
  {
    name: 'a statement over 500 rows',
    table: 'listed',
    before: `insert into listed values (1, 'a')`,
    write: `insert into listed select n, 'b' from generate_series(2, 501) n`,
    expected: { postgres_changes: told(500), broadcast: invalidated },
  },
]

describe.each(feeds)('through %s', (feed) => {
  it.each(writes)('$name costs exactly what it must', async ({ table, before, write, expected }) => {
    const app = await follow(feed, table)
    await app.count(sql(before))
    expect(await app.count(sql(write))).toEqual(expected[feed])
    if (expected[feed].requests > 0) await app.expectFresh()
    expect(app.reports).toEqual([])
  })

  it('a feed that has died without a word costs one sweep and one catch-up', async () => {
    const app = await follow(feed, 'papers', { backstopMs: 8_000 })
    const counted = await app.count(async () => {
      if (feed === 'broadcast') faults.set({ loseMessages: true })
      else faults.stopWorker()
      await sql(`insert into papers values (1, 'a', 'b')`)()
      await app.time.until(() => app.reports.length > 0, 'the sweep')
      faults.reset()
      await app.time.until(() => app.catchUps() > 0, 'the catch-up')
    })
    expect(counted).toEqual({ requests: 2, handled: 0, catchUps: 1 })
    await app.expectFresh()
    expect(app.reports).toEqual([expect.stringContaining('the feed told nothing of')])
    expect(await app.count(sql(`insert into papers values (2, 'a', 'b')`))).toEqual(told(1))
  })

  it('a cold attachment, which loses what comes right after it, costs two catch-ups', async () => {
    const app = await follow(feed, 'papers')
    await app.count(sql(`insert into papers values (1, 'a', 'b')`))
    const counted = await app.count(async () => {
      faults.set({ systemOkDelayMs: 100, replicationDelayMs: 100 })
      const isAttaching = () => app.realtime.getStatus() === 'attaching'
      // Longer than a worker that is warm takes.
      const skipAttaching = app.realtime.subscribe(() => isAttaching() && app.time.skip(500))
      faults.terminateSockets()
      await until(isAttaching, 'the join')
      skipAttaching()
      await until(() => app.realtime.getStatus() === 'live', 'the attachment')
      await app.time.until(() => app.catchUps() === 1, 'the first catch-up')
      // What it still loses although it has said that it is ready.
      faults.set({ loseMessages: true, loseChanges: true })
      await sql(`update papers set title = 'b'`)()
      await backend.realtime.drained()
      faults.reset()
      await app.time.until(() => app.catchUps() === 2, 'the second catch-up')
    })
    expect(counted).toEqual({ requests: 2, handled: 0, catchUps: 2 })
    await app.expectFresh()
  })

  it('a channel of others that is refused on the same socket costs nothing', async () => {
    const app = await follow(feed, 'papers')
    faults.set({ refusedJoinDelayMs: 50 })
    const refused: string[] = []
    const counted = await app.count(async () => {
      const stranger = app.supabase.channel('theirs', { config: { private: true } })
      stranger.subscribe((status) => refused.push(status))
      await until(() => refused.length > 0, 'the refusal')
      await sql(`insert into papers values (1, 'a', 'b')`)()
    })
    expect([counted, refused[0]]).toEqual([told(1), 'CHANNEL_ERROR'])
    expect(app.realtime.getStatus()).toBe('live')
  })
})

it('a row that is told twice, by two triggers or topics, is one fetch', async () => {
  const app = await follow('broadcast', 'papers')
  const message = `jsonb_build_object('schema', 'public', 'table', 'papers', 'operation', 'UPDATE', 'rows', 1)`
  const send = `perform realtime.send(${message}, 'UPDATE', 'rows');`
  expect(await app.count(sql(`do $$ begin ${send} ${send} end $$`))).toEqual(invalidated)
})
