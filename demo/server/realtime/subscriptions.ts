import type { Queryable } from '../database/database.ts'
import { type Binding, describeBinding } from './bindings.ts'
import { checkBinding } from './bindingChecks.ts'
import { type Catalog, type TableInfo, readRoles } from './catalog.ts'
import { isRecord } from './frames.ts'

/** Whoever gets changes: a joined channel. */
export interface Subscriber {
  sendChange(ids: readonly number[], dataJson: string, type: string): void
  /** Ids of all its bindings. */
  readonly bindingIds: readonly number[]
  /** Other tables are published now: `problem` says why nothing is told any more, null that all bindings are attached. */
  onPublicationChange(problem: string | null): void
  /** All its tables are published again, after one was not: it is attached anew as a whole. */
  onTablesBack(): void
}

/** One binding that changes are matched against. */
export interface Subscription {
  subscriber: Subscriber
  binding: Binding
  /** The tables it is bound to: those that matched when it was made, whatever they are called since. */
  relids: ReadonlySet<number>
  role: string
  /** The token's claims, as policies read them. */
  claimsJson: string
}

const unable = 'Unable to subscribe to changes with given parameters.'

const conditionNames: Record<string, string> = {
  '22003': 'numeric_value_out_of_range',
  '22007': 'invalid_datetime_format',
  '22008': 'datetime_field_overflow',
  '22025': 'invalid_escape_sequence',
  '22P02': 'invalid_text_representation',
  '2201B': 'invalid_regular_expression',
  '42704': 'undefined_object',
  '42804': 'datatype_mismatch',
  '42883': 'undefined_function',
}

/**
 * Checks every binding against the database and makes subscriptions of them. Throws an Error with the message of the real
 * server for the first bad one.
 */
export async function createSubscriptions(
  db: Queryable,
  catalog: Catalog,
  subscriber: Subscriber,
  bindings: readonly Binding[],
  role: string,
  claimsJson: string,
): Promise<Subscription[]> {
  const tables = await catalog.tables(db)
  const roles = await readRoles(db)
  for (const binding of bindings) {
    const matching = tables.filter((table) => isTableOf(binding, table))
    if (matching.length === 0) throw new Error(describeUnbound(binding))
    try {
      if (!roles.has(role)) throw new Error(`ERROR 42704 (undefined_object) role "${role}" does not exist`)
      for (const table of matching) await checkBinding(db, binding, table, role)
    } catch (error) {
      throw new Error(
        `${unable} An exception happened so please check your connect parameters: ` +
          `${describeBinding(binding)}. Exception: ${describeError(error)}`,
        { cause: error },
      )
    }
  }
  return bindings.map((binding) => ({ subscriber, binding, relids: relidsOf(binding, tables), role, claimsJson }))
}

/** The tables that `binding` names. */
export function relidsOf(binding: Binding, tables: readonly TableInfo[]): Set<number> {
  return new Set(tables.flatMap((table) => (isTableOf(binding, table) ? [table.relid] : [])))
}

/** What is said of a binding whose tables are not published. */
export function describeUnbound(binding: Binding): string {
  return `${unable} Please check Realtime is enabled for the given connect parameters: ${describeBinding(binding)}`
}

function isTableOf({ schema, table }: Binding, info: TableInfo): boolean {
  return matches(schema, info.schema) && matches(table, info.name)
}

/** Names are patterns to the real server: `_` is any character, `%` any text. */
function matches(pattern: string, name: string): boolean {
  if (pattern === '*') return true
  const source = pattern.replaceAll(/[\s\S]/gu, (character) => {
    if (character === '%') return '.*'
    return character === '_' ? '.' : character.replace(/[\\^$.*+?()[\]{}|/-]/, String.raw`\$&`)
  })
  return new RegExp(`^${source}$`, 's').test(name)
}

function describeError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : undefined
  return code === undefined ? message : `ERROR ${code} (${conditionNames[code] ?? 'error'}) ${message}`
}
