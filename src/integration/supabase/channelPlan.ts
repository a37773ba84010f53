import { filterColumns } from '../../actions/feedFilter.ts'
import type { FeedBinding } from './client.ts'
import type { ResolvedService } from './resolveService.ts'
import type { ResolvedTable } from './resolveTable.ts'

/** What a channel needs to know of a table that comes through it. */
export type BoundTable = Pick<
  ResolvedTable,
  'schema' | 'name' | 'filter' | 'select' | 'primaryKey' | 'unfilteredDeletes' | 'unfilteredUpdates'
>

/** One channel of a feed. */
export interface ChannelPlan {
  readonly name: string
  /** What the channel is for: row events of tables, or the messages of a topic. */
  readonly kind: 'changes' | 'broadcast'
  readonly config: Readonly<Record<string, unknown>>
  /** The tables whose row events come through it; none for a topic. */
  readonly tables: readonly BoundTable[]
  /** The events of the topic it listens to. */
  readonly events: readonly string[]
  readonly replay: boolean
}

/** The channels that a service needs: one for `postgres_changes`, one for each topic. */
export function channelsOf(
  service: Pick<ResolvedService, 'channel' | 'channelConfig' | 'topics'> & {
    readonly tables: ReadonlyMap<string, BoundTable & Pick<ResolvedTable, 'broadcast'>>
  },
): ChannelPlan[] {
  const { channel, channelConfig, topics } = service
  const tables = [...service.tables.values()].filter(({ broadcast }) => broadcast === undefined)
  const common = { tables: [], events: [], replay: false } as const
  const changes: ChannelPlan[] =
    tables.length > 0 ? [{ ...common, name: channel, kind: 'changes', config: channelConfig, tables }] : []
  const broadcasts = [...topics.values()].map(({ topic, events, isPrivate, replay }): ChannelPlan => {
    const broadcast = { ...(channelConfig['broadcast'] as object | undefined), replication_ready: true }
    const config = { ...channelConfig, private: isPrivate, broadcast }
    return { ...common, name: topic, kind: 'broadcast', config, events: [...events], replay }
  })
  return [...changes, ...broadcasts]
}

/** The channel for a table that the server refuses, so that the others need not be joined anew when it is tried again. */
export const separately = (plan: ChannelPlan, tables: readonly BoundTable[]): ChannelPlan => ({
  ...plan,
  name: `${plan.name}:${tables[0]?.name ?? ''}`,
  tables,
})

/** What a channel listens to for a table. */
export function bindingsOf(table: BoundTable): FeedBinding[] {
  const { schema, name, filter, select, primaryKey, unfilteredDeletes, unfilteredUpdates } = table
  const rows = { schema, table: name, ...(select && { select }) }
  if (filter === undefined) return [{ event: '*', ...rows }]
  const bindings: FeedBinding[] = [{ event: '*', ...rows, filter }]
  // A DELETE is matched against the old row, of which the server mostly knows the primary key alone.
  const losesDeletes = filterColumns(filter).some((column) => !primaryKey.includes(column))
  if (losesDeletes && unfilteredDeletes) bindings.push({ event: 'DELETE', ...rows })
  if (unfilteredUpdates) bindings.push({ event: 'UPDATE', ...rows })
  return bindings
}
