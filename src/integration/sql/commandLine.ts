import { broadcastSql } from './broadcastSql.ts'
import type { BroadcastSqlOptions, BroadcastTable, TopicOptions } from './options.ts'

const usage = `Usage: realtime-coalescer sql --tables goals,check_ins [options]

Writes a migration to the standard output that makes the tables tell of their changes by Supabase Broadcast.

  --tables a,b.c          the tables; 'schema.table' for one outside of public
  --send statements       one message for each statement, without its rows (default)
  --send rows             one message for each row, with the row before and after
  --topic db              the topic for everybody who is signed in (default: db)
  --topic user: --column user_id
                          a topic for each value of a column, for the user with that id
  --members room_members.room_id.user_id
                          who may listen instead: the table, its column of that value, its column of the user's id
  --primary-key days=user_id+day
                          the primary key of a table, where it is not id; may be repeated`

/** What a command line asks for: the text to write, and whether it has succeeded. */
export interface CommandOutput {
  readonly text: string
  readonly hasFailed: boolean
}

/** Runs a command line, given without the names of the runtime and the script. */
export function runCommandLine(words: readonly string[]): CommandOutput {
  if (words.length === 0 || words.includes('--help') || words.includes('-h')) return { text: usage, hasFailed: false }
  try {
    const [command, ...flags] = words
    if (command !== 'sql') throw new RangeError(`Expected the command sql, got '${command}'.`)
    return { text: broadcastSql(readFlags(flags)), hasFailed: false }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { text: `${message}\n\n${usage}`, hasFailed: true }
  }
}

const flagNames = ['tables', 'send', 'topic', 'column', 'members', 'primary-key'] as const
type FlagName = (typeof flagNames)[number]

function readFlags(words: readonly string[]): BroadcastSqlOptions {
  const values = new Map<FlagName, string[]>()
  for (let at = 0; at < words.length; at += 1) {
    const [word = '', inline] = splitOnce(words[at] ?? '', '=')
    const name = flagNames.find((one) => word === `--${one}`)
    if (!name) throw new RangeError(`Expected an option such as --tables, got '${words[at]}'.`)
    const value = inline ?? words[(at += 1)]
    if (value === undefined || value.startsWith('--'))
      throw new RangeError(`Expected a value after --${name}, got none.`)
    const known = values.get(name)
    if (known && name !== 'primary-key') throw new RangeError(`Expected --${name} once, got it twice.`)
    values.set(name, [...(known ?? []), value])
  }
  const first = (name: FlagName): string | undefined => values.get(name)?.[0]
  const tables = first('tables')
  if (tables === undefined)
    throw new RangeError('Expected --tables, got none. Name the tables that are to tell of changes.')
  return {
    tables: readTables(splitList(tables), values.get('primary-key') ?? []),
    // Checked by `broadcastSql`, like all other values.
    send: first('send') as BroadcastSqlOptions['send'],
    topic: readTopic(first('topic'), first('column'), first('members')),
  }
}

function readTables(names: readonly string[], primaryKeys: readonly string[]): (string | BroadcastTable)[] {
  const byTable = new Map(
    primaryKeys.map((text) => {
      const [table, columns] = splitOnce(text, '=')
      if (columns === undefined || !names.includes(table))
        throw new RangeError(`Expected --primary-key as in days=user_id+day, of one of the tables, got '${text}'.`)
      return [table, columns.split('+')] as const
    }),
  )
  return names.map((full) => {
    const primaryKey = byTable.get(full)
    if (!primaryKey) return full
    const [schema, name] = splitOnce(full, '.')
    return name === undefined ? { name: schema, primaryKey } : { schema, name, primaryKey }
  })
}

function readTopic(
  topic: string | undefined,
  column: string | undefined,
  members: string | undefined,
): TopicOptions | undefined {
  if (column === undefined) {
    if (members !== undefined) throw new RangeError('Expected --column with --members: it says whose the row is.')
    return topic
  }
  if (topic === undefined) throw new RangeError('Expected --topic with --column: what stands before the value.')
  if (members === undefined) return { prefix: topic, column }
  const parts = members.split('.')
  const [of, user] = parts.slice(-2)
  const table = parts.slice(0, -2).join('.')
  if (user === undefined || of === undefined || table === '') {
    throw new RangeError(`Expected --members as in room_members.room_id.user_id, got '${members}'.`)
  }
  return { prefix: topic, column, members: { table, column: of, user } }
}

/** The items of a list, which may be quoted with spaces in it. */
const splitList = (text: string): string[] => text.split(',').map((item) => item.trim())

/** What stands before and after the first mark; nothing after it without one. */
function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)]
}
