import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { closeClients, connect, listenTo, until } from './support.ts'

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
  await backend.db.exec(`
    create table first_one (id int primary key);
    create table second_one (id int primary key);
    create table "first%one" (id int primary key);
    alter publication supabase_realtime add table first_one, "first%one";
  `)
})
afterAll(() => backend.stop())
afterEach(async () => {
  backend.realtime.faults.reset()
  await closeClients()
  await backend.db.exec('truncate first_one, second_one, "first%one"')
})

const tablesOf = (listening: ReturnType<typeof listenTo>) => listening.changes.map(({ table }) => table)

async function write(table: string, id: number): Promise<void> {
  await backend.db.exec(`insert into ${table} values (${id})`)
  await backend.realtime.drained()
}

describe('names of a binding', () => {
  it('are patterns: `_` is any character, `%` any text', async () => {
    const bindings = [{ table: 'first_one' }, { table: 'first%' }, { schema: 'pub%', table: 'fir_t_one' }]
    const listening = listenTo(connect(backend), bindings)
    await listening.live()
    await write('first_one', 1)
    await write('"first%one"', 1)
    await until(() => listening.changesOf.every(({ length }) => length === 2))
    expect(tablesOf(listening).filter((table) => table === 'first%one')).toHaveLength(3)
  })
})

describe('a table that is renamed', () => {
  it('goes on under its new name', async () => {
    const listening = listenTo(connect(backend), [{ table: 'first_one' }])
    await listening.live()
    await backend.db.exec('alter table first_one rename to renamed_one')
    await write('renamed_one', 1)
    await until(() => listening.changes.length === 1)
    await backend.db.exec('alter table renamed_one rename to first_one')
    expect(tablesOf(listening)).toEqual(['renamed_one'])
  })
})

describe('a publication that changes', () => {
  const ok = 'Subscribed to PostgreSQL'

  it('attaches everybody anew, with one ok for each binding, and brings the new table', async () => {
    const listening = listenTo(connect(backend), [{ table: '*' }, { table: 'first_one' }])
    await listening.live()
    await backend.db.exec('alter publication supabase_realtime add table second_one')
    await write('second_one', 1)
    await until(() => listening.changes.length === 1)
    expect(tablesOf(listening)).toEqual(['second_one'])
    expect(listening.system.map(({ message }) => message)).toEqual([ok, ok, ok])
    await backend.db.exec('alter publication supabase_realtime drop table second_one')
    await write('first_one', 1)
  })

  it('leaves a channel without anything when a table of it goes, until the table is back', async () => {
    await backend.db.exec('alter publication supabase_realtime add table second_one')
    const listening = listenTo(connect(backend), [{ table: 'goals' }, { table: 'second_one' }])
    await listening.live()
    const rename = async (title: string) => {
      await backend.db.query('update goals set title = $1 where id = 1', [title])
      await backend.realtime.drained()
    }
    await backend.db.exec('alter publication supabase_realtime drop table second_one')
    await rename('lost')
    await until(() => listening.system.length === 3)
    expect(listening.system.slice(1).map(({ status }) => status)).toEqual(['error', 'error'])
    expect(listening.system[1]?.message).toMatch(
      /^Unable to subscribe .* table: second_one, filters: \[\], select: nil\]$/,
    )
    await backend.db.exec('alter publication supabase_realtime add table second_one')
    await rename('heard')
    await until(() => listening.changes.length === 1)
    expect(listening.changes[0]?.new).toMatchObject({ title: 'heard' })
    await backend.db.exec('alter publication supabase_realtime drop table second_one')
  })

  it('is found out once in a while only, as on the real server', async () => {
    await write('first_one', 1)
    backend.realtime.faults.set({ publicationCheckMs: 60_000 })
    const listening = listenTo(connect(backend), [{ table: '*' }])
    await listening.live()
    await backend.db.exec('alter publication supabase_realtime add table second_one')
    await write('second_one', 1)
    backend.realtime.faults.set({ publicationCheckMs: 0 })
    await write('second_one', 2)
    await until(() => listening.changes.length === 1)
    expect(listening.changes[0]?.new).toEqual({ id: 2 })
  })
})
