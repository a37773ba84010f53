import type { Queryable } from '../database/database.ts'
import { type TableInfo, quoteIdentifier, tableName } from './catalog.ts'
import type { ShapedRow } from './rows.ts'
import type { Subscription } from './subscriptions.ts'

/** The rows that policies let each holder of restricted claims see; claims without an entry see all. */
export async function readVisibility(
  tx: Queryable,
  table: TableInfo,
  subscriptions: readonly Subscription[],
  rows: readonly ShapedRow[],
): Promise<Map<string, Set<number>>> {
  const visibility = new Map<string, Set<number>>()
  const keyColumns = table.columns.filter(({ isKey }) => isKey)
  const keys = rows.filter(({ op }) => op !== 'DELETE').map(({ seq, key }) => `{"seq":${seq},"key":${key}}`)
  if (!table.hasRowSecurity || keyColumns.length === 0 || keys.length === 0) return visibility
  const isSameKey = keyColumns.map(({ name }) => `t.${quoteIdentifier(name)} = r.${quoteIdentifier(name)}`)
  const statement = `
    select array_agg(row.seq) from jsonb_to_recordset($1) as row (seq bigint, key jsonb)
    cross join lateral jsonb_populate_record(null::${tableName(table)}, row.key) as r
    where exists (select from ${tableName(table)} as t where ${isSameKey.join(' and ')})`
  for (const { role, claimsJson } of subscriptions) {
    const canRead = keyColumns.every(({ readers }) => readers.includes(role))
    if (visibility.has(claimsJson) || !canRead) continue
    const visible = await tx.query<{ seq: number }>(
      'select unnest(realtime_outbox.visible_rows($1, $2, $3, $4::text::jsonb)) as seq',
      [role, claimsJson, statement, `[${keys.join(',')}]`],
    )
    visibility.set(claimsJson, new Set(visible.map(({ seq }) => seq)))
  }
  return visibility
}
