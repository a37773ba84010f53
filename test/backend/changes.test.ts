import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { type Change, closeClients, connect, listenTo, until } from './support.ts'

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.stop())
afterEach(closeClients)

let lastTable = 0

/** Creates a published table with `columns`. */
async function createTable(columns: string, after = ''): Promise<string> {
  const table = `made_${++lastTable}`
  await backend.db.exec(`
    create table public.${table} (${columns});
    alter publication supabase_realtime add table public.${table};
    ${after.replaceAll('{table}', `public.${table}`)}
  `)
  return table
}

function brief({ eventType, new: record, old, errors }: Change): unknown[] {
  return errors === null ? [eventType, record, old] : [eventType, record, old, errors]
}

describe('values', () => {
  it('are what Postgres makes of the row as JSON, but for bytea, NaN and char(n)', async () => {
    const table = await createTable(`
      id bigint primary key, a int[], b bytea, d date, j jsonb, u uuid, iv interval, mo money, ok boolean, pt point,
      r int4range, tm time, ts timestamp, tz timestamptz, big bigint, qty numeric, title text, ch char(3), f8 float8,
      f4 float4, n numeric, e text[]`)
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.query(`insert into public.${table} values (
      1, '{1,2}', '\\x0102ff', '2024-01-02', '{"b": 1, "a": [1, 2]}', '11111111-1111-1111-1111-111111111111',
      '1 day 02:00:00', 12.34, true, '(1,2)', '[1,5)', '03:04:05', '2024-01-02 03:04:05.6789',
      '2024-01-02T03:04:05.6789+02', 42, 1.50, 'hello', 'cde', 'NaN', 'Infinity', 'NaN', '{x,null,"y z"}')`)
    await until(() => listening.changes.length === 1)
    expect(listening.changes[0]?.new).toEqual({
      id: 1,
      a: [1, 2],
      b: '0102ff',
      d: '2024-01-02',
      j: { a: [1, 2], b: 1 },
      u: '11111111-1111-1111-1111-111111111111',
      iv: '1 day 02:00:00',
      mo: '$12.34',
      ok: true,
      pt: '(1,2)',
      r: '[1,5)',
      tm: '03:04:05',
      ts: '2024-01-02T03:04:05.6789',
      tz: '2024-01-02T01:04:05.6789+00:00',
      big: 42,
      qty: 1.5,
      title: 'hello',
      ch: 'c',
      f8: null,
      f4: null,
      n: null,
      e: ['x', null, 'y z'],
    })
  })

  it('have stored generated columns, and leave virtual and dropped ones out', async () => {
    const table = await createTable(
      'id int primary key, gone int, doubled int generated always as (id * 2) stored, tripled int generated always as (id * 3)',
      'alter table {table} drop column gone',
    )
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.query(`insert into public.${table} (id) values (3)`)
    await until(() => listening.changes.length === 1)
    expect(listening.changes[0]?.new).toEqual({ id: 3, doubled: 6 })
  })

  it('are limited to the columns a binding selects, and the key', async () => {
    const table = await createTable('id int primary key, a text, b text', 'alter table {table} replica identity full')
    const listening = listenTo(connect(backend), [{ table, select: ['a'] }, { table }])
    await listening.live()
    await backend.db.exec(`
      insert into public.${table} values (1, 'a', 'b');
      update public.${table} set a = 'c';
    `)
    await until(() => listening.changes.length === 4)
    expect(listening.changesOf.map((changes) => changes.map(brief))).toEqual([
      [
        ['INSERT', { id: 1, a: 'a' }, {}],
        ['UPDATE', { id: 1, a: 'c' }, { id: 1, a: 'a' }],
      ],
      [
        ['INSERT', { id: 1, a: 'a', b: 'b' }, {}],
        ['UPDATE', { id: 1, a: 'c', b: 'b' }, { id: 1, a: 'a', b: 'b' }],
      ],
    ])
  })
})

describe('old rows', () => {
  const openPolicy = 'alter table {table} enable row level security; create policy all_rows on {table} using (true)'

  it.each([
    ['default identity', '', { id: 1 }, { id: 1 }],
    ['full identity', 'alter table {table} replica identity full', { id: 1, n: 1 }, { id: 1, n: 2 }],
    ['default identity, row security', openPolicy, { id: 1 }, { id: 1 }],
    [
      'full identity, row security',
      `alter table {table} replica identity full; ${openPolicy}`,
      { id: 1, n: 1 },
      { id: 1 },
    ],
  ])('%s', async (_, after, oldOfUpdate, oldOfDelete) => {
    const table = await createTable('id int primary key, n int', after)
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    for (const sql of ['insert into {} values (1, 1)', 'update {} set n = 2', 'delete from {}']) {
      await backend.db.query(sql.replace('{}', `public.${table}`))
      await backend.realtime.drained()
    }
    await until(() => listening.changes.length === 3)
    expect(listening.changes.map(brief)).toEqual([
      ['INSERT', { id: 1, n: 1 }, {}],
      ['UPDATE', { id: 1, n: 2 }, oldOfUpdate],
      ['DELETE', {}, oldOfDelete],
    ])
  })

  it('have the old key when the key changes', async () => {
    const table = await createTable('id int primary key')
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.exec(`insert into public.${table} values (1); update public.${table} set id = 2`)
    await until(() => listening.changes.length === 2)
    expect(brief(listening.changes[1]!)).toEqual(['UPDATE', { id: 2 }, { id: 1 }])
  })
})

describe('transactions', () => {
  it('send what committed: nothing of a rollback, a rolled back savepoint or a TRUNCATE', async () => {
    const table = await createTable('id int primary key')
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.exec(`begin; insert into public.${table} values (1); rollback`)
    await backend.db.exec(`
      begin;
      insert into public.${table} values (2);
      savepoint before;
      insert into public.${table} values (3);
      rollback to savepoint before;
      insert into public.${table} values (4);
      commit`)
    await backend.db.query(`truncate public.${table}`)
    await backend.db.query(`insert into public.${table} values (5)`)
    await until(() => listening.changes.length === 3)
    expect(listening.changes.map(({ new: record }) => record)).toEqual([{ id: 2 }, { id: 4 }, { id: 5 }])
    expect(listening.changes[0]?.commit_timestamp).toBe(listening.changes[1]?.commit_timestamp)
  })

  it('send an UPDATE that changes nothing, and an upsert as what it did', async () => {
    const table = await createTable('id int primary key, n int')
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    const upsert = `insert into public.${table} values (1, 1) on conflict (id) do update set n = excluded.n;`
    await backend.db.exec(`${upsert} ${upsert} update public.${table} set n = n`)
    await until(() => listening.changes.length === 3)
    expect(listening.changes.map(({ eventType }) => eventType)).toEqual(['INSERT', 'UPDATE', 'UPDATE'])
  })

  it('send a cascade parent first', async () => {
    const parent = await createTable('id int primary key')
    const child = await createTable(`id int primary key, parent_id int references public.${parent} on delete cascade`)
    const listening = listenTo(connect(backend), [{ table: '*' }])
    await listening.live()
    await backend.db.exec(`
      insert into public.${parent} values (1);
      insert into public.${child} values (1, 1), (2, 1);
      delete from public.${parent}`)
    await until(() => listening.changes.length === 6)
    expect(listening.changes.slice(3).map(({ table, old }) => [table, old])).toEqual([
      [parent, { id: 1 }],
      [child, { id: 1 }],
      [child, { id: 2 }],
    ])
  })

  it('keep the order of 1000 rows', async () => {
    const table = await createTable('id int primary key')
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.query(`insert into public.${table} select n from generate_series(1, 1000) as n`)
    await until(() => listening.changes.length === 1000)
    const ids = listening.changes.map(({ new: record }) => (record as { id: number }).id)
    expect(ids).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
  })
})

describe('row security', () => {
  const ownRows = `alter table {table} enable row level security;
    create policy own on {table} for select to authenticated using (owner = (select auth.jwt() ->> 'name'))`

  it('lets a subscriber see INSERT and UPDATE of its own rows, and every DELETE', async () => {
    const table = await createTable('id int primary key, owner text', ownRows)
    const [ann, bob] = await Promise.all(['ann', 'bob'].map((name) => signIn(name)))
    const guest = listenTo(connect(backend), [{ table }])
    const listeners = [listenTo(ann!, [{ table }]), listenTo(bob!, [{ table }]), guest]
    await Promise.all(listeners.map((listening) => listening.live()))
    await backend.db.query(`insert into public.${table} values (1, 'ann'), (2, 'bob')`)
    await backend.realtime.drained()
    await backend.db.query(`update public.${table} set owner = 'bob' where id = 1`)
    await backend.realtime.drained()
    await backend.db.query(`delete from public.${table} where id = 1`)
    await until(() => listeners.every(({ changes }) => changes.at(-1)?.eventType === 'DELETE'))
    const deleted = ['DELETE', {}, { id: 1 }]
    expect(listeners.map(({ changes }) => changes.map(brief))).toEqual([
      [['INSERT', { id: 1, owner: 'ann' }, {}], deleted],
      [['INSERT', { id: 2, owner: 'bob' }, {}], ['UPDATE', { id: 1, owner: 'bob' }, { id: 1 }], deleted],
      [deleted],
    ])
  })

  it('asks the policies when a change is read: a row that is gone by then is only told as gone', async () => {
    const table = await createTable(
      'id int primary key',
      'alter table {table} enable row level security; create policy all_rows on {table} using (true)',
    )
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.exec(`begin; insert into public.${table} values (1); delete from public.${table}; commit`)
    await until(() => listening.changes.length > 0)
    expect(listening.changes.map(brief)).toEqual([['DELETE', {}, { id: 1 }]])
  })

  it('follows a new token: what it may see is decided anew, after one more system ok', async () => {
    const table = await createTable('id int primary key, owner text', ownRows)
    const client = await signIn('ann')
    const listening = listenTo(client, [{ table }])
    await listening.live()
    await client.realtime.setAuth(backend.signToken({ name: 'bob' }))
    await until(() => listening.system.length === 2)
    await backend.db.exec(`insert into public.${table} values (1, 'ann'), (2, 'bob')`)
    await until(() => listening.changes.length === 1)
    expect(listening.changes.map(brief)).toEqual([['INSERT', { id: 2, owner: 'bob' }, {}]])
  })

  it('is nothing to the service role', async () => {
    const table = await createTable('id int primary key, owner text', ownRows)
    const client = connect(backend)
    await client.realtime.setAuth(backend.signToken({ role: 'service_role' }))
    const listening = listenTo(client, [{ table }])
    await listening.live()
    await backend.db.query(`insert into public.${table} values (1, 'ann')`)
    await until(() => listening.changes.length === 1)
    expect(listening.changes[0]?.new).toEqual({ id: 1, owner: 'ann' })
  })

  it('hides the columns a role may not read', async () => {
    const table = await createTable(
      'id int primary key, open text, secret text',
      'revoke all on {table} from anon; grant select (id, open) on {table} to anon',
    )
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.query(`insert into public.${table} values (1, 'o', 's')`)
    await until(() => listening.changes.length === 1)
    expect(listening.changes[0]?.new).toEqual({ id: 1, open: 'o' })
  })

  async function signIn(name: string) {
    const client = connect(backend)
    await client.realtime.setAuth(backend.signToken({ name }))
    return client
  }
})

describe('changes with errors', () => {
  it('400: the table has no primary key', async () => {
    const table = await createTable('n int')
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.query(`insert into public.${table} values (1)`)
    await until(() => listening.changes.length === 1)
    expect(brief(listening.changes[0]!)).toEqual(['INSERT', {}, {}, ['Error 400: Bad Request, no primary key']])
    expect(listening.changes[0]?.commit_timestamp).toBeNull()
  })

  it('401: the role may not read the key', async () => {
    const table = await createTable('id int primary key', 'revoke all on {table} from anon')
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.query(`insert into public.${table} values (1)`)
    await until(() => listening.changes.length === 1)
    expect(brief(listening.changes[0]!)).toEqual(['INSERT', {}, {}, ['Error 401: Unauthorized']])
  })

  it('413: the row is larger than a megabyte and loses its big values', async () => {
    const table = await createTable('id int primary key, small text, big text, nothing text')
    const listening = listenTo(connect(backend), [{ table }])
    await listening.live()
    await backend.db.query(`insert into public.${table} values (1, 's', repeat('x', 1100000), null)`)
    await until(() => listening.changes.length === 1)
    const record = { id: 1, small: 's' }
    expect(brief(listening.changes[0]!)).toEqual(['INSERT', record, {}, ['Error 413: Payload Too Large']])
    expect(listening.changes[0]?.commit_timestamp).toEqual(expect.any(String))
  })
})

describe('the publication', () => {
  it('decides what is sent: a table that leaves it is silent, one that enters is heard', async () => {
    const [leaving, staying] = [await createTable('id int primary key'), await createTable('id int primary key')]
    const listening = listenTo(connect(backend), [{ table: '*' }])
    await listening.live()
    const entering = await createTable('id int primary key')
    await backend.db.exec(`alter publication supabase_realtime drop table public.${leaving}`)
    for (const table of [leaving, entering, staying]) await backend.db.query(`insert into public.${table} values (1)`)
    await until(() => listening.changes.at(-1)?.table === staying)
    expect(listening.changes.map(({ table }) => table)).toEqual([entering, staying])
  })

  it('may span schemas', async () => {
    await backend.db.exec(`
      create schema other;
      create table other.things (id int primary key);
      grant usage on schema other to anon;
      grant select on other.things to anon;
      alter publication supabase_realtime add table other.things;
    `)
    const listening = listenTo(connect(backend), [{ schema: '*' }, { schema: 'public', table: '*' }])
    await listening.live()
    await backend.db.query('insert into other.things values (1)')
    await backend.db.query(`update public.goals set title = 'x' where id = 1`)
    await until(() => listening.changesOf[0]?.length === 2)
    expect(listening.changesOf.map((changes) => changes.map(({ schema, table }) => `${schema}.${table}`))).toEqual([
      ['other.things', 'public.goals'],
      ['public.goals'],
    ])
  })
})
