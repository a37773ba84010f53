import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { joinPayload, openRaw } from './rawSocket.ts'
import { type Row, closeClients, connect, listenTo, until } from './support.ts'

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
  await backend.db.exec(`
    create table public.samples (
      id bigint primary key,
      label text,
      amount numeric,
      is_done boolean,
      day date,
      tags text[],
      code char(3),
      owner uuid,
      "odd name" integer,
      short varchar(20)
    );
    alter publication supabase_realtime add table public.samples;
  `)
})
afterAll(() => backend.stop())
afterEach(closeClients)

const insertRows = `
  insert into public.samples values
    (1, 'apple', 1.5, true, '2026-01-01', '{a,b}', 'abc', '11111111-1111-1111-1111-111111111111', 1),
    (2, 'Banana', 10, false, '2026-02-01', '{}', 'xyz', '22222222-2222-2222-2222-222222222222', 2),
    (3, 'cherry, "sweet"', 2, null, null, null, null, null, null),
    (4, null, null, true, '2026-03-01', '{c}', 'abc', null, 4),
    (5, '100%', -3, false, '2025-12-31', null, null, null, 5)`

/** The ids of the rows above that each filter lets through. */
const filterCases: [filter: string, ids: number[]][] = [
  ['id=eq.1', [1]],
  ['id=neq.1', [2, 3, 4, 5]],
  ['id=lt.3', [1, 2]],
  ['id=lte.3', [1, 2, 3]],
  ['id=gt.3', [4, 5]],
  ['id=gte.3', [3, 4, 5]],
  ['id=in.(1,3,9)', [1, 3]],
  ['id=not.in.(1,3)', [2, 4, 5]],
  ['id=not.eq.1', [2, 3, 4, 5]],
  ['amount=eq.10.00', [2]],
  ['amount=gt.9', [2]],
  ['amount=lt.2', [1, 5]],
  ['amount=neq.10', [1, 3, 5]],
  ['label=eq.apple', [1]],
  ['label=eq.Apple', []],
  ['label=neq.apple', [2, 3, 5]],
  ['label=not.eq.apple', [2, 3, 5]],
  ['label=eq."cherry, \\"sweet\\""', [3]],
  ['label=in.("cherry, \\"sweet\\"",apple)', [1, 3]],
  ['label=like.%an%', [2]],
  ['label=like.B%', [2]],
  ['label=like.b%', []],
  ['label=ilike.b%', [2]],
  ['label=not.ilike.b%', [1, 3, 5]],
  ['label=like.100\\%', [5]],
  ['label=match.^[aB]', [1, 2]],
  ['label=imatch.^b', [2]],
  ['label=not.match.^a', [2, 3, 5]],
  ['label=is.null', [4]],
  ['label=not.is.null', [1, 2, 3, 5]],
  ['label=isdistinct.apple', [2, 3, 4, 5]],
  ['label=not.isdistinct.apple', [1]],
  ['label=isdistinct.null', [1, 2, 3, 4, 5]],
  ['label=in.( apple ,"100%")', [1, 5]],
  ['label=in.(apple,null)', [1]],
  ['label=in.()', []],
  ['label=not.in.()', [1, 2, 3, 4, 5]],
  ['label=eq.ap"ple,id=eq.1', []],
  ['amount=eq.NaN', []],
  ['amount=is.null', [4]],
  ['is_done=is.true', [1, 4]],
  ['is_done=is.false', [2, 5]],
  ['is_done=is.unknown', [3]],
  ['is_done=not.is.true', [2, 3, 5]],
  ['is_done=eq.t', [1, 4]],
  ['day=gte.2026-02-01', [2, 4]],
  ['tags=eq."{a,b}"', []],
  ['tags=is.null', [3, 5]],
  ['code=eq.abc', [1, 4]],
  ['code=eq.axx', [1, 4]],
  ['owner=eq.11111111-1111-1111-1111-111111111111', [1]],
  ['odd name=eq.2', [2]],
  ['id=gt.1,is_done=is.true', [4]],
  ['id=gt.1,id=lt.5,label=not.is.null', [2, 3]],
  ['label=in.(apple,"100%"),amount=lt.0', [5]],
  [`label=eq.'; drop table public.samples; --`, []],
  [`label=eq.apple' or '1'='1`, []],
  ['', [1, 2, 3, 4, 5]],
]

describe('filters', () => {
  it('let through the rows that Postgres itself would select, for every operator', async () => {
    const listening = listenTo(
      connect(backend),
      filterCases.map(([filter]) => ({ table: 'samples', filter })),
    )
    await listening.live()
    await backend.db.query(insertRows)
    await until(() => listening.changesOf.at(-1)?.length === 5)
    const received = filterCases.map(([filter], index) => [filter, idsOf(listening.changesOf[index])])
    expect(received).toEqual(filterCases)
    await backend.db.query('delete from public.samples')
  })

  it('look at the new row of an UPDATE: a row that leaves is not told, one that enters is', async () => {
    await backend.db.query(`insert into public.samples (id, label) values (1, 'in'), (2, 'out')`)
    const listening = listenTo(connect(backend), [
      { table: 'samples', filter: 'label=eq.in' },
      { table: 'samples', filter: 'id=eq.3' },
    ])
    await listening.live()
    await backend.db.exec(`
      update public.samples set label = 'left' where id = 1;
      update public.samples set label = 'in' where id = 2;
      insert into public.samples (id) values (3);
    `)
    await until(() => listening.changesOf[1]?.length === 1)
    expect(idsOf(listening.changesOf[0])).toEqual([2])
    await backend.db.query('delete from public.samples')
  })

  it.each([
    ['default', [['id=eq.1']]],
    ['full', [['id=eq.1'], ['label=eq.apple'], ['id=eq.1,label=eq.apple'], ['amount=is.null']]],
  ])('look at the replica identity of a DELETE: %s', async (identity, passing) => {
    await backend.db.exec(`
      alter table public.samples replica identity ${identity};
      insert into public.samples (id, label) values (1, 'apple');
    `)
    const filters = ['id=eq.1', 'id=eq.2', 'label=eq.apple', 'id=eq.1,label=eq.apple', 'id=eq.1,label=eq.other']
    filters.push('amount=is.null', '')
    const listening = listenTo(
      connect(backend),
      filters.map((filter) => ({ table: 'samples', filter, event: 'DELETE' })),
    )
    await listening.live()
    await backend.db.query('delete from public.samples')
    await until(() => listening.changesOf.at(-1)?.length === 1)
    const received = filters.filter((_, index) => listening.changesOf[index]?.length === 1)
    expect(received.toSorted()).toEqual(['', ...passing.flat()].toSorted())
    await backend.db.query('alter table public.samples replica identity default')
  })

  it('that fail on a row let it not through, and keep nothing from the others', async () => {
    await backend.db.exec(`
      create table public.fading (id int primary key, kept text, dropped text);
      alter publication supabase_realtime add table public.fading;
    `)
    const listening = listenTo(connect(backend), [
      { table: 'fading', filter: 'dropped=eq.x' },
      { table: 'fading', filter: 'kept=eq.x' },
    ])
    await listening.live()
    await backend.db.exec(`alter table public.fading drop column dropped; insert into public.fading values (1, 'x')`)
    await until(() => listening.changesOf[1]?.length === 1)
    expect(listening.changesOf[0]).toEqual([])
  })
})

describe('a binding that cannot be', () => {
  const excused = 'Unable to subscribe to changes with given parameters.'
  const checkParameters = `${excused} An exception happened so please check your connect parameters:`

  it.each([
    [
      { table: 'samples', filter: 'nope=eq.1' },
      `${checkParameters} [event: *, schema: public, table: samples, filters: [{"nope", "eq", "1", false}], select: nil]. Exception: ERROR P0001 (raise_exception) invalid column for filter nope`,
    ],
    [
      { table: 'samples', filter: 'id=eq.x' },
      'Exception: ERROR 22P02 (invalid_text_representation) invalid input syntax for type bigint: "x"',
    ],
    [
      { table: 'samples', filter: 'id=like.1%' },
      'Exception: ERROR P0001 (raise_exception) operator like requires a text-compatible column type, got bigint',
    ],
    [
      { table: 'samples', filter: 'short=ilike.a%' },
      'operator ilike requires a text-compatible column type, got character varying',
    ],
    [
      { table: 'samples', filter: 'short=match.a' },
      'operator match requires a text-compatible column type, got character varying',
    ],
    [
      { table: 'samples', filter: 'label=match.(' },
      'ERROR P0001 (raise_exception) invalid regular expression for match filter: invalid regular expression: parentheses () not balanced',
    ],
    [
      { table: 'samples', filter: 'id=is.true' },
      '(raise_exception) is true filter requires a boolean column, got bigint',
    ],
    [
      { table: 'samples', filter: 'is_done=is.not.null' },
      '(raise_exception) invalid value for is filter: must be null, true, false, or unknown',
    ],
    [{ table: 'samples', filter: 'id=isdistinct.null' }, 'invalid input syntax for type bigint: "null"'],
    [{ table: 'samples', filter: 'id' }, 'Error parsing `filter` params: ["id"]'],
    [{ table: 'samples', filter: 'id=eq' }, 'Error parsing `filter` params: ["eq"]'],
    [{ table: 'samples', filter: 'id=near.1' }, 'Error parsing `filter` params: ["near", "1"]'],
    [{ table: 'samples', filter: ' id = eq.1 ' }, 'Error parsing `filter` params: [" eq", "1"]'],
    [
      { table: 'samples', filter: 'id=in.1,2' },
      'Error parsing `filter` params: `in` filter value must be wrapped by parentheses',
    ],
    [
      { table: 'samples', filter: 'id=eq.1,' },
      'Error parsing `filter` params: filter must not contain empty segments (check for extra commas)',
    ],
    [{ table: 'samples', filter: 'is_done=is.1; drop table samples' }, 'invalid value for is filter'],
    [
      {
        table: 'samples',
        filter: `owner=in.(${Array<string>(80).fill('11111111-1111-1111-1111-111111111111').join(',')})`,
      },
      'Exception: ERROR 54000 (program_limit_exceeded) index row size',
    ],
    [
      { table: '*', select: ['id'] },
      'Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.',
    ],
    [
      { table: 'samples', filter: `id=in.(${Array.from({ length: 101 }, (_, n) => n).join(',')})` },
      'Exception: ERROR P0001 (raise_exception) too many values for `in` filter. Maximum 100',
    ],
    [{ table: 'samples', select: ['nope'] }, 'ERROR P0001 (raise_exception) invalid column for select nope'],
    [
      { event: 'INSERT', table: 'nosuch' },
      `${excused} Please check Realtime is enabled for the given connect parameters: [event: INSERT, schema: public, table: nosuch, filters: [], select: nil]`,
    ],
    [{ table: 'profiles' }, 'Please check Realtime is enabled'],
  ])('%o leaves the channel subscribed and sends a system error', async (binding, message) => {
    const listening = listenTo(connect(backend), [{ table: 'goals' }, binding])
    await until(() => listening.system.length > 0)
    expect(listening.system).toEqual([
      {
        extension: 'postgres_changes',
        status: 'error',
        message: expect.stringContaining(message),
        channel: expect.any(String),
      },
    ])
    expect(listening.statuses).toEqual(['SUBSCRIBED'])
  })

  it.each([
    [{ table: 'samples', filter: 5 }, '%{"event" => "*", "filter" => 5, "table" => "samples"}'],
    [{ schema: 'public', table: 'samples', filter: null }, '"filter" => nil, "schema" => "public"'],
    [{ schema: 'public', filter: 'id=eq.1' }, '"filter" => "id=eq.1"'],
    [{}, '%{"event" => "*"}'],
  ])('is told as it came when it says too little, or the wrong kind: %o', async (binding, printed) => {
    const raw = await openRaw(backend)
    await raw.ask('1', 'realtime:few', 'phx_join', joinPayload([{ event: '*', ...binding }]))
    await until(() => raw.frames.length === 2)
    expect(raw.frames[1]?.[4]).toMatchObject({
      status: 'error',
      message: expect.stringMatching(
        /^No subscription params provided\. Please provide at least a `schema` or `table`/,
      ),
    })
    expect(raw.frames[1]?.[4]).toMatchObject({ message: expect.stringContaining(printed) })
    raw.socket.terminate()
  })

  it.each([{ filter: 'hidden=eq.1' }, { select: ['hidden'] }])(
    'asks for a column the role may not read: %o',
    async (options) => {
      await backend.db.exec(`
      drop table if exists public.half_open;
      create table public.half_open (id int primary key, hidden int);
      revoke all on public.half_open from anon;
      grant select (id) on public.half_open to anon;
      alter publication supabase_realtime add table public.half_open;
    `)
      const listening = listenTo(connect(backend), [{ table: 'half_open', ...options }])
      await until(() => listening.system.length > 0)
      expect(listening.system[0]?.message).toMatch(/raise_exception\) invalid column for (filter|select) hidden$/)
    },
  )

  it('keeps the channel from getting anything, the good bindings included', async () => {
    const client = connect(backend)
    const broken = listenTo(client, [{ table: 'goals' }, { table: 'goals', filter: 'nope=eq.1' }])
    const sound = listenTo(client, [{ table: 'goals' }])
    await until(() => broken.system.length > 0 && sound.isLive())
    await backend.db.query(`update public.goals set title = 'x' where id = 1`)
    await until(() => sound.changes.length === 1)
    expect(broken.changes).toEqual([])
  })
})

function idsOf(changes: { new: Row | object }[] | undefined): unknown[] {
  return (changes ?? []).map((change) => (change.new as Row)['id'])
}
