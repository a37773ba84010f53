import { filterColumns } from '../../actions/feedFilter.ts'
import type { FeedBinding } from './client.ts'
import type { ResolvedService, ResolvedTable } from './resolveService.ts'

/** What the channel of a service listens to. */
export const bindingsOf = ({ schema, tables }: ResolvedService): FeedBinding[] =>
  [...tables.values()].flatMap((table) => bindingsOfTable(schema, table))

function bindingsOfTable(schema: string, table: ResolvedTable): FeedBinding[] {
  const { name, filter, primaryKey, unfilteredDeletes } = table
  if (filter === undefined) return [{ event: '*', schema, table: name }]
  const bindings: FeedBinding[] = [{ event: '*', schema, table: name, filter }]
  // A DELETE is matched against the old row, of which the server mostly knows the primary key alone.
  const losesDeletes = filterColumns(filter).some((column) => !primaryKey.includes(column))
  if (losesDeletes && unfilteredDeletes) bindings.push({ event: 'DELETE', schema, table: name })
  return bindings
}
