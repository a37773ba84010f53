import type { Queryable } from '../database/database.ts'
import type { RowEvent } from './bindings.ts'
import type { Catalog, TableInfo } from './catalog.ts'
import { type ShapedRow, filterText, shapeRows, shapeRowsGuarded } from './rows.ts'
import type { Subscriber, Subscription } from './subscriptions.ts'
import { readVisibility } from './visibility.ts'
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
  frames: ChangeFrame[]
}

const payloadTooLarge = 'Error 413: Payload Too Large'

/** Takes all captured changes out of the outbox, in commit order, matched against `subscriptions` as they are now. */
export async function takeChanges(
  tx: Queryable,
  catalog: Catalog,
  subscriptions: readonly Subscription[],
  isGuarded: boolean,
): Promise<RowChange[]> {
  const captured = await tx.query<{ seq: number; relid: number; version: number }>(
    `select seq, relid::bigint as relid, (select last_value from realtime_outbox.catalog_version) as version
    from realtime_outbox.changes order by seq`,
  )
  const [first] = captured
  if (first === undefined) return []
  const changedIds = new Set(captured.map(({ relid }) => relid))
  const tables = (await catalog.tables(tx, first.version)).filter(({ relid }) => changedIds.has(relid))
  const changes = new Map<number, RowChange>()
  for (const { seq, relid } of captured) {
    // A table that has left the publication, or is gone, sends nothing.
    if (tables.some((table) => table.relid === relid)) changes.set(seq, { frames: [] })
  }
  for (const table of tables) {
    const interested = subscriptions.filter(({ relids }) => relids.has(table.relid))
    if (interested.length > 0) await addFrames(tx, table, interested, changes, isGuarded)
  }
  await tx.query('delete from realtime_outbox.changes where seq <= $1', [captured.at(-1)?.seq])
  return [...changes.values()]
}

async function addFrames(
  tx: Queryable,
  table: TableInfo,
  subscriptions: readonly Subscription[],
  changes: Map<number, RowChange>,
  isGuarded: boolean,
): Promise<void> {
  const views = viewsOf(table, subscriptions)
  const filterTexts = [...new Set(subscriptions.map(filterText))]
  const shape = isGuarded ? shapeRowsGuarded : shapeRows
  const rows = await shape(tx, table, [...views.values()], subscriptions, filterTexts)
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

function toData(table: TableInfo, row: ShapedRow, view: View, viewKeys: string[]): ChangeData {
  const index = viewKeys.indexOf(view.key)
  const base = { schema: table.schema, table: table.name, type: row.op, columnsJson: view.columnsJson }
  // A DELETE is told to everybody, whatever may be read of the row.
  if (view.error !== null && row.op !== 'DELETE') {
    return { ...base, columnsJson: '[]', committedAt: null, recordJson: '{}', oldRecordJson: '{}', error: view.error }
  }
  return {
    ...base,
    committedAt: row.committed_at,
    recordJson: String(row[`record_${index}`]),
    oldRecordJson: String(row[`old_${index}`]),
    error: row.is_oversized ? payloadTooLarge : null,
  }
}
