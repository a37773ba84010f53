import type { DeleteChange } from '../../actions/types.ts'
import { expectBoolean, expectFunctions, expectObject, expectOneOf, failType } from '../../actions/validate.ts'
import type { FilterBuilder, HandlerOfTable, KeysOfTable } from './options.ts'
import { type ResolvedAnswer, resolveAnswer } from './resolveAnswer.ts'
import { type ResolvedBroadcast, resolveBroadcast } from './resolveBroadcast.ts'

/** A table's options, checked and complete. */
export interface ResolvedTable extends ResolvedAnswer {
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
}

/**
 * Checks the options of a table and fills in defaults.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function resolveTable(
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
  expectObject(
    at,
    'an object { keys } or { handle, catchUp }',
    table,
    "Pass { keys: () => [['goals']] }, for instance.",
  )
  const options = table as { [Name in keyof KeysOfTable | keyof HandlerOfTable]?: unknown }
  const {
    primaryKey = ['id'],
    keyOnlyDeletes = 'catchUp',
    needs,
    concerns,
    unfilteredDeletes = true,
    unfilteredUpdates = false,
    select,
  } = options
  const filter = resolveFilter(at, options.filter)
  if (select !== undefined) expectColumns(`${at}.select`, select, "['id', 'title'], for instance")
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
  expectColumns(`${at}.primaryKey`, primaryKey, "['id'], for instance")
  if (needs !== undefined) expectColumns(`${at}.needs`, needs, "['id', 'title'], for instance, or leave it out")
  expectFunctions({ [`${at}.concerns`]: concerns })
  return {
    schema,
    name,
    id: `${schema}.${name}`,
    broadcast,
    filter,
    select,
    primaryKey,
    keyOnlyDeletes: expectOneOf(`${at}.keyOnlyDeletes`, keyOnlyDeletes, ['catchUp', 'handle']),
    needs,
    concerns: concerns as ResolvedTable['concerns'],
    unfilteredDeletes: expectBoolean(`${at}.unfilteredDeletes`, unfilteredDeletes),
    unfilteredUpdates: expectBoolean(`${at}.unfilteredUpdates`, unfilteredUpdates),
    ...resolveAnswer(at, options),
  }
}

function resolveFilter(at: string, filter: unknown): string | undefined {
  const text =
    typeof filter === 'object' && filter !== null && 'build' in filter && typeof filter.build === 'function'
      ? (filter as FilterBuilder).build()
      : filter
  if (text !== undefined && (typeof text !== 'string' || !/^\s*[^=\s]+=\w+\./.test(text))) {
    failType(`${at}.filter`, "a filter 'column=operator.value'", text, "Pass 'user_id=eq.7', for instance.")
  }
  return text
}

function expectColumns(name: string, value: unknown, example: string): asserts value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.some((one) => typeof one !== 'string' || one === '')) {
    failType(name, 'a list of column names', value, `Pass ${example}.`)
  }
}

/** @throws RangeError, because each table has keys of its own. */
export function failStar(name: string, remedy: string): never {
  throw new RangeError(`Expected \`${name}\` to be a name, got '*'. ${remedy}`)
}
