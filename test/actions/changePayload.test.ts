import { describe, expect, it } from 'vitest'
import { type HandlerNeeds, isComplete, readChange } from '../../src/actions/changePayload.ts'
import { filterColumns } from '../../src/actions/feedFilter.ts'

const payload = { schema: 'public', table: 'goals', eventType: 'UPDATE' }
const byId: HandlerNeeds = { primaryKey: ['id'], keyOnlyDeletes: 'catchUp' }

describe('a change read from a payload', () => {
  it.each([undefined, null])('has {} for a row that is %s, and no commit time and no errors where they are', (none) => {
    expect(readChange({ ...payload, new: none, old: none, commit_timestamp: none, errors: none })).toEqual({
      ...payload,
      new: {},
      old: {},
      commitTimestamp: null,
      errors: null,
    })
  })

  it('has the rows, the commit time and the errors that came', () => {
    const commit_timestamp = '2026-11-22T12:08:51.183Z'
    const came = { ...payload, new: { id: 1, n: 2 }, old: { id: 1 }, commit_timestamp, errors: ['Error 413', 401] }
    expect(readChange(came)).toEqual({
      ...payload,
      new: { id: 1, n: 2 },
      old: { id: 1 },
      commitTimestamp: commit_timestamp,
      errors: ['Error 413', '401'],
    })
  })

  it('has no error where the feed says none in a text', () => {
    expect(readChange({ ...payload, errors: '' }).errors).toBeNull()
    expect(readChange({ ...payload, errors: 'Error 413' }).errors).toEqual(['Error 413'])
  })

  it('is complete with an empty list of errors, and not with one of them', () => {
    const change = readChange({ ...payload, new: { id: 1 } })
    expect(isComplete(change, byId)).toBe(true)
    expect(isComplete({ ...change, errors: [] }, byId)).toBe(true)
    expect(isComplete({ ...change, errors: ['Error 413'] }, byId)).toBe(false)
    expect(isComplete({ ...change, new: {} }, byId)).toBe(false)
  })

  it('is complete as a DELETE with more than its key, or with the whole key for a handler that needs no more', () => {
    const needs: HandlerNeeds = { primaryKey: ['user_id', 'day'], keyOnlyDeletes: 'handle' }
    const deleted = (old: object) => readChange({ ...payload, eventType: 'DELETE', old })
    expect(isComplete(deleted({ user_id: 7, day: 1 }), needs)).toBe(true)
    expect(isComplete(deleted({ user_id: 7 }), needs)).toBe(false)
    expect(isComplete(deleted({}), needs)).toBe(false)
    expect(isComplete(deleted({ user_id: 7, day: 1 }), { ...needs, keyOnlyDeletes: 'catchUp' })).toBe(false)
    expect(isComplete(deleted({ user_id: 7, title: 'a' }), { ...needs, keyOnlyDeletes: 'catchUp' })).toBe(true)
  })
})

it.each([
  ['a=eq.1,b=eq.2,c=eq.3', ['a', 'b', 'c']],
  ['a=eq.1, b =eq.2', ['a', 'b']],
  ['a=not.in.(x,(y),z),b=eq.1', ['a', 'b']],
])('the columns of the filter %s are %j', (filter, columns) => {
  expect(filterColumns(filter)).toEqual(columns)
})
