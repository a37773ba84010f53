import { isExact, isSameValue } from './sameValue.ts'
import type { Change } from './types.ts'

export type Row = Readonly<Record<string, unknown>>

/** What the matching needs to know of a table. */
export interface OwnTable {
  readonly id: string
  readonly primaryKey: readonly string[]
  readonly filter: string | undefined
}

/** What tells a row from all others; `undefined` without its primary key. */
export function identifyOwnRow(table: OwnTable, row: object): string | undefined {
  const values = table.primaryKey.map((column) => (row as Row)[column])
  if (values.some((value) => value === undefined || value === null || !isTellable(value))) return undefined
  return JSON.stringify([table.id, ...values.map(String)])
}

const isTellable = (value: unknown): boolean =>
  typeof value !== 'object' && (typeof value !== 'number' || isExact(value))

/**
 * Whether a change of the same row tells the values that a write returned; `'unknown'` if it does not tell what would
 * show that.
 */
export function isEcho(change: Change, row: Row, { primaryKey, filter }: OwnTable): boolean | 'unknown' {
  if (change.errors !== null && change.errors.length > 0) return 'unknown'
  const isDelete = change.eventType === 'DELETE'
  // DELETEs pass a filter that may have kept the echo of an own insert out.
  if (isDelete && filter !== undefined) return 'unknown'
  const told: Row = isDelete ? change.old : change.new
  const compared = Object.keys(row).filter(
    (column) => !primaryKey.includes(column) && row[column] !== undefined && told[column] !== undefined,
  )
  // With nothing but its key, only an insert is sure not to be somebody else's write to the row.
  if (compared.length === 0 && change.eventType !== 'INSERT') return 'unknown'
  return compared.every((column) => isSameValue(row[column], told[column]))
}
