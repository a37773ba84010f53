import { describe, expect, it } from 'vitest'
import type { Signal } from '../../src/actions/feedMessage.ts'
import { readStatementChange, watchReads } from '../../src/actions/statementChange.ts'

const signal = (told: Partial<Signal>): Signal => ({
  schema: 'public',
  table: 'goals',
  operation: 'INSERT',
  rows: undefined,
  keys: undefined,
  ...told,
})
const read = (told: Partial<Signal>, primaryKey = ['id']) => readStatementChange(signal(told), primaryKey)

describe('a signal that names its rows', () => {
  it.each([
    ['by columns', [{ id: 1 }, { id: 2 }], ['id'], [{ id: 1 }, { id: 2 }]],
    ['by values', [1, 'b'], ['id'], [{ id: 1 }, { id: 'b' }]],
    ['by lists of values', [[7, 1]], ['user_id', 'day'], [{ user_id: 7, day: 1 }]],
  ])('%s tells their keys', (_, keys, primaryKey, expected) => {
    expect(read({ keys, rows: keys.length }, primaryKey)).toMatchObject({ keys: expected, rows: keys.length })
  })

  it('is a change without rows', () => {
    expect(read({ operation: 'UPDATE', rows: 2, keys: [1, 2] })).toEqual({
      schema: 'public',
      table: 'goals',
      eventType: 'UPDATE',
      new: {},
      old: {},
      commitTimestamp: null,
      errors: null,
      rows: 2,
      keys: [{ id: 1 }, { id: 2 }],
    })
  })

  it.each([
    ['INSERT', { id: 1 }, {}],
    ['UPDATE', { id: 1 }, { id: 1 }],
    ['DELETE', {}, { id: 1 }],
  ] as const)('has the key of a single row where its %s has a row', (operation, after, old) => {
    expect(read({ operation, rows: 1, keys: [1] })).toMatchObject({ new: after, old, rows: 1 })
  })
})

it.each([
  ['no keys', { rows: 2 }],
  ['an empty list of keys', { rows: 0, keys: [] }],
  ['fewer keys than rows', { rows: 101, keys: Array.from({ length: 100 }, (_, n) => n) }],
  ['keys of other columns', { keys: [{ code: 'a' }] }],
  ['a key that is null', { keys: [{ id: null }] }],
  ['a value that is null', { keys: [1, null] }],
  ['lists of another length', { keys: [[1, 2]] }],
  ['no rows, as of a TRUNCATE', { operation: 'TRUNCATE', keys: [1] } as const],
])('a signal with %s names no rows', (_, told) => {
  expect(read(told)).toBeUndefined()
})

describe('whoever reads more of a statement than it tells', () => {
  const insert = read({ operation: 'INSERT', rows: 1, keys: [1] })!
  const update = read({ operation: 'UPDATE', rows: 2, keys: [1, 2] })!
  const remove = read({ operation: 'DELETE', rows: 1, keys: [1] })!

  it.each([
    ['a column it does not tell', insert, ({ new: row }) => row['title']],
    ['a column of one row of several', update, ({ new: row }) => row['id']],
    ['an old column of one row of several', update, ({ old }) => old['id']],
    ['the whole row', insert, ({ new: row }) => ({ ...row })],
    ['whether a column is there', remove, ({ old }) => 'title' in old],
  ] as [string, typeof insert, (change: typeof insert) => unknown][])('is noticed: %s', (_, change, look) => {
    const watched = watchReads(change)
    look(watched.change)
    expect(watched.hasMissed()).toBe(true)
  })

  it('is not noticed for what it tells, or where there is no row', () => {
    for (const change of [insert, remove]) {
      const watched = watchReads(change)
      expect(watched.change.new['id'] ?? watched.change.old['id']).toBe(1)
      expect(watched.hasMissed()).toBe(false)
    }
    const { change, hasMissed } = watchReads(update)
    expect([change.keys, change.rows, change.eventType, hasMissed()]).toEqual([
      [{ id: 1 }, { id: 2 }],
      2,
      'UPDATE',
      false,
    ])
  })
})
