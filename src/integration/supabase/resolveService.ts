import type { ChangeHandler, DeleteChange, QueryKey } from '../../actions/types.ts'
import {
  expectBoolean,
  expectDelay,
  expectFunction,
  expectOneOf,
  expectQueryKeys,
  failType,
} from '../../actions/validate.ts'
import type { Coalescer } from '../query/coalescer.ts'
import type { FeedClient } from './client.ts'
import type { FilterBuilder, HandlerOfTable, KeysOfTable, RealtimeServiceOptions } from './options.ts'
import { type ResolvedBroadcast, type ResolvedTopic, mergeTopics, resolveBroadcast } from './resolveBroadcast.ts'

/** A table's options, checked and complete. */
export interface ResolvedTable {
  readonly schema: string
  readonly name: string
  /** Schema and name. */
  readonly id: string
  /** How its changes are broadcast; `undefined` if they come through `postgres_changes`. */
  readonly broadcast: ResolvedBroadcast | undefined
  readonly filter: string | undefined
  readonly select: readonly string[] | undefined
  readonly primaryKey: readonly string[]
  readonly keyOnlyDeletes: 'catchUp' | 'handle'
  readonly needs: readonly string[] | undefined
  readonly concerns: ((deleted: DeleteChange) => boolean) | undefined
  readonly unfilteredDeletes: boolean
  readonly unfilteredUpdates: boolean
  readonly handle: ChangeHandler
  /** @throws what the app's `keys` throws, or a TypeError if it returns no keys. */
  readonly catchUpKeys: () => readonly QueryKey[]
}

export interface ResolvedService {
  readonly supabase: FeedClient
  readonly coalescer: Coalescer
  readonly channel: string
  /** The channel object that the app has made for it. */
  readonly ownChannel: object | undefined
  readonly channelConfig: Readonly<Record<string, unknown>>
  readonly schema: string
  /** By schema and name. */
  readonly tables: ReadonlyMap<string, ResolvedTable>
  /** The topics of all tables and of the service, by name. */
  readonly topics: ReadonlyMap<string, ResolvedTopic>
  readonly firstCatchUp: 'markStale' | 'refetch' | 'off'
  readonly backstopMs: number | undefined
}

/**
 * Checks the options of a service and fills in defaults; `coalescer` is checked by whoever looks inside.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function resolveService(options: RealtimeServiceOptions<never>): ResolvedService {
  if (typeof options !== 'object' || options === null) {
    failType(
      'options',
      'an object',
      options,
      'Call createRealtimeService({ supabase, coalescer, channel, schema, tables }).',
    )
  }
  const { supabase, coalescer, channel, channelConfig, tables, broadcast, replay, firstCatchUp, backstopMs } = options
  if (typeof tables !== 'object' || tables === null || Array.isArray(tables)) {
    failType(
      'tables',
      'an object of tables by name',
      tables,
      "Pass { goals: { keys: () => [['goals']] } }, for instance.",
    )
  }
  const schema = options.schema === undefined ? 'public' : expectSchema(options.schema)
  const ownConfig = channelConfig === undefined ? {} : expectConfig(channelConfig)
  const defaults = {
    isPrivate: ownConfig['private'] !== false,
    replay: replay === undefined ? false : expectBoolean('replay', replay),
  }
  const common = broadcast === undefined ? undefined : resolveBroadcast('broadcast', broadcast, defaults)
  const resolved = Object.entries(tables as Record<string, unknown>)
    .filter(([, table]) => table !== undefined)
    .map(([name, table]) => resolveTable(name, table, schema, common, defaults))
  if (resolved.length === 0) {
    failType('tables', 'at least one table', tables, "Pass { goals: { keys: () => [['goals']] } }, for instance.")
  }
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
    tables: new Map(resolved.map((table) => [table.id, table])),
    topics,
    firstCatchUp:
      firstCatchUp === undefined
        ? 'refetch'
        : expectOneOf('firstCatchUp', firstCatchUp, ['markStale', 'refetch', 'off']),
    backstopMs: backstopMs === undefined ? undefined : expectBackstop(backstopMs),
  }
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

function expectConfig(config: unknown): Readonly<Record<string, unknown>> {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    failType('channelConfig', 'an object', config, 'Pass what `config` of supabase.channel(name, { config }) takes.')
  }
  return config as Record<string, unknown>
}

function expectSchema(schema: unknown): string {
  if (schema === '*') failStar('schema', "Name one, and tables of others as 'schema.table'.")
  return expectName('schema', schema)
}

function failStar(name: string, remedy: string): never {
  throw new RangeError(`Expected \`${name}\` to be a name, got '*'. ${remedy}`)
}

function expectClient(supabase: unknown): FeedClient {
  const candidate = supabase as Partial<FeedClient> | null | undefined
  if (
    typeof candidate !== 'object' ||
    candidate === null ||
    typeof candidate.channel !== 'function' ||
    typeof candidate.removeChannel !== 'function'
  ) {
    failType('supabase', 'a client of supabase-js', supabase, 'Pass what createClient(url, key) returned.')
  }
  return candidate as FeedClient
}

function expectName(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') failType(name, 'a name', value, "Pass a string such as 'db'.")
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

function resolveTable(
  key: string,
  table: unknown,
  schemaOfAll: string,
  common: ResolvedBroadcast | undefined,
  defaults: Parameters<typeof resolveBroadcast>[2],
): ResolvedTable {
  const at = `tables.${key}`
  const dot = key.indexOf('.')
  const [schema, name] = dot > 0 ? [key.slice(0, dot), key.slice(dot + 1)] : [schemaOfAll, key]
  if (name === '*' || schema === '*') failStar(at, 'Each table has keys of its own: name it.')
  if (typeof table !== 'object' || table === null) {
    failType(at, 'an object { keys } or { handle, catchUp }', table, "Pass { keys: () => [['goals']] }, for instance.")
  }
  const options = table as { [Name in keyof KeysOfTable | keyof HandlerOfTable]?: unknown }
  const { primaryKey, keyOnlyDeletes, needs, concerns, unfilteredDeletes, unfilteredUpdates, select } = options
  const filter = resolveFilter(at, options.filter)
  if (select !== undefined && !isListOfNames(select)) {
    failType(`${at}.select`, 'a list of column names', select, "Pass ['id', 'title'], for instance.")
  }
  const broadcast =
    options.broadcast === undefined
      ? common
      : options.broadcast === false
        ? undefined
        : resolveBroadcast(`${at}.broadcast`, options.broadcast, defaults)
  const unfit = broadcast && (['filter', 'select', 'unfilteredUpdates'] as const).find((one) => options[one])
  if (unfit) {
    failType(
      `${at}.${unfit}`,
      'left out for a table that comes through broadcast',
      options[unfit],
      'What a topic carries is decided by the trigger that sends to it: use a topic of fewer rows.',
    )
  }
  if (primaryKey !== undefined && !isListOfNames(primaryKey)) {
    failType(`${at}.primaryKey`, 'a list of column names', primaryKey, "Pass ['id'], for instance.")
  }
  if (needs !== undefined && !isListOfNames(needs)) {
    failType(`${at}.needs`, 'a list of column names', needs, "Pass ['id', 'title'], for instance, or leave it out.")
  }
  if (concerns !== undefined) expectFunction(`${at}.concerns`, concerns)
  return {
    schema,
    name,
    id: `${schema}.${name}`,
    broadcast,
    filter,
    select,
    primaryKey: primaryKey ?? ['id'],
    keyOnlyDeletes:
      keyOnlyDeletes === undefined
        ? 'catchUp'
        : expectOneOf(`${at}.keyOnlyDeletes`, keyOnlyDeletes, ['catchUp', 'handle']),
    needs,
    concerns: concerns as ResolvedTable['concerns'],
    unfilteredDeletes:
      unfilteredDeletes === undefined ? true : expectBoolean(`${at}.unfilteredDeletes`, unfilteredDeletes),
    unfilteredUpdates:
      unfilteredUpdates === undefined ? false : expectBoolean(`${at}.unfilteredUpdates`, unfilteredUpdates),
    ...resolveAnswer(at, options),
  }
}

function resolveFilter(at: string, filter: unknown): string | undefined {
  const text =
    typeof filter === 'object' && filter !== null && 'build' in filter && typeof filter.build === 'function'
      ? (filter as FilterBuilder).build()
      : filter
  if (text !== undefined && (typeof text !== 'string' || !/^\s*[^=\s]+=[^=]/.test(text))) {
    failType(`${at}.filter`, "a filter 'column=operator.value'", text, "Pass 'user_id=eq.7', for instance.")
  }
  return text
}

function isListOfNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== '')
}

function resolveAnswer(
  at: string,
  { keys, handle, catchUp }: { readonly keys?: unknown; readonly handle?: unknown; readonly catchUp?: unknown },
): Pick<ResolvedTable, 'handle' | 'catchUpKeys'> {
  if ((keys === undefined) === (handle === undefined)) {
    failType(
      at,
      'an object with either `keys` or `handle`',
      { keys, handle },
      'Use `keys` to invalidate, `handle` with `catchUp` for more.',
    )
  }
  if (handle !== undefined) {
    expectFunction(`${at}.handle`, handle)
    if (catchUp === undefined) {
      failType(
        `${at}.catchUp`,
        'the keys that a missed change may have touched',
        catchUp,
        'A handler cannot run for a change that never came: say which keys to invalidate then.',
      )
    }
    const catchUpKeys = [...expectQueryKeys(catchUp, `${at}.catchUp`)]
    return { handle: handle as ChangeHandler, catchUpKeys: () => catchUpKeys }
  }
  expectFunction(`${at}.keys`, keys)
  if (catchUp !== undefined) {
    failType(`${at}.catchUp`, 'left out', catchUp, 'With the short form, `keys()` says what a gap may have missed.')
  }
  const keysOf = keys as KeysOfTable['keys']
  return {
    handle: (change) => ({ invalidate: expectQueryKeys(keysOf(change), `${at}.keys()`) }),
    catchUpKeys: () => expectQueryKeys(keysOf(), `${at}.keys()`),
  }
}
