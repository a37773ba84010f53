import { type QueryFunctionContext, type QueryKey, hashKey } from '@tanstack/react-query'
import { type CoalescerClock, createTimekeeper } from '../../actions/clock.ts'
import { expectDelay, failType } from '../../actions/validate.ts'

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
  /** How many writes the server had seen with this one. */
  readonly version: number
}

/** One request, as the server saw it. */
export interface TestRequest {
  readonly queryKey: QueryKey
  /** The tables it reads. */
  readonly reads: readonly string[]
  /** The version of the server when the request came, which it is answered from. */
  readonly version: number
  outcome: 'running' | 'ok' | 'failed' | 'aborted'
}

/** How a request is answered from the rows of the tables it reads. */
export type TestAnswer<Data> = (
  rows: Readonly<Record<string, readonly TestRow[]>>,
  context: { readonly queryKey: QueryKey },
) => Data

/** What a simulated server starts with. */
export interface TestServerOptions {
  /** The rows of each table at the start, each with an `id`. */
  readonly rows: Readonly<Record<string, readonly TestRow[]>>
  /** How long a request takes, in milliseconds; 0 sets no timer. @default 0 */
  readonly latencyMs?: number | undefined
  /** Whose timers a latency is made of. @default the platform's */
  readonly clock?: CoalescerClock | undefined
}

/** What a query of the server reads, and how it is answered. */
export interface BoundQuery {
  readonly queryKey: QueryKey
  readonly reads: readonly string[]
  /** What it would be answered with now. */
  readonly answer: () => unknown
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
  /** How many writes have touched a table, or one row of it. */
  versionOf(table: string, id?: unknown): number
  /** Inserts a row, or replaces the columns of the one with its `id`. Tells nobody: `feed.commit` does. */
  put(table: string, row: TestRow): TestWrite
  /** Deletes the row with an `id`. */
  remove(table: string, id: unknown): TestWrite
  /** Lets every request that hangs be answered. */
  release(): void
  /** A `queryFn` that answers with the rows of a table. */
  query(table: string): (context: QueryFunctionContext) => Promise<readonly TestRow[]>
  /** A `queryFn` that answers from the rows of the tables it reads. */
  query<Data>(reads: readonly string[], answer: TestAnswer<Data>): (context: QueryFunctionContext) => Promise<Data>
  /** What has been asked for under a key; `undefined` for a query that never reached the server. */
  boundTo(queryKey: QueryKey): BoundQuery | undefined
}

/**
 * Creates a server whose tables live in memory. It uses no network, and sets a timer only for a latency.
 *
 * @throws TypeError for a table it does not have, or a row without `id`.
 */
export function createTestServer({ rows, latencyMs = 0, clock }: TestServerOptions): TestServer {
  const { setTimeout, clearTimeout } = createTimekeeper(clock)
  const tables = new Map(
    Object.entries(rows).map(([table, all]) => [table, new Map(all.map((row) => [expectId(row), row]))]),
  )
  const writes: TestWrite[] = []
  const requests: TestRequest[] = []
  const bound = new Map<string, BoundQuery>()
  const hanging = new Set<() => void>()

  const rowsOf = (table: string): Map<unknown, TestRow> =>
    tables.get(table) ?? failType('table', `one of ${[...tables.keys()].join(', ')}`, table, 'Name it in `rows`.')
  const write = (table: string, eventType: TestWrite['eventType'], after: TestRow, before: TestRow): TestWrite => {
    const done: TestWrite = { table, eventType, new: after, old: before, version: writes.length + 1 }
    writes.push(done)
    return done
  }

  const ask = (
    reads: readonly string[],
    answer: TestAnswer<unknown>,
    context: QueryFunctionContext,
  ): Promise<unknown> => {
    const { queryKey } = context
    const answerNow = (): unknown =>
      answer(Object.fromEntries(reads.map((table) => [table, [...rowsOf(table).values()]])), { queryKey })
    bound.set(hashKey(queryKey), { queryKey, reads, answer: answerNow })
    const request: TestRequest = { queryKey, reads, version: writes.length, outcome: 'running' }
    requests.push(request)
    const isFailing = server.fails(queryKey)
    const data = isFailing ? undefined : answerNow()
    return new Promise((resolve, reject) => {
      const end = (): void => {
        if (request.outcome !== 'running') return
        request.outcome = isFailing ? 'failed' : 'ok'
        if (isFailing) reject(new Error(`The test server has failed the request of ${hashKey(queryKey)}.`))
        else resolve(data)
      }
      let timer: unknown
      if (server.hangs(queryKey)) hanging.add(end)
      else if (server.latencyMs === 0) end()
      else timer = setTimeout(end, server.latencyMs)
      const { signal } = context
      signal.addEventListener('abort', () => {
        if (request.outcome !== 'running') return
        clearTimeout(timer)
        hanging.delete(end)
        request.outcome = 'aborted'
        reject(signal.reason as Error)
      })
    })
  }

  const server: TestServer = {
    latencyMs: expectDelay('latencyMs', latencyMs),
    fails: () => false,
    hangs: () => false,
    requests,
    writes,
    tables: [...tables.keys()],
    rows: (table) => [...rowsOf(table).values()],
    versionOf(table, id) {
      rowsOf(table)
      const isOfRow = (one: TestWrite): boolean => id === undefined || (one.new['id'] ?? one.old['id']) === id
      return writes.filter((one) => one.table === table && isOfRow(one)).length
    },
    put(table, row) {
      const known = rowsOf(table)
      const id = expectId(row)
      const before = known.get(id)
      const after = { ...before, ...row }
      known.set(id, after)
      return write(table, before ? 'UPDATE' : 'INSERT', after, before ?? {})
    },
    remove(table, id) {
      const known = rowsOf(table)
      const before = known.get(id) ?? failType('id', `the id of a row of ${table}`, id, 'Insert it first.')
      known.delete(id)
      return write(table, 'DELETE', {}, before)
    },
    release() {
      const all = [...hanging]
      hanging.clear()
      for (const end of all) end()
    },
    query<Data>(reads: string | readonly string[], answer?: TestAnswer<Data>) {
      const names = typeof reads === 'string' ? [reads] : reads
      for (const name of names) rowsOf(name)
      const answering = answer ?? ((all: Readonly<Record<string, readonly TestRow[]>>) => all[names[0] ?? ''])
      // The type of `answer` is the one of the overload.
      return (context: QueryFunctionContext) => ask(names, answering, context) as Promise<never>
    },
    boundTo: (queryKey) => bound.get(hashKey(queryKey)),
  }
  return server
}

function expectId(row: TestRow): unknown {
  const { id } = row
  if (id === undefined) failType('row', 'a row with an `id`', row, 'Give it one.')
  return id
}
