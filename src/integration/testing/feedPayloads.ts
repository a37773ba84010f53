import type { FeedBinding } from '../supabase/client.ts'
import { passesFilter } from './rowFilter.ts'
import type { TestRow, TestWrite } from './testServer.ts'

/** A change as the feed carries it, in the payload shape of supabase-js. */
export interface TestPayload {
  readonly schema: string
  readonly table: string
  readonly eventType: TestWrite['eventType']
  readonly new: TestRow
  readonly old: TestRow
  readonly commit_timestamp: string
  readonly errors: readonly string[] | null
}

/** A message as a topic carries it, in the shape of supabase-js. */
export interface TestMessage {
  readonly type: 'broadcast'
  readonly event: string
  readonly payload: object
  readonly meta: { readonly id: string; readonly replayed?: boolean }
}

/** Writes of one moment of commit. */
export interface Commit {
  readonly number: number
  readonly writes: readonly TestWrite[]
  readonly isTruncated: boolean
}

const MS_OF_FIRST_COMMIT = Date.UTC(2026, 0, 1)
const tooLarge = 'Error 413: Payload Too Large'

/** The schema and name of a table, as the service names it. */
export function splitTable(table: string, schema: string): { readonly schema: string; readonly table: string } {
  const [before, after] = table.split('.')
  return after === undefined ? { schema, table } : { schema: before ?? schema, table: after }
}

/** What `postgres_changes` tells of a write. */
export function changeOf(
  { table, eventType, new: after, key }: TestWrite,
  { number, isTruncated }: Commit,
  schema: string,
): TestPayload {
  return {
    ...splitTable(table, schema),
    eventType,
    new: isTruncated && eventType !== 'DELETE' ? key : after,
    old: eventType === 'INSERT' ? {} : key,
    commit_timestamp: new Date(MS_OF_FIRST_COMMIT + number).toISOString(),
    errors: isTruncated ? [tooLarge] : null,
  }
}

/**
 * What a binding gets of a change; `undefined` for nothing. Filters see the new row whole, and of an old one the key.
 */
export function changeFor(
  { event, schema, table, filter, select }: FeedBinding,
  payload: TestPayload,
  write: TestWrite,
): TestPayload | undefined {
  if (schema !== payload.schema || table !== payload.table) return undefined
  if (event !== '*' && event !== payload.eventType) return undefined
  if (filter !== undefined && !passesFilter(filter, write.eventType === 'DELETE' ? payload.old : write.new)) {
    return undefined
  }
  if (!select) return payload
  const pick = (row: TestRow): TestRow =>
    Object.fromEntries(Object.entries(row).filter(([column]) => column in write.key || select.includes(column)))
  return { ...payload, new: pick(payload.new), old: pick(payload.old) }
}

/** Writes one after the other that are of the same statement. */
function statementsOf(writes: readonly TestWrite[]): readonly (readonly TestWrite[])[] {
  const statements: TestWrite[][] = []
  for (const write of writes) {
    const last = statements.at(-1)
    const [first] = last ?? []
    if (last && first?.table === write.table && first.eventType === write.eventType) last.push(write)
    else statements.push([write])
  }
  return statements
}

/**
 * What the triggers of broadcast tables send of a commit: a message for each row, or one for each statement. A row that
 * is too large is not sent at all.
 */
export function messagesOf(
  { number, writes, isTruncated }: Commit,
  send: 'rows' | 'statements',
  schema: string,
): readonly (TestMessage & { readonly table: string })[] {
  const message = (index: number, { table, eventType }: TestWrite, rest: object): TestMessage & { table: string } => {
    const id = `00000000-0000-4000-8000-${String(number * 1000 + index).padStart(12, '0')}`
    const payload = { id, ...splitTable(table, schema), operation: eventType, ...rest }
    return { type: 'broadcast', event: eventType, payload, meta: { id }, table }
  }
  if (send === 'rows') {
    if (isTruncated) return []
    return writes.map((write, index) =>
      message(index, write, {
        record: write.eventType === 'DELETE' ? null : write.new,
        old_record: write.eventType === 'INSERT' ? null : write.old,
      }),
    )
  }
  return statementsOf(writes).flatMap((statement, index) => {
    const [first] = statement
    const keys = statement.map(({ key }) => key)
    return first ? [message(index, first, { rows: statement.length, ...(keys.length <= 100 && { keys }) })] : []
  })
}
