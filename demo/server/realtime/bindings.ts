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
  const params = isRecord(requested) ? requested : {}
  const { event, schema, table, filter } = params
  const select = parseSelect(params['select'])
  const isMissing = (name: string) => !(name in params)
  const isText = (value: unknown) => typeof value === 'string'
  const isComplete =
    (isText(schema) && isText(table) && (isText(filter) || isMissing('filter'))) ||
    (isText(schema) && isMissing('table') && isMissing('filter')) ||
    (isText(table) && isMissing('schema') && isMissing('filter'))
  if (!isComplete) {
    throw new Error(
      'No subscription params provided. Please provide at least a `schema` or `table` to subscribe to: ' +
        inspect(requested),
    )
  }
  const upperEvent = typeof event === 'string' ? event.toUpperCase() : '*'
  const binding: Binding = {
    id: bindingId(requested),
    event: isRowEvent(upperEvent) ? upperEvent : '*',
    schema: typeof schema === 'string' ? schema : 'public',
    table: typeof table === 'string' ? table : '*',
    filters: typeof filter === 'string' ? parseFilters(filter) : [],
    select,
  }
  if (select !== null && (binding.schema === '*' || binding.table === '*')) {
    throw new Error(
      'Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.',
    )
  }
  return binding
}

function parseSelect(select: unknown): string[] | null {
  if (typeof select === 'string') {
    throw new Error(
      'Error parsing `select` params: expected a list of column name strings, e.g. select: ["col1", "col2"]',
    )
  }
  const columns = Array.isArray(select) ? select.filter((column) => typeof column === 'string') : []
  return columns.length > 0 ? columns : null
}

/** A value as the real server, an Elixir program, prints it. */
function inspect(value: unknown): string {
  if (value === null || value === undefined) return 'nil'
  if (Array.isArray(value)) return `[${value.map(inspect).join(', ')}]`
  if (!isRecord(value)) return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return `%{${entries.map(([key, item]) => `${JSON.stringify(key)} => ${inspect(item)}`).join(', ')}}`
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
  const printed = filters.map(
    ({ column, operator, value, isNegated }) =>
      `{${JSON.stringify(column)}, ${JSON.stringify(operator)}, ${JSON.stringify(value)}, ${isNegated}}`,
  )
  const columns = inspect(select)
  return `[event: ${event}, schema: ${schema}, table: ${table}, filters: [${printed.join(', ')}], select: ${columns}]`
}
