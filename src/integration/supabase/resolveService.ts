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
import type { HandlerOfTable, KeysOfTable, RealtimeServiceOptions } from './options.ts'

/** A table's options, checked and complete. */
export interface ResolvedTable {
  readonly name: string
  readonly filter: string | undefined
  readonly primaryKey: readonly string[]
  readonly keyOnlyDeletes: 'catchUp' | 'handle'
  readonly needs: readonly string[] | undefined
  readonly concerns: ((deleted: DeleteChange) => boolean) | undefined
  readonly unfilteredDeletes: boolean
  readonly handle: ChangeHandler
  /** @throws what the app's `keys` throws, or a TypeError if it returns no keys. */
  readonly catchUpKeys: () => readonly QueryKey[]
}

export interface ResolvedService {
  readonly supabase: FeedClient
  readonly coalescer: Coalescer
  readonly channel: string
  readonly schema: string
  readonly tables: ReadonlyMap<string, ResolvedTable>
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
  const { supabase, coalescer, channel, schema, tables, firstCatchUp, backstopMs } = options
  if (typeof tables !== 'object' || tables === null || Array.isArray(tables)) {
    failType(
      'tables',
      'an object of tables by name',
      tables,
      "Pass { goals: { keys: () => [['goals']] } }, for instance.",
    )
  }
  const byName = Object.entries(tables as Record<string, unknown>)
    .filter(([, table]) => table !== undefined)
    .map(([name, table]) => [name, resolveTable(name, table)] as const)
  if (byName.length === 0) {
    failType('tables', 'at least one table', tables, "Pass { goals: { keys: () => [['goals']] } }, for instance.")
  }
  return {
    supabase: expectClient(supabase),
    coalescer,
    channel: expectName('channel', channel),
    schema: schema === undefined ? 'public' : expectName('schema', schema),
    tables: new Map(byName),
    firstCatchUp:
      firstCatchUp === undefined
        ? 'markStale'
        : expectOneOf('firstCatchUp', firstCatchUp, ['markStale', 'refetch', 'off']),
    backstopMs: backstopMs === undefined ? undefined : expectBackstop(backstopMs),
  }
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

function resolveTable(name: string, table: unknown): ResolvedTable {
  const at = `tables.${name}`
  if (typeof table !== 'object' || table === null) {
    failType(at, 'an object { keys } or { handle, catchUp }', table, "Pass { keys: () => [['goals']] }, for instance.")
  }
  const options = table as { [Name in keyof KeysOfTable | keyof HandlerOfTable]?: unknown }
  const { filter, primaryKey, keyOnlyDeletes, needs, concerns, unfilteredDeletes } = options
  if (filter !== undefined && (typeof filter !== 'string' || !/^\s*[^=\s]+=[^=]/.test(filter))) {
    failType(`${at}.filter`, "a filter 'column=operator.value'", filter, "Pass 'user_id=eq.7', for instance.")
  }
  if (primaryKey !== undefined && !isListOfNames(primaryKey)) {
    failType(`${at}.primaryKey`, 'a list of column names', primaryKey, "Pass ['id'], for instance.")
  }
  if (needs !== undefined && !isListOfNames(needs)) {
    failType(`${at}.needs`, 'a list of column names', needs, "Pass ['id', 'title'], for instance, or leave it out.")
  }
  if (concerns !== undefined) expectFunction(`${at}.concerns`, concerns)
  return {
    name,
    filter,
    primaryKey: primaryKey ?? ['id'],
    keyOnlyDeletes:
      keyOnlyDeletes === undefined
        ? 'catchUp'
        : expectOneOf(`${at}.keyOnlyDeletes`, keyOnlyDeletes, ['catchUp', 'handle']),
    needs,
    concerns: concerns as ResolvedTable['concerns'],
    unfilteredDeletes:
      unfilteredDeletes === undefined ? true : expectBoolean(`${at}.unfilteredDeletes`, unfilteredDeletes),
    ...resolveAnswer(at, options),
  }
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
