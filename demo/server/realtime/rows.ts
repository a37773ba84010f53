import type { Queryable } from '../database/database.ts'
import type { RowEvent } from './bindings.ts'
import { type TableInfo, tableName } from './catalog.ts'
import { Params, filtersSql } from './predicates.ts'
import type { Subscription } from './subscriptions.ts'
import { maxRowBytes, recordSql, smallValuesSql } from './values.ts'
import type { View } from './views.ts'

/** A captured row: `record_0`, `old_0` … are its JSON for each view, `filter_0` … what each filter says of it. */
export interface ShapedRow {
  seq: number
  op: RowEvent
  committed_at: string
  key: string
  is_oversized: boolean
  [field: string]: unknown
}

/** Identifies the filters of a subscription. */
export function filterText({ binding }: Subscription): string {
  return JSON.stringify(binding.filters)
}

/** All captured rows of a table: their JSON for each view, and for each filter whether it lets them through. */
export async function shapeRows(
  tx: Queryable,
  table: TableInfo,
  views: readonly View[],
  subscriptions: readonly Subscription[],
  filterTexts: readonly string[],
): Promise<ShapedRow[]> {
  const params = new Params()
  const keyColumns = table.columns.filter(({ isKey }) => isKey)
  // Not as it is sent: this JSON is read back into a row.
  const keySql =
    keyColumns
      .map(({ name }) => params.add(name))
      .map((name) => `jsonb_build_object(${name}::text, coalesce(change.new, change.old) -> ${name}::text)`)
      .join(' || ') || `'{}'`
  // What the write-ahead log has of a row: the new one without large values that did not change, and the old identity.
  const newRow = table.hasFullIdentity ? 'change.new' : '(change.new - change.unchanged)'
  const identity = table.columns.filter(({ isIdentity }) => isIdentity)
  const logged = `coalesce(octet_length((change.new - change.unchanged)::text), 0)
    + case when change.op = 'INSERT' then 0 else octet_length((${recordSql('change.old', identity)})::text) end`
  const isOversized = `${logged} > ${maxRowBytes}`
  const sizedSql = (record: string, small = record) =>
    `(case when ${isOversized} then ${smallValuesSql(small)} else ${record} end)::text`
  const fields = views.flatMap((view, index) => [
    `${sizedSql(
      recordSql(newRow, view.columns),
      recordSql('(change.new - change.unchanged)', view.columns),
    )} as record_${index}`,
    `${sizedSql(oldRecordSql(table, view))} as old_${index}`,
  ])
  const filters = filterTexts.map((text, index) => {
    const filtersOfText = subscriptions.find((subscription) => filterText(subscription) === text)?.binding.filters ?? []
    const onNew = filtersSql(filtersOfText, table, params)
    const columns = `${params.add(filtersOfText.map(({ column }) => column))}::text[]`
    // An old row has only its identity columns, and a filter on any other lets nothing through.
    const isOnIdentity = filtersOfText.every(({ column }) => identity.some(({ name }) => name === column))
    return `case
      when change.op = 'DELETE' then ${isOnIdentity ? onNew : 'false'}
      else not change.unchanged && ${columns} and ${onNew}
    end as filter_${index}`
  })
  return tx.query<ShapedRow>(
    `select
      change.seq,
      change.op,
      to_char(pg_xact_commit_timestamp(change.xid::xid) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        as committed_at,
      ${keySql}::text as key,
      ${isOversized} as is_oversized,
      ${[...fields, ...filters].join(',\n')}
    from realtime_outbox.changes as change
    cross join lateral jsonb_populate_record(null::${tableName(table)}, coalesce(change.new, change.old)) as r
    where change.relid = ${params.add(table.relid)}::bigint::oid
    order by change.seq`,
    params.values,
  )
}

/** The identity columns of the old row. A DELETE under row security has no more than the primary key of them. */
function oldRecordSql(table: TableInfo, view: View): string {
  const identity = view.columns.filter(({ isIdentity }) => isIdentity)
  const full = recordSql('change.old', identity)
  if (!table.hasRowSecurity) return full
  const onlyKeys = recordSql(
    'change.old',
    identity.filter(({ isKey }) => isKey),
  )
  return `(case when change.op = 'DELETE' then ${onlyKeys} else ${full} end)`
}

/** Like `shapeRows`; a filter that fails on these rows, or on its column that is gone, lets nothing through. */
export async function shapeRowsGuarded(
  tx: Queryable,
  table: TableInfo,
  views: readonly View[],
  subscriptions: readonly Subscription[],
  filterTexts: readonly string[],
): Promise<ShapedRow[]> {
  const shape = (texts: readonly string[]) => () => shapeRows(tx, table, views, subscriptions, texts)
  const working: string[] = []
  for (const text of filterTexts) if ((await attempt(tx, shape([text]))) !== undefined) working.push(text)
  const guarded = await shape(working)()
  return guarded.map((row) => {
    const outcomes = filterTexts.map((text, index) => [`filter_${index}`, row[`filter_${working.indexOf(text)}`]])
    return { ...row, ...Object.fromEntries(outcomes) } as ShapedRow
  })
}

/** Runs `work` so that its failure does not end the transaction; undefined when it fails. */
async function attempt<Result>(tx: Queryable, work: () => Promise<Result>): Promise<Result | undefined> {
  await tx.query('savepoint attempt')
  try {
    const result = await work()
    await tx.query('release savepoint attempt')
    return result
  } catch {
    await tx.query('rollback to savepoint attempt')
    return undefined
  }
}
