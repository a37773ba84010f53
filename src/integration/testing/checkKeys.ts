import { type QueryKey, hashKey, partialMatchKey } from '@tanstack/react-query'
import { expectQueryKey, failType } from '../../actions/validate.ts'
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

/** The keys that changes of a table can touch. */
const keysOf = (options: TableOptions): readonly QueryKey[] => (options.keys ? options.keys() : options.catchUp)

/** The key of a table that matches a query; `undefined` if none does. */
export const reachingKey = (tables: TestTables, table: string, queryKey: QueryKey): QueryKey | undefined => {
  const options = tables[table]
  return options && keysOf(options).find((key) => partialMatchKey(queryKey, key))
}

/**
 * Checks, without running anything, that every query is reached by the changes of every table it reads: one row for
 * each pair, to print or to compare. `reachedBy` is `undefined` where a change would leave the query as it is.
 *
 * @throws TypeError for a query key or a list of tables that is none.
 */
export function checkKeys({
  tables,
  reads,
}: {
  readonly tables: TestTables
  readonly reads: readonly QueryReads[]
}): readonly KeyCheck[] {
  return reads.flatMap(({ queryKey, reads: names }) => {
    expectQueryKey(queryKey)
    if (!Array.isArray(names)) failType('reads', 'an array of names of tables', names, 'Name what the query reads.')
    return names.map((table): KeyCheck => {
      const key = reachingKey(tables, table, queryKey)
      return { query: hashKey(queryKey), table, reachedBy: key && hashKey(key) }
    })
  })
}
