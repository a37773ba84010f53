import { warnInConsole, warnOfUnknown } from '../../actions/report.ts'
import { expectOneOf, failType, show } from '../../actions/validate.ts'
import type { BroadcastSqlOptions, BroadcastTable, TopicOptions } from './options.ts'
import { isTooLong } from './quote.ts'

export interface TableName {
  readonly schema: string
  readonly name: string
}

export interface ResolvedTopic {
  /** The whole topic, if there is no column. */
  readonly prefix: string
  readonly column: string | undefined
  readonly members: { readonly table: TableName; readonly column: string; readonly user: string } | undefined
}

export interface ResolvedTable extends TableName {
  readonly primaryKey: readonly string[]
  readonly topic: ResolvedTopic
}

export interface ResolvedSql {
  readonly tables: readonly ResolvedTable[]
  readonly send: 'rows' | 'statements'
}

type TopicOfColumn = Exclude<TopicOptions, string>

/** Every option; the types have them complete. */
const sqlNames: Record<keyof BroadcastSqlOptions, true> = { tables: true, send: true, topic: true }
const tableNames: Record<keyof BroadcastTable, true> = { schema: true, name: true, primaryKey: true, topic: true }
const topicNames: Record<keyof TopicOfColumn, true> = { prefix: true, column: true, members: true }
const memberNames: Record<keyof NonNullable<TopicOfColumn['members']>, true> = { table: true, column: true, user: true }

const warnOf = (at: string, options: object | undefined, names: object): void =>
  warnOfUnknown(`options of ${at}`, options, names, warnInConsole)

/**
 * Checks options and fills in defaults.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function resolveOptions(options: BroadcastSqlOptions): ResolvedSql {
  if (typeof options !== 'object' || options === null) {
    failType('options', 'an object { tables }', options, "Pass { tables: ['goals'] }, for instance.")
  }
  warnOf('broadcastSql()', options, sqlNames)
  const { tables, send, topic } = options
  if (!Array.isArray(tables) || tables.length === 0) {
    failType('tables', 'a list of tables', tables, "Pass ['goals', 'check_ins'], for instance.")
  }
  const common = resolveTopic('topic', topic ?? 'db')
  const resolved = tables.map((table: unknown, index) => resolveTable(`tables[${index}]`, table, common))
  const seen = new Set<string>()
  for (const { schema, name } of resolved) {
    const key = JSON.stringify([schema, name])
    if (seen.has(key)) {
      throw new RangeError(`Expected each table once, got ${show(`${schema}.${name}`)} twice. Name it once.`)
    }
    seen.add(key)
  }
  return {
    tables: resolved,
    send: send === undefined ? 'statements' : expectOneOf('send', send, ['rows', 'statements']),
  }
}

function resolveTable(at: string, table: unknown, common: ResolvedTopic): ResolvedTable {
  if (typeof table === 'string') return { ...splitName(at, table), primaryKey: ['id'], topic: common }
  if (typeof table !== 'object' || table === null) {
    failType(at, 'a name or an object { name }', table, "Pass 'goals', for instance.")
  }
  warnOf(`\`${at}\``, table, tableNames)
  const { schema, name, primaryKey, topic } = table as {
    [Name in 'schema' | 'name' | 'primaryKey' | 'topic']?: unknown
  }
  if (primaryKey !== undefined && (!Array.isArray(primaryKey) || primaryKey.length === 0)) {
    failType(`${at}.primaryKey`, 'a list of column names', primaryKey, "Pass ['id'], for instance.")
  }
  return {
    schema: schema === undefined ? 'public' : expectName(`${at}.schema`, schema),
    name: expectName(`${at}.name`, name),
    primaryKey: ((primaryKey ?? ['id']) as unknown[]).map((column) => expectName(`${at}.primaryKey[]`, column)),
    topic: topic === undefined ? common : resolveTopic(`${at}.topic`, topic as TopicOptions),
  }
}

function splitName(at: string, table: string): TableName {
  const dot = table.indexOf('.')
  const [schema, name] = dot < 0 ? ['public', table] : [table.slice(0, dot), table.slice(dot + 1)]
  return { schema: expectName(at, schema), name: expectName(at, name) }
}

function resolveTopic(at: string, topic: TopicOptions): ResolvedTopic {
  if (typeof topic === 'string') return { prefix: expectText(at, topic), column: undefined, members: undefined }
  if (typeof topic !== 'object' || topic === null) {
    failType(
      at,
      'a topic or an object { prefix, column }',
      topic,
      "Pass { prefix: 'user:', column: 'user_id' }, for instance.",
    )
  }
  warnOf(`\`${at}\``, topic, topicNames)
  const { prefix, column, members } = topic
  if (members !== undefined && (typeof members !== 'object' || members === null)) {
    failType(`${at}.members`, 'an object { table, column, user }', members, 'Name the table that says who may listen.')
  }
  warnOf(`\`${at}.members\``, members, memberNames)
  return {
    prefix: expectText(`${at}.prefix`, prefix),
    column: expectName(`${at}.column`, column),
    members: members && {
      table: splitName(`${at}.members.table`, expectText(`${at}.members.table`, members.table)),
      column: expectName(`${at}.members.column`, members.column),
      user: expectName(`${at}.members.user`, members.user),
    },
  }
}

function expectText(at: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    failType(at, 'a text', value, "Pass a text such as 'user:'.")
  }
  return value
}

function expectName(at: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    failType(at, 'a name', value, "Pass a name as the database has it, such as 'goals'.")
  }
  if (isTooLong(value)) {
    throw new RangeError(
      `Expected \`${at}\` to be at most 63 bytes long, got ${show(value)}. Postgres has no longer names.`,
    )
  }
  return value
}
