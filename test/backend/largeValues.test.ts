import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { closeClients, connect, listenTo, until } from './support.ts'

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
  await backend.db.exec(`
    create table pages (id int primary key, n int, body text);
    alter table pages alter column body set storage external;
    alter publication supabase_realtime add table pages;
  `)
})
afterAll(() => backend.stop())
afterEach(async () => {
  await closeClients()
  await backend.db.exec('truncate pages; alter table pages replica identity default')
})

/** The changes that `sql` leads to, for each of `filters`. */
async function changesOf(sql: string, filters: (string | undefined)[] = [undefined]) {
  const listening = listenTo(
    connect(backend),
    filters.map((filter) => (filter === undefined ? { table: 'pages' } : { table: 'pages', filter })),
  )
  await listening.live()
  await backend.db.exec(sql)
  await until(() => listening.changesOf[0]?.length === 1)
  return listening.changesOf.map((changes) => changes.map((change) => change.new))
}

describe('an UPDATE of a row with a large value', () => {
  const large = 'x'.repeat(9000)

  it('does not carry the value when it did not change, and says so nowhere', async () => {
    await backend.db.exec(`insert into pages values (1, 1, '${large}')`)
    expect(await changesOf('update pages set n = 2')).toEqual([[{ id: 1, n: 2 }]])
  })

  it('carries it when it changed, when it is short, and under full replica identity', async () => {
    await backend.db.exec(`insert into pages values (1, 1, '${large}')`)
    expect(await changesOf(`update pages set body = '${large}y'`)).toEqual([[{ id: 1, n: 1, body: `${large}y` }]])
    await backend.db.exec(`update pages set body = 'short'`)
    expect(await changesOf('update pages set n = 3')).toEqual([[{ id: 1, n: 3, body: 'short' }]])
    await backend.db.exec(`update pages set body = '${large}'; alter table pages replica identity full`)
    expect(await changesOf('update pages set n = 4')).toEqual([[{ id: 1, n: 4, body: large }]])
  })

  it('is not seen by a filter on the value', async () => {
    await backend.db.exec(`insert into pages values (1, 1, '${large}')`)
    const filters = [undefined, 'body=like.x%', 'n=gt.0']
    expect(await changesOf('update pages set n = 2', filters)).toEqual([[{ id: 1, n: 2 }], [], [{ id: 1, n: 2 }]])
  })
})
