import { expectBoolean, expectDelay, expectObject, expectOneOf, expectText, failType } from '../../actions/validate.ts'
import type { AnyCoalescer } from '../query/coalescer.ts'
import type { FeedClient } from './client.ts'
import type { RealtimeServiceOptions } from './options.ts'
import type { ResolvedAnswer } from './resolveAnswer.ts'
import { type ResolvedTopic, mergeTopics, resolveBroadcast } from './resolveBroadcast.ts'
import { resolveMessages } from './resolveMessages.ts'
import type { TabSharing } from './tabs/shareAcrossTabs.ts'
import { type CreateWire, createOwnWire } from './wire.ts'
import { type ResolvedTable, failStar, resolveTable } from './resolveTable.ts'

/** A service's options, checked and complete. */
export interface ResolvedService {
  readonly supabase: FeedClient
  readonly coalescer: AnyCoalescer
  readonly channel: string
  /** The channel object that the app has made for it. */
  readonly ownChannel: object | undefined
  readonly channelConfig: Readonly<Record<string, unknown>>
  readonly schema: string
  /** By schema and name. */
  readonly tables: ReadonlyMap<string, ResolvedTable>
  /** How messages of the app are answered, by event. */
  readonly messages: ReadonlyMap<string, ResolvedAnswer>
  /** The topics of all tables and of the service, by name. */
  readonly topics: ReadonlyMap<string, ResolvedTopic>
  readonly firstCatchUp: 'markStale' | 'refetch' | 'off'
  readonly backstopMs: number | undefined
  readonly createWire: CreateWire
}

/** What a service can do that not every app asks for. What is left out is not bundled. */
export interface ServiceParts {
  /** Takes the option of this name. @default each tab has a connection of its own */
  readonly shareAcrossTabs?: TabSharing | undefined
}

/**
 * Checks the options of a service and fills in defaults; `coalescer` is checked by whoever looks inside.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function resolveService(parts: ServiceParts, options: RealtimeServiceOptions<never>): ResolvedService {
  expectObject('parts', 'an object { shareAcrossTabs? }', parts, 'Pass {} for a service with no part beside the feed.')
  expectObject(
    'options',
    'an object',
    options,
    'Call createRealtimeService({ supabase, coalescer, channel, schema, tables }).',
  )
  const {
    supabase,
    coalescer,
    channel,
    channelConfig = {},
    schema = 'public',
    tables,
    messages,
    broadcast,
    replay = false,
    firstCatchUp = 'refetch',
    backstopMs,
    shareAcrossTabs,
  } = options
  const example = "Pass { goals: { keys: () => [['goals']] } }, for instance."
  expectObject('tables', 'an object of tables by name', tables, example)
  if (schema === '*') failStar('schema', "Name one, and tables of others as 'schema.table'.")
  expectName('schema', schema)
  expectObject(
    'channelConfig',
    'an object',
    channelConfig,
    'Pass what `config` of supabase.channel(name, { config }) takes.',
  )
  const ownConfig = channelConfig as Readonly<Record<string, unknown>>
  const defaults = { isPrivate: ownConfig['private'] !== false, replay: expectBoolean('replay', replay) }
  const common = broadcast === undefined ? undefined : resolveBroadcast('broadcast', broadcast, defaults)
  const resolved = Object.entries(tables as Record<string, unknown>)
    .filter(([, table]) => table !== undefined)
    .map(([name, table]) => resolveTable(name, table, schema, common, defaults))
  if (resolved.length === 0) {
    failType('tables', 'at least one table', tables, example)
  }
  const byId = new Map(resolved.map((table) => [table.id, table]))
  const again = resolved.find((table) => byId.get(table.id) !== table)
  if (again) failType('tables', 'each table once', again.id, 'Join its two entries: one of them would be lost.')
  const name = expectChannel(channel)
  const broadcasts = resolved.flatMap((table) => table.broadcast ?? [])
  const topics = mergeTopics(common ? [common, ...broadcasts] : broadcasts)
  if (topics.has(name) && resolved.some((table) => table.broadcast === undefined)) {
    failType(
      'channel',
      'another name than that of a topic',
      name,
      'A topic is a channel of its own: name this otherwise.',
    )
  }
  return {
    supabase: expectClient(supabase),
    coalescer,
    channel: name,
    ownChannel: typeof channel === 'object' ? channel : undefined,
    channelConfig: { ...configOf(channel), ...ownConfig },
    schema,
    tables: byId,
    messages: resolveMessages(messages),
    topics,
    firstCatchUp: expectOneOf('firstCatchUp', firstCatchUp, ['markStale', 'refetch', 'off']),
    backstopMs: backstopMs === undefined ? undefined : expectBackstop(backstopMs),
    createWire: resolveWire(shareAcrossTabs, parts),
  }
}

function resolveWire(given: unknown, { shareAcrossTabs: sharing }: ServiceParts): CreateWire {
  if (sharing !== undefined) {
    if (typeof sharing?.wireFor !== 'function') {
      failType('parts.shareAcrossTabs', 'the export of that name', sharing, 'Import it, or leave it out.')
    }
    return sharing.wireFor(given) ?? createOwnWire
  }
  if (given !== undefined && given !== false) {
    failType(
      'shareAcrossTabs',
      'left out of a service without that part',
      given,
      'Import `shareAcrossTabs` and call createRealtimeServiceWith({ shareAcrossTabs }, options).',
    )
  }
  return createOwnWire
}

const TOPIC_PREFIX = 'realtime:'

function expectChannel(channel: unknown): string {
  if (typeof channel !== 'object' || channel === null) return expectName('channel', channel)
  const { topic, state } = channel as { readonly topic?: unknown; readonly state?: unknown }
  if (typeof topic !== 'string' || !topic.startsWith(TOPIC_PREFIX)) {
    failType('channel', 'a name, or a channel of the client', channel, "Pass a string such as 'db'.")
  }
  if (state !== undefined && state !== 'closed') {
    failType(
      'channel',
      'a channel that is not subscribed yet',
      `one that is ${String(state)}`,
      'The service subscribes it.',
    )
  }
  return topic.slice(TOPIC_PREFIX.length)
}

/** The `config` that a channel of the app was made with. */
function configOf(channel: unknown): object {
  const { params } = (typeof channel === 'object' && channel !== null ? channel : {}) as {
    readonly params?: { readonly config?: object }
  }
  return params?.config ?? {}
}

function expectClient(supabase: unknown): FeedClient {
  const candidate = supabase as Partial<FeedClient> | null | undefined
  if (typeof candidate?.channel !== 'function' || typeof candidate.removeChannel !== 'function') {
    failType('supabase', 'a client of supabase-js', supabase, 'Pass what createClient(url, key) returned.')
  }
  return candidate as FeedClient
}

function expectName(name: string, value: unknown): string {
  expectText(name, 'a name', value, "Pass a string such as 'db'.")
  return value
}

function expectBackstop(value: unknown): number {
  const delayMs = expectDelay('backstopMs', value)
  if (delayMs === 0) {
    throw new RangeError(
      'Expected `backstopMs` to be more than 0, got 0. Each sweep fetches what is on screen; leave it out for none.',
    )
  }
  return delayMs
}
