import { type BoundTable, type ChannelPlan, channelsOf } from '../channelPlan.ts'
import type { ResolvedService } from '../resolveService.ts'
import type { ResolvedTopic } from '../resolveBroadcast.ts'

/** What a tab wants of the feed, in a form that other tabs can be told. Each want has a name of its own. */
export interface Wants {
  readonly tables: readonly BoundTable[]
  readonly topics: readonly Pick<ResolvedTopic, 'topic' | 'isPrivate' | 'replay'>[]
}

/** The name of what a table wants: the same for tables that the server sends the same for. */
export const tableUnit = ({
  schema,
  name,
  filter,
  select,
  primaryKey,
  unfilteredDeletes,
  unfilteredUpdates,
}: BoundTable): string =>
  `table ${JSON.stringify([schema, name, filter, select, filter && [primaryKey, unfilteredDeletes, unfilteredUpdates]])}`

export const topicUnit = (topic: string): string => `topic ${topic}`

export function wantsOf({ tables, topics }: ResolvedService): Wants {
  return {
    tables: [...tables.values()]
      .filter(({ broadcast }) => broadcast === undefined)
      .map(({ schema, name, filter, select, primaryKey, unfilteredDeletes, unfilteredUpdates }) => ({
        schema,
        name,
        filter,
        select,
        primaryKey,
        unfilteredDeletes,
        unfilteredUpdates,
      })),
    topics: [...topics.values()].map(({ topic, isPrivate, replay }) => ({ topic, isPrivate, replay })),
  }
}

export const unitsOfWants = ({ tables, topics }: Wants): string[] => [
  ...tables.map(tableUnit),
  ...topics.map(({ topic }) => topicUnit(topic)),
]

/** What a channel brings. */
export const unitsOfPlan = ({ kind, name, tables }: ChannelPlan): string[] =>
  kind === 'broadcast' ? [topicUnit(name)] : tables.map(tableUnit)

/** The channels for what several tabs want, but for what there is a channel for already. */
export function plansFor(
  service: Pick<ResolvedService, 'channelConfig'>,
  channel: string,
  all: Iterable<Wants>,
  covered: ReadonlySet<string>,
): ChannelPlan[] {
  const tables = new Map<string, BoundTable & { broadcast: undefined }>()
  const topics = new Map<string, ResolvedTopic>()
  for (const wants of all) {
    for (const table of wants.tables) tables.set(tableUnit(table), { ...table, broadcast: undefined })
    for (const one of wants.topics) {
      const replay = one.replay || topics.get(one.topic)?.replay === true
      // The server sends all events of a topic whatever is listened to: each tab picks its own.
      topics.set(one.topic, { ...one, replay, events: new Set(['*']) })
    }
  }
  for (const unit of tables.keys()) if (covered.has(unit)) tables.delete(unit)
  for (const topic of topics.keys()) if (covered.has(topicUnit(topic))) topics.delete(topic)
  return channelsOf({ channel, channelConfig: service.channelConfig, tables, topics })
}
