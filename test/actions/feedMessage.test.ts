import { describe, expect, it } from 'vitest'
import { readFeedMessage } from '../../src/actions/feedMessage.ts'

const id = '614946d7-582f-47de-89f4-e8a160f57b09'
const row = { id: 1, body: 'hello', room: 1 }
const told = { id, table: 'bc', schema: 'public', record: row, old_record: null, operation: 'INSERT' }
/** As a `broadcast` callback of supabase-js receives it. */
const broadcast = (payload: unknown, event = 'INSERT', meta: unknown = { id }) => ({
  type: 'broadcast',
  event,
  payload,
  ...(meta !== null && { meta }),
})

describe('what broadcast_changes tells of a row', () => {
  it.each([
    ['INSERT', told, { new: row, old: {} }],
    [
      'UPDATE',
      { ...told, operation: 'UPDATE', old_record: { ...row, body: 'hi' } },
      { new: row, old: { ...row, body: 'hi' } },
    ],
    ['DELETE', { ...told, operation: 'DELETE', record: null, old_record: row }, { new: {}, old: row }],
  ])('is a change: %s', (eventType, payload, rows) => {
    const change = { schema: 'public', table: 'bc', eventType, commitTimestamp: null, errors: null, ...rows }
    expect(readFeedMessage(broadcast(payload, eventType))).toEqual({ kind: 'change', feed: 'broadcast', id, change })
    expect(readFeedMessage(payload)).toEqual({ kind: 'change', feed: 'broadcast', id, change })
  })

  it('is the same message, live or replayed, by the id the server knows it by', () => {
    const replayed = broadcast({ ...told, id: 'of the app' }, 'INSERT', { id, replayed: true })
    expect(readFeedMessage(replayed)).toMatchObject({ kind: 'change', id })
    expect(readFeedMessage(broadcast(told, 'INSERT', null))).toMatchObject({ kind: 'change', id })
    expect(readFeedMessage(broadcast({ ...told, id: 7 }, 'INSERT', null))).toMatchObject({ id: undefined })
  })
})

describe('what is told of a statement', () => {
  const statement = { schema: 'public', table: 'bc', operation: 'INSERT' }

  it.each([
    ['by broadcast_changes without rows', { ...told, record: null }, { rows: undefined, keys: undefined }],
    ['by a signal', { ...statement, rows: 2_000, id }, { rows: 2_000, keys: undefined }],
    [
      'by a signal with keys',
      { ...statement, rows: 2, keys: [{ id: 1 }, { id: 2 }], id },
      { rows: 2, keys: [{ id: 1 }, { id: 2 }] },
    ],
    [
      'by a signal of all rows',
      { ...statement, operation: 'TRUNCATE', rows: null, id },
      { operation: 'TRUNCATE', rows: undefined, keys: undefined },
    ],
  ])('is a signal: %s', (_, payload, expected) => {
    const signal = { schema: 'public', table: 'bc', operation: 'INSERT', ...expected }
    expect(readFeedMessage(broadcast(payload))).toEqual({ kind: 'signal', id, signal })
    expect(readFeedMessage(payload)).toEqual({ kind: 'signal', id, signal })
  })
})

describe('what is none of a table', () => {
  it('is a message of the app', () => {
    expect(readFeedMessage(broadcast({ a: 1, id: 7 }, 'typing'))).toEqual({
      kind: 'message',
      id,
      message: { event: 'typing', payload: { a: 1, id: 7 }, id, isReplayed: false },
    })
    expect(readFeedMessage(broadcast('text', 'typing', { id, replayed: true }))).toMatchObject({
      message: { isReplayed: true, payload: 'text' },
    })
    expect(readFeedMessage(broadcast(undefined, 'typing', null))).toMatchObject({
      id: undefined,
      message: { id: null },
    })
  })
})

it('a change of postgres_changes has no id', () => {
  const change = {
    schema: 'public',
    table: 'bc',
    eventType: 'INSERT',
    new: row,
    old: {},
    commit_timestamp: null,
    errors: null,
  }
  expect(readFeedMessage(change)).toMatchObject({
    kind: 'change',
    feed: 'postgres_changes',
    id: undefined,
    change: { new: row },
  })
})

it.each([
  ['no event', broadcast(told, ''), 'Expected `payload.event` to be the name of an event'],
  [
    'an unknown operation',
    { ...told, operation: 'MERGE' },
    "Expected `payload.eventType` to be 'INSERT', 'UPDATE' or 'DELETE'",
  ],
  [
    'an unknown operation without rows',
    { ...told, record: null, operation: 'MERGE' },
    'Expected `payload.operation` to be',
  ],
  ['a row that is none', { ...told, record: 'row' }, 'Expected `payload.new` to be a row object'],
  ['no schema', { ...told, record: null, schema: undefined }, 'Expected `payload.schema` to be a name'],
  ['rows that are no number', { ...told, record: null, rows: '2' }, 'Expected `payload.rows` to be a number of rows'],
  ['a negative number of rows', { ...told, record: null, rows: -1 }, 'Expected `payload.rows` to be a number of rows'],
  [
    'keys that are no list',
    { ...told, record: null, keys: { id: 1 } },
    'Expected `payload.keys` to be a list of primary keys',
  ],
  ['nothing', null, 'Expected `payload` to be an object'],
])('%s is refused', (_, payload, message) => {
  expect(() => readFeedMessage(payload)).toThrow(TypeError)
  expect(() => readFeedMessage(payload)).toThrow(message)
})
