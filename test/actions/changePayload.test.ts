import { describe, expect, it } from 'vitest'
import { readChange } from '../../src/actions/changePayload.ts'
import { filterColumns } from '../../src/actions/feedFilter.ts'

const payload = { schema: 'public', table: 'goals', eventType: 'UPDATE' }

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
})

it.each([
  ['a=eq.1,b=eq.2,c=eq.3', ['a', 'b', 'c']],
  ['a=eq.1, b =eq.2', ['a', 'b']],
  ['a=not.in.(x,(y),z),b=eq.1', ['a', 'b']],
])('the columns of the filter %s are %j', (filter, columns) => {
  expect(filterColumns(filter)).toEqual(columns)
})
