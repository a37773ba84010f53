import type { Signal } from './feedMessage.ts'
import type { StatementChange } from './types.ts'

type Key = Readonly<Record<string, unknown>>

/**
 * The change that a signal tells of, if it names every row it is about by the table's primary key.
 *
 * @param primaryKey the columns that a key without names is read as.
 */
export function readStatementChange(
  { schema, table, operation, rows, keys }: Signal,
  primaryKey: readonly string[],
): StatementChange | undefined {
  if (operation === 'TRUNCATE' || keys === undefined || keys.length === 0) return undefined
  if (rows !== undefined && keys.length < rows) return undefined
  const named = keys.map((key) => nameKey(key, primaryKey))
  if (!named.every((key) => key !== undefined)) return undefined
  const [first = {}] = named
  const row = named.length === 1 ? first : {}
  return {
    schema,
    table,
    eventType: operation,
    new: operation === 'DELETE' ? {} : row,
    old: operation === 'INSERT' ? {} : row,
    commitTimestamp: null,
    errors: null,
    rows: rows ?? named.length,
    keys: named,
  }
}

function nameKey(key: unknown, primaryKey: readonly string[]): Key | undefined {
  if (typeof key === 'object' && key !== null && !Array.isArray(key)) {
    return primaryKey.every((column) => isKnown((key as Key)[column])) ? (key as Key) : undefined
  }
  const values: readonly unknown[] = Array.isArray(key) ? key : [key]
  if (values.length !== primaryKey.length || !values.every(isKnown)) return undefined
  return Object.fromEntries(primaryKey.map((column, index) => [column, values[index]]))
}

const isKnown = (value: unknown): boolean => value !== undefined && value !== null

/** A change whose reader may look for more than it tells. */
export interface WatchedChange {
  readonly change: StatementChange
  /** Whether a column was read that a whole row would have, and this change does not tell. */
  hasMissed(): boolean
}

/** Watches what is read of a change, because an answer made from columns that were not there would be wrong. */
export function watchReads(change: StatementChange): WatchedChange {
  let hasMissed = false
  const watch = (row: Key): Key =>
    new Proxy(row, {
      get(target, column): unknown {
        if (typeof column === 'string' && !Object.hasOwn(target, column)) hasMissed = true
        return Reflect.get(target, column)
      },
      has(target, column) {
        hasMissed = true
        return Reflect.has(target, column)
      },
      ownKeys(target) {
        hasMissed = true
        return Reflect.ownKeys(target)
      },
    })
  const watched = {
    ...change,
    // There is no row after a DELETE and none before an INSERT: whoever looks there expects nothing.
    new: change.eventType === 'DELETE' ? change.new : watch(change.new),
    old: change.eventType === 'INSERT' ? change.old : watch(change.old),
  }
  return { change: watched, hasMissed: () => hasMissed }
}
