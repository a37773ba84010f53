import { describe, expect, it } from 'vitest'
import { RecentChanges } from '../../src/actions/changeIdentity.ts'

const rowOf = (row: object) => ({
  schema: 'public',
  table: 'goals',
  eventType: 'UPDATE' as const,
  new: { ...row },
  old: {},
  commitTimestamp: '2026-11-22T12:08:51.183Z',
  errors: null,
})

describe('a change that repeats the last one of its row', () => {
  it('is not looked for where a column of the key is missing or null: it may be of another row', () => {
    const recent = new RecentChanges()
    for (const row of [{ user_id: 7 }, { day: 1 }, { user_id: 7, day: null }]) {
      expect([1, 2].map(() => recent.isRepeated(rowOf(row), ['user_id', 'day']))).toEqual([false, false])
    }
  })

  it('is found however often another row changes: only what is remembered takes memory', () => {
    const recent = new RecentChanges()
    const text = 'x'.repeat(100_000)
    recent.isRepeated(rowOf({ id: 1 }), ['id'])
    for (let n = 0; n < 30; n += 1) expect(recent.isRepeated(rowOf({ id: 2, n, text }), ['id'])).toBe(false)
    expect(recent.isRepeated(rowOf({ id: 1 }), ['id'])).toBe(true)
  })
})
