import { broadcastSql } from 'realtime-coalescer/sql'
import { expect, it } from 'vitest'
import { runCommandLine } from '../../src/integration/sql/commandLine.ts'

const run = (line: string) => runCommandLine(line.split(' ').filter((word) => word !== ''))

it.each([
  ['sql --tables goals,audit.entries', { tables: ['goals', 'audit.entries'] }],
  ['sql --tables=goals --send=rows --topic all', { tables: ['goals'], send: 'rows', topic: 'all' }],
  [
    'sql --tables goals --topic user: --column user_id',
    { tables: ['goals'], topic: { prefix: 'user:', column: 'user_id' } },
  ],
  [
    'sql --tables days,audit.days --primary-key days=user_id+day --primary-key audit.days=day',
    {
      tables: [
        { name: 'days', primaryKey: ['user_id', 'day'] },
        { schema: 'audit', name: 'days', primaryKey: ['day'] },
      ],
    },
  ],
  [
    'sql --tables notes --topic room: --column room --members private.members.room_id.user_id',
    {
      tables: ['notes'],
      topic: {
        prefix: 'room:',
        column: 'room',
        members: { table: 'private.members', column: 'room_id', user: 'user_id' },
      },
    },
  ],
] as const)('%s writes the migration of its options', (line, options) => {
  expect(run(line)).toEqual({ text: broadcastSql(options), hasFailed: false })
})

it('a quoted list may have spaces in it', () => {
  const { text } = runCommandLine(['sql', '--tables', 'goals, audit.entries '])
  expect(text).toBe(broadcastSql({ tables: ['goals', 'audit.entries'] }))
})

it.each(['', '--help', 'sql --tables goals -h'])('%j tells how it is used', (line) => {
  expect(run(line)).toMatchObject({ text: expect.stringContaining('Usage: realtime-coalescer sql'), hasFailed: false })
})

it.each([
  ['drop', "Expected the command sql, got 'drop'."],
  ['sql', 'Expected --tables, got none.'],
  ['sql goals', "Expected an option such as --tables, got 'goals'."],
  ['sql --table goals', "Expected an option such as --tables, got '--table'."],
  ['sql --tables', 'Expected a value after --tables, got none.'],
  ['sql --tables --send rows', 'Expected a value after --tables, got none.'],
  ['sql --tables a --tables b', 'Expected --tables once, got it twice.'],
  ['sql --tables a,,b', 'Expected `tables[1]` to be a name'],
  ['sql --tables a --send both', 'Expected `send` to be one of'],
  ['sql --tables a --column b', 'Expected --topic with --column'],
  ['sql --tables a --members b.c.d', 'Expected --column with --members'],
  ['sql --tables a --topic b --column c --members d.e', 'Expected --members as in room_members.room_id.user_id'],
  ['sql --tables a --primary-key b=c', 'Expected --primary-key as in days=user_id+day, of one of the tables'],
  ['sql --tables a --primary-key a', 'Expected --primary-key as in days=user_id+day, of one of the tables'],
])('%j fails, and says why', (line, message) => {
  const { text, hasFailed } = run(line)
  expect([hasFailed, text.startsWith(message), text.includes('Usage:')]).toEqual([true, true, true])
})
