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
  const isOversized = `octet_length(coalesce(change.new, change.old)::text) > ${maxRowBytes}`
  const sizedSql = (record: string) =>
    `(case when ${isOversized} then ${smallValuesSql(record)} else ${record} end)::text`
  const fields = views.flatMap((view, index) => [
    `${sizedSql(recordSql('change.new', view.columns))} as record_${index}`,
    `${sizedSql(oldRecordSql(table, view))} as old_${index}`,
  ])
  const filters = filterTexts.map((text, index) => {
    const filtersOfText = subscriptions.find((subscription) => filterText(subscription) === text)?.binding.filters ?? []
    const onNew = filtersSql(filtersOfText, table, params)
    // An old row has only its identity columns. Conditions on others are not looked at, but one must be left.
    const onIdentity = filtersOfText.filter(({ column }) =>
      table.columns.some(({ name, isIdentity }) => isIdentity && name === column),
    )
    const onOld = filtersOfText.length > 0 && onIdentity.length === 0 ? 'false' : filtersSql(onIdentity, table, params)
    return `case when change.op = 'DELETE' then ${onOld} else ${onNew} end as filter_${index}`
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

function oldRecordSql(table: TableInfo, view: View): string {
  const onlyKeys = recordSql(
    'change.old',
    view.columns.filter(({ isKey }) => isKey),
  )
  if (!table.hasFullIdentity) return onlyKeys
  const full = recordSql('change.old', view.columns)
  return table.hasRowSecurity ? `(case when change.op = 'DELETE' then ${onlyKeys} else ${full} end)` : full
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
