import { readChange } from './changePayload.ts'
import type { BroadcastMessage, Change } from './types.ts'
import { failType } from './validate.ts'

/** What a statement has changed, as its database tells it. */
export interface Signal {
  readonly schema: string
  readonly table: string
  readonly operation: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE'
  /** How many rows; `undefined` if that is not told. */
  readonly rows: number | undefined
  readonly keys: readonly unknown[] | undefined
}

/** Something that a feed tells. `id` is the same however often it is told. */
export type FeedMessage =
  | { readonly kind: 'change'; readonly feed: FeedKind; readonly id: string | undefined; readonly change: Change }
  | { readonly kind: 'signal'; readonly id: string | undefined; readonly signal: Signal }
  | { readonly kind: 'message'; readonly id: string | undefined; readonly message: BroadcastMessage }

/** The two ways in which rows come: they may have different columns. */
export type FeedKind = 'postgres_changes' | 'broadcast'

/**
 * Reads what a feed tells: the payload of a `postgres_changes` callback, that of a `broadcast` callback, or the payload
 * inside of the latter, of `realtime.broadcast_changes` or a signal.
 *
 * @throws TypeError if it is neither.
 */
export function readFeedMessage(payload: unknown): FeedMessage {
  const fields = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>
  if (fields['type'] === 'broadcast') return readBroadcast(fields)
  if ('operation' in fields) return readTold(fields, idOf(fields['id']))
  return { kind: 'change', feed: 'postgres_changes', id: undefined, change: readChange(payload) }
}

function readBroadcast({ event, payload, meta }: Record<string, unknown>): FeedMessage {
  if (typeof event !== 'string' || event === '') {
    failType('payload.event', 'the name of an event', event, 'Pass what a broadcast callback receives.')
  }
  const { id: metaId, replayed } = (typeof meta === 'object' && meta !== null ? meta : {}) as Record<string, unknown>
  const id = idOf(metaId)
  if (isTold(payload)) return readTold(payload, id ?? idOf(payload['id']))
  return { kind: 'message', id, message: { event, payload, id: id ?? null, isReplayed: replayed === true } }
}

const idOf = (id: unknown): string | undefined => (typeof id === 'string' && id !== '' ? id : undefined)

const isTold = (payload: unknown): payload is Record<string, unknown> =>
  typeof payload === 'object' &&
  payload !== null &&
  ['schema', 'table', 'operation'].every((name) => typeof (payload as Record<string, unknown>)[name] === 'string')

/** Reads what the database tells of a table: the row of a change, or of a statement without its rows. */
function readTold(told: Record<string, unknown>, id: string | undefined): FeedMessage {
  const { schema, table, operation, record, old_record, rows, keys } = told
  const isRowTold = (record ?? old_record ?? null) !== null
  if (isRowTold) {
    const change = readChange({ schema, table, eventType: operation, new: record, old: old_record })
    return { kind: 'change', feed: 'broadcast', id, change }
  }
  const known = (['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] as const).find((one) => one === operation)
  if (!known) {
    failType('payload.operation', "'INSERT', 'UPDATE', 'DELETE' or 'TRUNCATE'", operation, 'Pass what tg_op says.')
  }
  const signal: Signal = {
    schema: readName('schema', schema),
    table: readName('table', table),
    operation: known,
    rows: readRows(rows),
    keys: readKeys(keys),
  }
  return { kind: 'signal', id, signal }
}

function readName(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    failType(`payload.${name}`, 'a name', value, `Pass the ${name} the change happened in.`)
  }
  return value
}

function readRows(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    failType(
      'payload.rows',
      'a number of rows',
      value,
      'Pass how many rows the statement has changed, or leave it out.',
    )
  }
  return value
}

function readKeys(value: unknown): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) {
    failType('payload.keys', 'a list of primary keys', value, 'Pass [{ id: 1 }], for instance, or leave it out.')
  }
  return value
}
