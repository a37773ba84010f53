import { isRecord } from './frames.ts'
import { type Filter, parseFilters } from './filters.ts'

export type RowEvent = 'INSERT' | 'UPDATE' | 'DELETE'

/** One `postgres_changes` binding of a join, as the server understands it. */
export interface Binding {
  id: number
  event: RowEvent | '*'
  /** `'*'` for every schema. */
  schema: string
  /** `'*'` for every table. */
  table: string
  filters: Filter[]
  /** The columns asked for; null for all. */
  select: string[] | null
}

const rowEvents: readonly string[] = ['INSERT', 'UPDATE', 'DELETE']

/** Reads the binding objects of a join. Throws an Error that says what cannot be subscribed to. */
export function parseBindings(requested: readonly unknown[]): Binding[] {
  return requested.map(parseBinding)
}

function parseBinding(requested: unknown): Binding {
  const { event, schema, table, filter, select } = isRecord(requested) ? requested : {}
  if (typeof schema !== 'string' && typeof table !== 'string') {
    throw new Error(
      'No subscription params provided. Please provide at least a `schema` or `table` to subscribe to: ' +
        JSON.stringify(requested),
    )
  }
  const columns = Array.isArray(select) ? select.filter((column) => typeof column === 'string') : []
  const upperEvent = typeof event === 'string' ? event.toUpperCase() : '*'
  return {
    id: bindingId(requested),
    event: isRowEvent(upperEvent) ? upperEvent : '*',
    schema: typeof schema === 'string' ? schema : 'public',
    table: typeof table === 'string' ? table : '*',
    filters: typeof filter === 'string' ? parseFilters(filter) : [],
    select: columns.length > 0 ? columns : null,
  }
}

function isRowEvent(event: string): event is RowEvent {
  return rowEvents.includes(event)
}

/** A hash of the binding's content: equal bindings have equal ids, and a rejoin gets the same ids again. */
export function bindingId(requested: unknown): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(canonicalJson(requested))) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0) % 2 ** 27
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) =>
    isRecord(nested) ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : 1))) : nested,
  )
}

/** What the real server prints of a binding in its error messages. */
export function describeBinding({ event, schema, table, filters, select }: Binding): string {
  const printed = filters.map(({ column, operator, values, isNegated }) => {
    const value = operator === 'in' ? `{${values.join(',')}}` : values[0]
    return `{${JSON.stringify(column)}, ${JSON.stringify(operator)}, ${JSON.stringify(value)}, ${isNegated}}`
  })
  const columns = select === null ? 'nil' : JSON.stringify(select)
  return `[event: ${event}, schema: ${schema}, table: ${table}, filters: [${printed.join(', ')}], select: ${columns}]`
}
