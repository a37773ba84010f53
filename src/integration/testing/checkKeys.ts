import { type QueryKey, hashKey, partialMatchKey } from '@tanstack/react-query'
import { expectQueryKey, failType } from '../../actions/validate.ts'
import { expectByTable, expectNames, expectOptions } from './expectations.ts'
import { resolveTable } from '../supabase/resolveTable.ts'
import type { TableOptions } from '../supabase/options.ts'

/** The tables of an app, as its realtime service takes them, with handlers of rows of any type. */
// oxlint-disable-next-line typescript/no-explicit-any -- a handler of typed rows takes no others
export type TestTables = Readonly<Record<string, TableOptions<any>>>

/** A query of the app, and the tables it reads. */
export interface QueryReads {
  readonly queryKey: QueryKey
  readonly reads: readonly string[]
}

/** Whether changes of one table reach one query that reads it. */
export interface KeyCheck {
  readonly query: string
  readonly table: string
  /** The key of the table that matches the query; `undefined` if none does. */
  readonly reachedBy: string | undefined
}

const withoutTopics = { isPrivate: true, replay: false }

/** The keys that changes of a table can touch. */
function keysOf(table: string, options: TableOptions): readonly QueryKey[] {
  if (!options.keys) return options.catchUp
  try {
    return options.keys()
  } catch (error) {
    throw new TypeError(
      `Expected \`tables.${table}.keys\` to give its keys without a change too, as after a gap, but it threw ${String(error)}. Let it do without.`,
      { cause: error },
    )
  }
}

/** The key of a table that matches a query; `undefined` if none does. */
export const reachingKey = (tables: TestTables, table: string, queryKey: QueryKey): QueryKey | undefined => {
  const options = tables[table]
  return options && keysOf(table, options).find((key) => partialMatchKey(queryKey, key))
}

/**
 * Checks, without running anything, that every query is reached by the changes of every table it reads: one row for
 * each pair, to print or to compare. `reachedBy` is `undefined` where a change would leave the query as it is.
 *
 * @throws TypeError for tables, a query key or a list of tables that is none.
 */
export function checkKeys(options: {
  readonly tables: TestTables
  readonly reads: readonly QueryReads[]
}): readonly KeyCheck[] {
  expectOptions('checkKeys()', options, ['tables', 'reads'])
  const { tables, reads } = options
  expectByTable('tables', tables)
  for (const [name, table] of Object.entries(tables)) resolveTable(name, table, 'public', undefined, withoutTopics)
  if (!Array.isArray(reads)) failType('reads', 'a list of { queryKey, reads }', reads, 'Name what each query reads.')
  return (reads as readonly QueryReads[]).flatMap(({ queryKey, reads: names }) => {
    expectQueryKey(queryKey)
    return expectNames('reads', names).map((table): KeyCheck => {
      const key = reachingKey(tables, table, queryKey)
      return { query: hashKey(queryKey), table, reachedBy: key && hashKey(key) }
    })
  })
}
