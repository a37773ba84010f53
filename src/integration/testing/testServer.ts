import { type QueryFunctionContext, type QueryKey, hashKey } from '@tanstack/react-query'
import type { CoalescerClock } from '../../actions/clock.ts'
import { expectDelay, expectFunction, failType } from '../../actions/validate.ts'
import { type Asking, Bindings, type BoundQuery } from './bindings.ts'
import { expectByTable, expectNames, expectOptions } from './expectations.ts'
import { type RequestLife, Requests } from './requests.ts'
import { type TestCommit, type TestPrimaryKeys, TableRows, primaryKeyOf } from './tableRows.ts'

/** A row of a table of the simulated server. */
export type TestRow = Readonly<Record<string, unknown>>

/** One write, as the server has committed it. */
export interface TestWrite {
  readonly table: string
  readonly eventType: 'INSERT' | 'UPDATE' | 'DELETE'
  /** The row after the write; `{}` for a DELETE. */
  readonly new: TestRow
  /** The row before the write; `{}` for an INSERT. */
  readonly old: TestRow
  /** The columns of its primary key. */
  readonly key: TestRow
  /** How many writes the server had seen with this one. */
  readonly version: number
}

/** One request, as the server saw it. */
export interface TestRequest extends RequestLife {
  readonly queryKey: QueryKey
  /** The tables it reads. */
  readonly reads: readonly string[]
  /** The version of the server when the request came, which it is answered from. */
  readonly version: number
}

/** How a request is answered from the rows of the tables it reads. */
export type TestAnswer<Data> = (
  rows: Readonly<Record<string, readonly TestRow[]>>,
  context: { readonly queryKey: QueryKey; readonly pageParam?: unknown },
) => Data

/** What a simulated server starts with. */
export interface TestServerOptions {
  /** The rows of each table at the start, each with its primary key. */
  readonly rows: Readonly<Record<string, readonly TestRow[]>>
  /** The columns of a table's primary key. @default ['id'] */
  readonly primaryKey?: TestPrimaryKeys | undefined
  /** How long a request takes, in milliseconds; 0 sets no timer. @default 0 */
  readonly latencyMs?: number | undefined
  /** Whose timers a latency is made of. @default the platform's */
  readonly clock?: CoalescerClock | undefined
}

/** A server with tables, for the tests of an app. */
export interface TestServer {
  /** How long a request takes, in milliseconds. */
  latencyMs: number
  /** Whether a request fails, asked when it comes. @default never */
  fails: (queryKey: QueryKey) => boolean
  /** Whether a request waits for `release()`, asked when it comes. @default never */
  hangs: (queryKey: QueryKey) => boolean
  /** Every request there has been, in order. */
  readonly requests: readonly TestRequest[]
  /** Every write there has been, in order. */
  readonly writes: readonly TestWrite[]
  /** The names of the tables. */
  readonly tables: readonly string[]
  /** The rows of a table. */
  rows(table: string): readonly TestRow[]
  /** The row with an id: the value of its key, or an object with the columns of it. `undefined` if there is none. */
  row(table: string, id: unknown): TestRow | undefined
  /** How many writes have touched a table, or one row of it. */
  versionOf(table: string, id?: unknown): number
  /** Inserts a row, or replaces the columns of the one with its key. Tells nobody: `feed.commit` does. */
  put(table: string, row: TestRow): TestWrite
  /** Deletes the row with an id. */
  remove(table: string, id: unknown): TestWrite
  /** Writes all of several changes, or none of them if one cannot be. */
  transaction(changes: readonly TestCommit[]): readonly TestWrite[]
  /** Lets every request that hangs be answered. */
  release(): void
  /** A `queryFn` that answers with the rows of a table. */
  query(table: string): (context: QueryFunctionContext) => Promise<readonly TestRow[]>
  /** A `queryFn` that answers from the rows of the tables it reads. */
  query<Data>(reads: readonly string[], answer: TestAnswer<Data>): (context: QueryFunctionContext) => Promise<Data>
  /**
   * What has been asked for under a key, or its `queryFn` would ask for; `undefined` for a query that never reached the
   * server, and whose `queryFn` is none of `query()`.
   */
  boundTo(queryKey: QueryKey, queryFn?: unknown): BoundQuery | undefined
}

/**
 * Creates a server whose tables live in memory. It uses no network, and sets a timer only for a latency.
 *
 * @throws TypeError for a table it does not have, a row without its primary key, or an unknown option.
 */
export function createTestServer(options: TestServerOptions): TestServer {
  expectOptions('createTestServer()', options, ['rows', 'primaryKey', 'latencyMs', 'clock'])
  const { rows, primaryKey = {}, clock } = options
  expectByTable('rows', rows)
  expectByTable('primaryKey', primaryKey)
  const running = new Requests(clock)
  const unknown = Object.keys(primaryKey).find((table) => rows[table] === undefined)
  if (unknown !== undefined) {
    failType('primaryKey', `keys of ${Object.keys(rows).join(', ')}`, unknown, 'Name a table of `rows`.')
  }
  const tables = new Map(
    Object.entries(rows).map(([table, all]) => [table, new TableRows(table, primaryKeyOf(primaryKey, table), all)]),
  )
  const writes: TestWrite[] = []
  const requests: TestRequest[] = []

  const rowsOf = (table: string): TableRows =>
    tables.get(table) ?? failType('table', `one of ${[...tables.keys()].join(', ')}`, table, 'Name it in `rows`.')
  const bindings = new Bindings((table) => rowsOf(table).all)
  const write = (done: Omit<TestWrite, 'version'>): TestWrite => {
    const written = { ...done, version: writes.length + 1 }
    writes.push(written)
    return written
  }

  const writeAll = (changes: readonly TestCommit[]): readonly TestWrite[] => {
    if (!Array.isArray(changes))
      failType('changes', 'a list of changes', changes, 'Pass [{ table, row }], for instance.')
    const before = [...tables.values()].map((table) => table.remember())
    const written = writes.length
    try {
      return changes.map((change: TestCommit) => {
        if ((change?.row === undefined) === (change?.id === undefined)) {
          const remedy = 'Give the row to write, or the `id` of the one to delete.'
          failType('change', 'either { table, row } or { table, id }', change, remedy)
        }
        return change.row === undefined ? server.remove(change.table, change.id) : server.put(change.table, change.row)
      })
    } catch (error) {
      for (const bringBack of before) bringBack()
      writes.length = written
      throw error
    }
  }

  let latencyMs = expectDelay('latencyMs', options.latencyMs ?? 0)
  let fails: TestServer['fails'] = () => false
  let hangs: TestServer['hangs'] = () => false

  const ask = (asking: Asking, context: QueryFunctionContext): Promise<unknown> => {
    const { queryKey } = context
    bindings.note(queryKey, asking)
    const request: TestRequest = running.create({ queryKey, reads: asking.reads, version: writes.length })
    requests.push(request)
    return running.run(request, {
      answer: server.fails(queryKey)
        ? new Error(`The test server has failed the request of ${hashKey(queryKey)}.`)
        : bindings.answer(queryKey, asking, 'pageParam' in context ? context.pageParam : undefined),
      latencyMs: server.latencyMs === 0 ? undefined : server.latencyMs,
      hangs: server.hangs(queryKey),
      signal: context.signal,
    })
  }

  const server: TestServer = {
    get latencyMs() {
      return latencyMs
    },
    set latencyMs(ms) {
      latencyMs = expectDelay('latencyMs', ms)
    },
    get fails() {
      return fails
    },
    set fails(decide) {
      expectFunction('fails', decide)
      fails = decide
    },
    get hangs() {
      return hangs
    },
    set hangs(decide) {
      expectFunction('hangs', decide)
      hangs = decide
    },
    requests,
    writes,
    tables: [...tables.keys()],
    rows: (table) => rowsOf(table).all,
    row: (table, id) => rowsOf(table).find(rowsOf(table).keyFrom(id)),
    versionOf(table, id) {
      const known = rowsOf(table)
      const hash = id === undefined ? undefined : hashKey([known.keyFrom(id)])
      const isOfRow = ({ key }: TestWrite): boolean => hash === undefined || hashKey([key]) === hash
      return writes.filter((one) => one.table === table && isOfRow(one)).length
    },
    put(table, row) {
      const known = rowsOf(table)
      const key = known.keyOf(row)
      const before = known.find(key)
      const after = { ...before, ...row }
      known.put(after)
      return write({ table, eventType: before ? 'UPDATE' : 'INSERT', new: after, old: before ?? {}, key })
    },
    remove(table, id) {
      const known = rowsOf(table)
      const key = known.keyFrom(id)
      const before = known.find(key) ?? failType('id', `the id of a row of ${table}`, id, 'Insert it first.')
      known.delete(key)
      return write({ table, eventType: 'DELETE', new: {}, old: before, key })
    },
    transaction: writeAll,
    release: () => running.release(),
    query<Data>(reads: string | readonly string[], answer?: TestAnswer<Data>) {
      const names = typeof reads === 'string' ? [reads] : expectNames('reads', reads)
      if (answer !== undefined || names.length !== 1) expectFunction('answer', answer)
      for (const name of names) rowsOf(name)
      const asking: Asking = {
        reads: names,
        answer: answer ?? ((all) => all[names[0] ?? '']),
      }
      // The type of `answer` is the one of the overload.
      const queryFn = (context: QueryFunctionContext) => ask(asking, context) as Promise<never>
      bindings.add(queryFn, asking)
      return queryFn
    },
    boundTo: (queryKey, queryFn) => bindings.boundTo(queryKey, queryFn),
  }
  return server
}
