import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { type Change, createCoalescer } from 'realtime-coalescer'
import { broadcastSql } from 'realtime-coalescer/sql'
import { type RealtimeServiceOptions, createRealtimeService } from 'realtime-coalescer/supabase'
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import { closeClients, connect, until } from '../../backend/support.ts'

const ann = '11111111-1111-1111-1111-111111111111'
const bob = '22222222-2222-2222-2222-222222222222'

let backend: Backend
beforeAll(async () => {
  backend = await startBackend()
  await backend.db.exec(`
    create table listed (id int primary key, title text);
    create table owned (id int primary key, owner uuid, title text);
  `)
  await backend.db.exec(broadcastSql({ tables: ['listed'], topic: 'all' }))
  await backend.db.exec(broadcastSql({ tables: ['owned'], send: 'rows', topic: { prefix: 'user:', column: 'owner' } }))
})
afterAll(() => backend.stop())
afterEach(() => closeClients())

/** The whole way from the migration to the screen of a user: the unmodified client, a topic, and a mounted query. */
async function follow(user: string, topic: string, tables: RealtimeServiceOptions['tables']) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  const errors: unknown[] = []
  const coalescer = createCoalescer({ queryClient, onError: (error) => errors.push(error) })
  const supabase = connect(backend)
  await supabase.realtime.setAuth(backend.signToken({ sub: user }))
  const options = { supabase, coalescer, channel: 'db', broadcast: { topic }, tables } as const
  const realtime = createRealtimeService({ ...options, firstCatchUp: 'off' })
  let requests = 0
  const queryFn = () => {
    requests += 1
    return backend.db.query('select * from listed order by id')
  }
  const observer = new QueryObserver(queryClient, { queryKey: ['listed'], queryFn })
  const unsubscribe = observer.subscribe(() => undefined)
  onTestFinished(() => {
    unsubscribe()
    realtime.stop()
    coalescer.stop()
  })
  realtime.initialize(queryClient)
  await until(() => realtime.getStatus() === 'live', 'the feed to be live')
  return { queryClient, coalescer, errors, observer, requests: () => requests }
}

it('two thousand rows of one statement are one message, one flush and one request', async () => {
  const { coalescer, observer, requests, errors } = await follow(ann, 'all', { listed: { keys: () => [['listed']] } })
  await until(() => observer.getCurrentResult().isSuccess, 'the first answer')
  const before = { requests: requests(), events: coalescer.getSnapshot().stats.eventsReceived }
  await backend.db.exec("insert into listed select n, 'title' from generate_series(1, 2000) n")
  await until(() => (observer.getCurrentResult().data as unknown[] | undefined)?.length === 2_000, 'the rows')
  await coalescer.settled()
  expect([requests() - before.requests, coalescer.getSnapshot().stats.eventsReceived - before.events]).toEqual([1, 1])
  expect(errors).toEqual([])
})

it('rows reach the handler of their owner, and of nobody else', async () => {
  const seen: Record<string, Change[]> = { [ann]: [], [bob]: [] }
  for (const user of [ann, bob]) {
    const handle = (change: Change) => {
      seen[user]?.push(change)
      return {}
    }
    await follow(user, `user:${user}`, { owned: { handle, catchUp: [] } })
  }
  await backend.db.exec(`insert into owned values (1, '${ann}', 'first')`)
  await backend.db.exec(`update owned set owner = '${bob}', title = 'second'`)
  await backend.db.exec('delete from owned')
  await until(() => seen[bob]?.length === 2, 'the changes')
  const told = (user: string) => seen[user]?.map(({ eventType, new: row, old }) => [eventType, row, old])
  expect(told(ann)).toEqual([
    ['INSERT', { id: 1, owner: ann, title: 'first' }, {}],
    ['DELETE', {}, { id: 1, owner: ann, title: 'first' }],
  ])
  expect(told(bob)).toEqual([
    ['INSERT', { id: 1, owner: bob, title: 'second' }, {}],
    ['DELETE', {}, { id: 1, owner: bob, title: 'second' }],
  ])
})
