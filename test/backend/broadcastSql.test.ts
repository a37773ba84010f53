import fc from 'fast-check'
import { type BroadcastSqlOptions, broadcastSql } from 'realtime-coalescer/sql'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readFeedMessage } from '../../src/actions/feedMessage.ts'
import { type BroadcastDatabase, createBroadcastDatabase } from './broadcastDatabase.ts'

const ann = '11111111-1111-1111-1111-111111111111'
const bob = '22222222-2222-2222-2222-222222222222'

const tables = `
  create table public.goals (id int primary key, user_id uuid, title text);
  create table public.days (user_id uuid, day int, note text, primary key (user_id, day));
  create table public.room_members (room text, member uuid);
  create table public.guests (room text, member uuid);
  create table public.partners (asked uuid, invited uuid);
  create table public.notes (id int primary key, room text);
  create schema "od""d";
  create table "od""d"."it's $body$ \\ a""table" ("i""d" int primary key, "o'w\\n""er" text);
  grant select on public.room_members to authenticated;
  grant select on public.guests, public.partners to authenticated;
  insert into public.partners values ('${bob}', '${ann}');
  insert into public.room_members values ('kitchen', '${ann}');
`
const odd = { schema: 'od"d', name: 'it\'s $body$ \\ a"table', primaryKey: ['i"d'] }
const perUser = { prefix: 'user:', column: 'user_id' }

let database: BroadcastDatabase
beforeAll(async () => {
  database = await createBroadcastDatabase(tables)
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.exec('truncate goals, days, notes; drop schema if exists realtime_coalescer cascade')
  await database.takeSent()
})

/** Runs a migration; gives what statements send after it. */
async function migrate(options: BroadcastSqlOptions) {
  await database.exec(broadcastSql(options))
  return async (sql: string) => {
    await database.exec(sql)
    return database.takeSent()
  }
}

describe('one message for each row', () => {
  it('has the payload that the server was seen to send', async () => {
    const sentBy = await migrate({ tables: ['goals'], send: 'rows' })
    const told = { schema: 'public', table: 'goals' }
    const before = { id: 1, user_id: null, title: 'a' }
    const message = { topic: 'db', private: true }
    expect(await sentBy("insert into goals values (1, null, 'a')")).toEqual([
      { ...message, event: 'INSERT', payload: { ...told, operation: 'INSERT', record: before, old_record: null } },
    ])
    const after = { ...before, title: 'b' }
    expect(await sentBy("update goals set title = 'b'")).toEqual([
      { ...message, event: 'UPDATE', payload: { ...told, operation: 'UPDATE', record: after, old_record: before } },
    ])
    expect(await sentBy('delete from goals')).toEqual([
      { ...message, event: 'DELETE', payload: { ...told, operation: 'DELETE', record: null, old_record: after } },
    ])
    expect(await sentBy('truncate goals')).toEqual([
      { ...message, event: 'TRUNCATE', payload: { ...told, operation: 'TRUNCATE' } },
    ])
  })

  it('goes to the topic of its row; one that moves is gone for those it leaves', async () => {
    const sentBy = await migrate({ tables: ['goals'], send: 'rows', topic: perUser })
    await sentBy(`insert into goals values (1, '${ann}', 'secret'), (2, null, 'of nobody')`)
    const [left, came, ...others] = await sentBy(`update goals set user_id = '${bob}', title = 'new' where id = 1`)
    expect(left).toMatchObject({
      topic: `user:${ann}`,
      event: 'DELETE',
      payload: { operation: 'DELETE', record: null },
    })
    expect(left?.payload['old_record']).toMatchObject({ title: 'secret' })
    expect(came).toMatchObject({
      topic: `user:${bob}`,
      event: 'INSERT',
      payload: { operation: 'INSERT', old_record: null },
    })
    expect(others).toEqual([])
    expect(await sentBy(`update goals set title = 'still of nobody' where id = 2`)).toEqual([])
  })
})

describe('one message for each statement', () => {
  it('tells how many rows, and their keys, but nothing else of them', async () => {
    const sentBy = await migrate({ tables: ['goals', { name: 'days', primaryKey: ['user_id', 'day'] }] })
    const told = { schema: 'public', table: 'goals' }
    expect(await sentBy("insert into goals values (1, null, 'secret'), (2, null, 'secret')")).toEqual([
      {
        topic: 'db',
        event: 'INSERT',
        private: true,
        payload: { ...told, operation: 'INSERT', rows: 2, keys: [{ id: 1 }, { id: 2 }] },
      },
    ])
    expect(await sentBy('update goals set id = 3 where id = 2')).toMatchObject([
      { payload: { operation: 'UPDATE', rows: 1, keys: [{ id: 2 }, { id: 3 }] } },
    ])
    expect(await sentBy('delete from goals where id = 1')).toMatchObject([
      { payload: { operation: 'DELETE', rows: 1, keys: [{ id: 1 }] } },
    ])
    expect(await sentBy(`insert into days values ('${ann}', 1, 'secret')`)).toMatchObject([
      { payload: { table: 'days', keys: [{ user_id: ann, day: 1 }] } },
    ])
    expect(await sentBy('truncate goals')).toMatchObject([{ payload: { operation: 'TRUNCATE' } }])
  })

  it('is one for two thousand rows, then without keys, and none for no row', async () => {
    const sentBy = await migrate({ tables: ['goals'] })
    const sent = await sentBy("insert into goals select n, null, repeat('x', 100) from generate_series(1, 2000) n")
    expect(sent.map(({ payload }) => payload)).toEqual([
      { schema: 'public', table: 'goals', operation: 'INSERT', rows: 2_000 },
    ])
    expect(await sentBy('update goals set title = null where id < 0')).toEqual([])
    expect((await sentBy('delete from goals where id <= 100'))[0]?.payload['keys']).toHaveLength(100)
  })

  it('tells each topic of exactly the rows that were or are its own, whatever the statement does', async () => {
    const sentBy = await migrate({ tables: ['notes'], topic: { prefix: 'room:', column: 'room' } })
    type Rows = ReadonlyMap<number, string | null>
    const room = fc.constantFrom('a', 'b', null)
    const ids = fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 8 })
    const statements = fc.array(
      fc.oneof(
        fc.record({ type: fc.constant('insert' as const), ids, room }),
        fc.record({ type: fc.constant('move' as const), ids, room }),
        fc.record({ type: fc.constant('renumber' as const), ids }),
        fc.record({ type: fc.constant('delete' as const), ids }),
      ),
      { maxLength: 8 },
    )
    const apply = (rows: Rows, statement: { type: string; ids: number[]; room?: string | null }) => {
      const after = new Map(rows)
      const offset = Math.max(0, ...rows.keys()) + 1
      for (const id of statement.ids) {
        const is = rows.get(id)
        if (statement.type === 'insert' && is === undefined) after.set(id, statement.room ?? null)
        else if (is === undefined) continue
        else if (statement.type === 'move') after.set(id, statement.room ?? null)
        else if (statement.type === 'delete') after.delete(id)
        else if (statement.type === 'renumber') {
          after.delete(id)
          after.set(id + offset, is)
        }
      }
      const list = statement.ids.join(', ')
      const value = statement.room == null ? 'null' : `'${statement.room}'`
      const missing = statement.ids.filter((id) => !rows.has(id))
      const sql = {
        insert: `insert into notes select id, ${value} from unnest(array[${missing.join(', ')}]::int[]) id`,
        move: `update notes set room = ${value} where id in (${list})`,
        renumber: `update notes set id = id + ${offset} where id in (${list})`,
        delete: `delete from notes where id in (${list})`,
      }[statement.type]!
      const touched = statement.type === 'insert' ? missing : statement.ids.filter((id) => rows.has(id))
      const touchedAfter = statement.type === 'renumber' ? touched.map((id) => id + offset) : touched
      const told = new Map<string, Set<number>>()
      const tell = (one: string | null | undefined, id: number) =>
        typeof one === 'string' && told.set(`room:${one}`, (told.get(`room:${one}`) ?? new Set()).add(id))
      for (const id of touched) tell(rows.get(id), id)
      for (const id of touchedAfter) tell(after.get(id), id)
      return { after, sql, told }
    }
    await fc.assert(
      fc.asyncProperty(statements, async (list) => {
        await sentBy('delete from notes')
        let rows: Rows = new Map()
        for (const statement of list) {
          const { after, sql, told } = apply(rows, statement)
          const sent = await sentBy(sql)
          const got = sent.map(({ topic, payload }) => [
            topic,
            (payload['keys'] as { id: number }[]).map(({ id }) => id),
          ])
          const expected = [...told].map(([topic, keys]) => [topic, [...keys].sort((one, other) => one - other)])
          expect(Object.fromEntries(got)).toEqual(Object.fromEntries(expected))
          expect(got).toHaveLength(told.size)
          for (const { payload } of sent) {
            expect(readFeedMessage(payload)).toMatchObject({ kind: 'signal' })
            expect((payload['keys'] as unknown[]).length).toBeGreaterThanOrEqual(payload['rows'] as number)
          }
          rows = after
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe.each(['rows', 'statements'] as const)('with %s', (send) => {
  it('whatever names, topics and values contain is quoted', async () => {
    const topic = { prefix: "x'; drop table public.goals; -- \\ $body$", column: 'o\'w\\n"er' }
    const sentBy = await migrate({ tables: [{ ...odd, topic }], send })
    const table = `"od""d"."it's $body$ \\ a""table"`
    await sentBy(`delete from ${table}`)
    const sent = await sentBy(`insert into ${table} values (1, 'o''w')`)
    expect(sent).toMatchObject([
      { topic: `${topic.prefix}o'w`, payload: { schema: odd.schema, table: odd.name, operation: 'INSERT' } },
    ])
    await database.exec(`drop schema realtime_coalescer cascade`)
  })

  it('the migration can be run again, also after the other form, and then sends each change once', async () => {
    await migrate({ tables: ['goals'], send: send === 'rows' ? 'statements' : 'rows' })
    await migrate({ tables: ['goals'], send })
    const sentBy = await migrate({ tables: ['goals'], send })
    for (const sql of [
      'insert into goals values (1)',
      'update goals set title = null',
      'delete from goals',
      'truncate goals',
    ])
      expect(await sentBy(sql)).toHaveLength(1)
  })

  it('a write whose transaction is rolled back sends nothing', async () => {
    const sentBy = await migrate({ tables: ['goals'], send })
    expect(await sentBy('begin; insert into goals values (1); rollback')).toEqual([])
  })
})

describe('who may listen', () => {
  it('is everybody signed in, of a topic for all', async () => {
    await migrate({ tables: ['goals'], topic: 'db' })
    expect([await database.mayListen(ann, 'db'), await database.mayListen(ann, 'db2')]).toEqual([true, false])
  })

  it('is the user, of a topic for one', async () => {
    await migrate({ tables: ['goals'], topic: { prefix: 'mine:', column: 'user_id' } })
    expect(await database.mayListen(ann, `mine:${ann}`)).toBe(true)
    expect(await database.mayListen(bob, `mine:${ann}`)).toBe(false)
  })

  it('are the members, of a topic for a room', async () => {
    const members = { table: 'room_members', column: 'room', user: 'member' }
    await migrate({ tables: ['notes'], topic: { prefix: 'place:', column: 'room', members } })
    expect(await database.mayListen(ann, 'place:kitchen')).toBe(true)
    expect(await database.mayListen(bob, 'place:kitchen')).toBe(false)
    expect(await database.mayListen(ann, 'place:cellar')).toBe(false)
  })

  it('are those of a later run only, whoever was named before', async () => {
    const listeners = async (members?: { table: string; column: string; user: string }) => {
      await migrate({ tables: ['notes'], topic: { prefix: 'den:', column: 'room', members } })
      return [await database.mayListen(ann, 'den:kitchen'), await database.mayListen(bob, `den:${bob}`)]
    }
    const members = { table: 'room_members', column: 'room', user: 'member' }
    expect(await listeners(members)).toEqual([true, false])
    expect(await listeners({ ...members, table: 'guests' })).toEqual([false, false])
    expect(await listeners()).toEqual([false, true])
    expect(await listeners(members)).toEqual([true, false])
  })

  it('are all that tables with the same topics name, also if one table has them in two columns', async () => {
    const topicOf = (column: string, user: string) => ({
      prefix: 'partner:',
      column: 'user_id',
      members: { table: 'partners', column, user },
    })
    const tables = [
      { name: 'goals', topic: topicOf('asked', 'invited') },
      { name: 'days', primaryKey: ['user_id', 'day'], topic: topicOf('invited', 'asked') },
    ]
    await migrate({ tables })
    expect(await database.mayListen(ann, `partner:${bob}`)).toBe(true)
    expect(await database.mayListen(bob, `partner:${ann}`)).toBe(true)
    expect(await database.mayListen(ann, `partner:${ann}`)).toBe(false)
  })
})

it('names of tables that only differ beyond what Postgres keeps of a name have functions of their own', () => {
  const long = `${'é'.repeat(28)}`
  const sql = broadcastSql({ tables: [`archive.${long}a`, `archive.${long}b`] })
  const names = [...sql.matchAll(/function realtime_coalescer\."([^"]+)"\(\) returns/g)].map(([, name = '']) => name)
  expect(new Set(names).size).toBe(2)
  for (const name of names) expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(63)
})

it.each([
  ['nothing', undefined, TypeError, 'Expected `options` to be an object'],
  ['no tables', { tables: [] }, TypeError, 'Expected `tables` to be a list of tables'],
  ['a table that is none', { tables: [7] }, TypeError, 'Expected `tables[0]` to be a name or an object'],
  ['an empty name', { tables: [''] }, TypeError, 'Expected `tables[0]` to be a name'],
  ['an empty schema', { tables: ['.goals'] }, TypeError, 'Expected `tables[0]` to be a name'],
  ['a name with a NUL', { tables: ['a\0b'] }, TypeError, 'Expected `tables[0]` to be a name'],
  ['a name too long', { tables: ['a'.repeat(64)] }, RangeError, 'Expected `tables[0]` to be at most 63 bytes long'],
  ['a table twice', { tables: ['goals', { name: 'goals' }] }, RangeError, 'Expected each table once'],
  ['no key', { tables: [{ name: 'goals', primaryKey: [] }] }, TypeError, 'Expected `tables[0].primaryKey`'],
  ['another form', { tables: ['goals'], send: 'both' }, RangeError, 'Expected `send` to be one of'],
  ['no topic', { tables: ['goals'], topic: '' }, TypeError, 'Expected `topic` to be a text'],
  ['a topic without a column', { tables: ['goals'], topic: { prefix: 'a' } }, TypeError, 'Expected `topic.column`'],
  [
    'members that are none',
    { tables: ['goals'], topic: { prefix: 'a', column: 'b', members: 'c' } },
    TypeError,
    'Expected `topic.members`',
  ],
])('%s is refused', (_, options, kind, message) => {
  const write = () => broadcastSql(options as BroadcastSqlOptions)
  expect(write).toThrow(kind)
  expect(write).toThrow(message)
})
