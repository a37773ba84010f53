import type { BroadcastSqlOptions } from './options.ts'
import { writePolicies } from './policies.ts'
import { resolveOptions } from './resolveOptions.ts'
import { writeTriggers } from './triggers.ts'

/**
 * Writes a migration that makes tables tell of their changes by Broadcast: a trigger function and its triggers for each
 * table, and policies that say who may listen. It can be run again, also with other options: it takes the place of what
 * an earlier run has made for the same tables and topics.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function broadcastSql(options: BroadcastSqlOptions): string {
  const { tables, send } = resolveOptions(options)
  return [
    'begin;',
    'create schema if not exists realtime_coalescer;',
    ...tables.map((table) => writeTriggers(table, send)),
    writePolicies(tables),
    'commit;\n',
  ].join('\n\n')
}
