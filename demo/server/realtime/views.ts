import type { ColumnInfo, TableInfo } from './catalog.ts'
import type { Subscription } from './subscriptions.ts'

/** What one group of subscriptions may see of a table: same role, same `select`. */
export interface View {
  key: string
  columns: ColumnInfo[]
  columnsJson: string
  /** Set when nothing of the row may be sent, unless it is deleted. */
  error: string | null
}

/** The distinct views that `subscriptions` have of `table`, by `viewKey`. */
export function viewsOf(table: TableInfo, subscriptions: readonly Subscription[]): Map<string, View> {
  const views = new Map<string, View>()
  for (const { role, binding } of subscriptions) {
    const key = viewKey(role, binding.select)
    if (!views.has(key)) views.set(key, createView(key, table, role, binding.select))
  }
  return views
}

export function viewKey(role: string, select: readonly string[] | null): string {
  return JSON.stringify([role, select])
}

function createView(key: string, table: TableInfo, role: string, select: readonly string[] | null): View {
  const keyColumns = table.columns.filter(({ isKey }) => isKey)
  const error = readError(keyColumns, role)
  const columns = table.columns.filter(
    ({ name, isKey, readers }) => readers.includes(role) && (isKey || select === null || select.includes(name)),
  )
  const columnsJson = JSON.stringify(columns.map(({ name, type }) => ({ name, type })))
  return { key, columns, columnsJson, error }
}

function readError(keyColumns: readonly ColumnInfo[], role: string): string | null {
  if (keyColumns.length === 0) return 'Error 400: Bad Request, no primary key'
  return keyColumns.every(({ readers }) => readers.includes(role)) ? null : 'Error 401: Unauthorized'
}
