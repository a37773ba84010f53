import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HandlerNeeds, RowShape } from '../../src/actions/rowShape.ts'
import type { Change } from '../../src/actions/types.ts'

const defaults: HandlerNeeds = { primaryKey: ['id'], keyOnlyDeletes: 'catchUp', needs: undefined }

const none = { schema: 'public', table: 'goals', new: {}, old: {}, commitTimestamp: null, errors: null }
const change = (eventType: Change['eventType'], rows: object) => ({ ...none, eventType, ...rows }) as Change
const inserted = (row: object) => change('INSERT', { new: row })
const updated = (row: object, old: object = { id: 1 }) => change('UPDATE', { new: row, old })
const deleted = (old: object) => change('DELETE', { old })

/** What a table that has seen the changes makes of the last of them. */
function judge(changes: readonly Change[], needs: Partial<HandlerNeeds> = {}) {
  const shape = new RowShape()
  return changes.map((one) => shape.judge(one, { ...defaults, ...needs })).at(-1)
}

describe('what a handler gets', () => {
  it.each([
    ['an INSERT', [inserted({ id: 1, title: 'a' })]],
    ['the first UPDATE', [updated({ id: 1, title: 'a' })]],
    ['an UPDATE with every column seen', [inserted({ id: 1, body: 'b' }), updated({ body: 'c', id: 1 })]],
    ['an UPDATE with a column that is null', [inserted({ id: 1, body: 'b' }), updated({ id: 1, body: null })]],
    ['an UPDATE with a column that is new', [inserted({ id: 1 }), updated({ id: 1, body: 'b' })]],
    ['a DELETE with its whole row, none seen before', [deleted({ id: 1, title: 'a' })]],
    ['a DELETE with every column seen', [inserted({ id: 1, title: 'a' }), deleted({ id: 1, title: 'a' })]],
    ['a whole DELETE by a key it was not told', [inserted({ code: 'a', n: 1 }), deleted({ code: 'a', n: 1 })]],
    [
      'an UPDATE without a column that was dropped, as an INSERT has shown',
      [inserted({ id: 1, gone: 1 }), inserted({ id: 2 }), updated({ id: 1 })],
    ],
    ['a change with an empty list of errors', [change('INSERT', { new: { id: 1 }, errors: [] })]],
  ])('%s', (_, changes) => {
    expect(judge(changes)).toBe('complete')
  })
})

describe('what is answered by the catch-up keys', () => {
  it.each([
    ['a change with errors', [change('INSERT', { new: { id: 1 }, errors: ['Error 413'] })]],
    ['an INSERT without a record', [inserted({})]],
    ['an UPDATE without a record', [updated({})]],
    ['an UPDATE without a large value', [inserted({ id: 1, body: 'b' }), updated({ id: 1 })]],
    ['an UPDATE without a value that an UPDATE had', [updated({ id: 1, body: 'b' }), updated({ id: 1 })]],
    ['an UPDATE without a value that its own old row has', [updated({ id: 1 }, { id: 1, body: 'b' })]],
    ['an UPDATE with an undefined value', [inserted({ id: 1, body: 'b' }), updated({ id: 1, body: undefined })]],
    ['a DELETE with nothing at all', [deleted({})]],
    ['a DELETE with only its key', [deleted({ id: 1 })]],
    ['a DELETE with only its key, of a table without other columns', [inserted({ id: 1 }), deleted({ id: 1 })]],
    ['a DELETE by another index', [deleted({ code: 'a' })]],
    ['a DELETE by another index, its rows seen', [inserted({ id: 1, code: 'a', n: 1 }), deleted({ id: 1, code: 'a' })]],
    ['a DELETE by a key of two columns it was not told', [deleted({ user_id: 7, day: 1 })]],
    [
      'a DELETE by a key of two columns it was not told, its rows seen',
      [inserted({ user_id: 7, day: 1, n: 1 }), deleted({ user_id: 7, day: 1 })],
    ],
  ])('%s', (_, changes) => {
    expect(judge(changes)).toBe('incomplete')
  })

  it('a row with errors teaches nothing', () => {
    expect(judge([change('INSERT', { new: { id: 1, x: 1 }, errors: ['Error 413'] }), updated({ id: 1 })])).toBe(
      'complete',
    )
  })
})

describe('a table that tells what its handler needs', () => {
  it('gets DELETEs with its whole key, and no others', () => {
    const needs = { primaryKey: ['user_id', 'day'], keyOnlyDeletes: 'handle' } as const
    const seen = inserted({ user_id: 7, day: 1, n: 1 })
    expect(judge([seen, deleted({ user_id: 7, day: 1 })], needs)).toBe('complete')
    expect(judge([seen, deleted({ user_id: 7 })], needs)).toBe('incomplete')
    expect(judge([deleted({})], needs)).toBe('incomplete')
  })

  it('gets UPDATEs that lack others, and none that lack one of these, from the first on', () => {
    const needs = { needs: ['id', 'title'] }
    expect(judge([inserted({ id: 1, title: 'a', body: 'b' }), updated({ id: 1, title: 'a' })], needs)).toBe('complete')
    expect(judge([updated({ id: 1, body: 'b' })], needs)).toBe('incomplete')
    expect(judge([deleted({ id: 1, title: 'a' })], needs)).toBe('complete')
    expect(judge([deleted({ id: 1, body: 'b' })], needs)).toBe('incomplete')
    expect(judge([deleted({ id: 1 })], { needs: ['id'] })).toBe('incomplete')
  })
})

describe('a change that shows columns nobody had seen', () => {
  it('reveals that UPDATEs before it were not whole', () => {
    expect(judge([updated({ id: 1, n: 1 }), updated({ id: 2, n: 1, body: 'b' })])).toBe('revealing')
    expect(judge([updated({ id: 1, n: 1 }), inserted({ id: 2, n: 1, body: 'b' })])).toBe('revealing')
  })

  it('reveals nothing where rows were known to be whole, or the handler needs no more', () => {
    expect(judge([inserted({ id: 1 }), inserted({ id: 2, added: 1 })])).toBe('complete')
    expect(judge([updated({ id: 1 }), updated({ id: 1, body: 'b' })], { needs: ['id'] })).toBe('complete')
  })
})

it('no patch ever gets less than whole rows of its table have, and all whole rows reach it', () => {
  const columns = ['id', 'a', 'b', 'c', 'd']
  const rows = fc.subarray(columns, { minLength: 1 }).map((names) => Object.fromEntries(names.map((name) => [name, 1])))
  const whole = Object.fromEntries(columns.map((name) => [name, 1]))
  const later = fc.oneof(
    rows.map((row) => updated(row)),
    rows.map((row) => deleted(row)),
    fc.constant(inserted(whole)),
  )
  fc.assert(
    fc.property(fc.array(later), (changes) => {
      const shape = new RowShape()
      expect(shape.judge(inserted(whole), defaults)).toBe('complete')
      for (const one of changes) {
        const row = one.eventType === 'DELETE' ? one.old : one.new
        const isWhole = columns.every((name) => name in row)
        expect(shape.judge(one, defaults)).toBe(isWhole ? 'complete' : 'incomplete')
      }
    }),
  )
})

it('a table remembers no more columns than it can have', () => {
  const shape = new RowShape()
  for (let n = 0; n < 5_000; n += 1) shape.judge(updated({ [`column ${n}`]: 1 }), defaults)
  const one = Object.fromEntries(Array.from({ length: 1_600 }, (_, n) => [`column ${5_000 - n}`, 1]))
  expect(shape.judge(updated(one), defaults)).not.toBe('incomplete')
})
