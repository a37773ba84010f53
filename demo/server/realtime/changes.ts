import type { Queryable } from '../database/database.ts'
import type { RowEvent } from './bindings.ts'
import { type TableInfo, quoteIdentifier, readRoles, readTables, tableName } from './catalog.ts'
import { Params, filtersSql } from './predicates.ts'
import { type Subscriber, type Subscription, isTableOf } from './subscriptions.ts'
import { maxRowBytes, recordSql, smallValuesSql } from './values.ts'
import { type View, viewKey, viewsOf } from './views.ts'

/** One `postgres_changes` frame to send. */
export interface ChangeFrame {
  subscriber: Subscriber
  ids: number[]
  data: ChangeData
}

/** The parts of a frame's `data`; those that end in `Json` are JSON text. */
export interface ChangeData {
  schema: string
  table: string
  type: RowEvent
  committedAt: string | null
  columnsJson: string
  recordJson: string
  oldRecordJson: string
  error: string | null
}

/** One row change and whoever gets it. */
export interface RowChange {
  schema: string
  table: string
  type: RowEvent
  frames: ChangeFrame[]
}

interface ShapedRow {
  seq: number
  op: RowEvent
  committed_at: string
  key: string
  is_oversized: boolean
  [field: string]: unknown
}

const payloadTooLarge = 'Error 413: Payload Too Large'

/** Takes all captured changes out of the outbox, in commit order, matched against `subscriptions` as they are now. */
export async function takeChanges(tx: Queryable, subscriptions: readonly Subscription[]): Promise<RowChange[]> {
  const captured = await tx.query<{ seq: number; relid: number; op: RowEvent }>(
    'select seq, relid::bigint as relid, op from realtime_outbox.changes order by seq',
  )
  if (captured.length === 0) return []
  const tables = await readTables(tx, [...new Set(captured.map(({ relid }) => relid))])
  const changes = new Map<number, RowChange>()
  for (const { seq, relid, op } of captured) {
    const table = tables.find((candidate) => candidate.relid === relid)
    // A table that has left the publication, or is gone, sends nothing.
    if (table !== undefined) changes.set(seq, { schema: table.schema, table: table.name, type: op, frames: [] })
  }
  for (const table of tables) {
    const interested = subscriptions.filter(({ binding }) => isTableOf(binding, table))
    if (interested.length > 0) await addFrames(tx, table, interested, changes)
  }
  await tx.query('delete from realtime_outbox.changes where seq <= $1', [captured.at(-1)?.seq])
  return [...changes.values()]
}

async function addFrames(
  tx: Queryable,
  table: TableInfo,
  subscriptions: readonly Subscription[],
  changes: Map<number, RowChange>,
): Promise<void> {
  const views = viewsOf(table, subscriptions)
  const filterTexts = [...new Set(subscriptions.map(filterText))]
  const rows = await shapeRows(tx, table, [...views.values()], subscriptions, filterTexts)
  const visibility = await readVisibility(tx, table, subscriptions, rows)
  for (const row of rows) {
    const frames = new Map<string, ChangeFrame>()
    const subscriberNumbers = new Map<Subscriber, number>()
    for (const subscription of subscriptions) {
      const { subscriber, binding, role } = subscription
      const isForEvent = binding.event === '*' || binding.event === row.op
      const passesFilter = row[`filter_${filterTexts.indexOf(filterText(subscription))}`] === true
      const hiddenFrom = row.op === 'DELETE' ? undefined : visibility.get(subscription.claimsJson)
      if (!isForEvent || !passesFilter || (hiddenFrom !== undefined && !hiddenFrom.has(row.seq))) continue
      if (!subscriberNumbers.has(subscriber)) subscriberNumbers.set(subscriber, subscriberNumbers.size)
      const view = views.get(viewKey(role, binding.select))
      if (view === undefined) continue
      const key = `${subscriberNumbers.get(subscriber)} ${view.key}`
      const frame = frames.get(key) ?? { subscriber, ids: [], data: toData(table, row, view, [...views.keys()]) }
      if (!frame.ids.includes(binding.id)) frame.ids.push(binding.id)
      frames.set(key, frame)
    }
    changes.get(row.seq)?.frames.push(...frames.values())
  }
}

function filterText({ binding }: Subscription): string {
  return JSON.stringify(binding.filters)
}

function toData(table: TableInfo, row: ShapedRow, view: View, viewKeys: string[]): ChangeData {
  const index = viewKeys.indexOf(view.key)
  const base = { schema: table.schema, table: table.name, type: row.op, columnsJson: view.columnsJson }
  if (view.error !== null) {
    return { ...base, committedAt: null, recordJson: '{}', oldRecordJson: '{}', error: view.error }
  }
  return {
    ...base,
    committedAt: row.committed_at,
    recordJson: String(row[`record_${index}`]),
    oldRecordJson: String(row[`old_${index}`]),
    error: row.is_oversized ? payloadTooLarge : null,
  }
}

/** All captured rows of a table: their JSON for each view, and for each filter whether it lets them through. */
async function shapeRows(
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

/** The rows that policies let each holder of restricted claims see; claims without an entry see all. */
async function readVisibility(
  tx: Queryable,
  table: TableInfo,
  subscriptions: readonly Subscription[],
  rows: readonly ShapedRow[],
): Promise<Map<string, Set<number>>> {
  const visibility = new Map<string, Set<number>>()
  const keyColumns = table.columns.filter(({ isKey }) => isKey)
  if (!table.hasRowSecurity || keyColumns.length === 0) return visibility
  const roles = await readRoles(tx)
  const keys = rows.filter(({ op }) => op !== 'DELETE').map(({ seq, key }) => `{"seq":${seq},"key":${key}}`)
  const isSameKey = keyColumns.map(({ name }) => `t.${quoteIdentifier(name)} = r.${quoteIdentifier(name)}`)
  for (const { role, claimsJson } of subscriptions) {
    const canRead = keyColumns.every(({ readers }) => readers.includes(role))
    if (visibility.has(claimsJson) || !canRead || roles.get(role)?.isPolicyExempt === true) continue
    await tx.query('savepoint visibility')
    await tx.query(`select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`, [
      role,
      claimsJson,
    ])
    const seen = await tx.query<{ seq: number }>(
      `select row.seq from jsonb_to_recordset($1::text::jsonb) as row (seq bigint, key jsonb)
      cross join lateral jsonb_populate_record(null::${tableName(table)}, row.key) as r
      where exists (select from ${tableName(table)} as t where ${isSameKey.join(' and ')})`,
      [`[${keys.join(',')}]`],
    )
    // The rollback gives the role and the claims back.
    await tx.query('rollback to savepoint visibility')
    visibility.set(claimsJson, new Set(seen.map(({ seq }) => seq)))
  }
  return visibility
}
