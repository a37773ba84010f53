import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Demand, addToDemand, createDemand, judge } from '../../src/actions/flushPlan.ts'
import { PendingQueue } from '../../src/actions/pendingQueue.ts'
import { wantsOf } from '../../src/actions/wants.ts'

const demand: fc.Arbitrary<Demand> = fc
  .record({
    keys: fc.nat(3),
    seen: fc.constant(undefined),
    markSeq: fc.nat(5),
    fetchActiveSeq: fc.nat(5),
    fetchInactiveSeq: fc.nat(5),
    fetchActiveEvents: fc.nat(9),
    fetchInactiveEvents: fc.nat(9),
  })
  // Every event marks.
  .map((one) => ({ ...one, markSeq: Math.max(one.markSeq, one.fetchActiveSeq, one.fetchInactiveSeq) }))

describe('judge', () => {
  it('fetches exactly if an event that asks for it is newer than the latest start', () => {
    fc.assert(
      fc.property(demand, fc.boolean(), fc.boolean(), fc.nat(6), (given, isActive, isFetchable, startedAt) => {
        const { effect } = judge(given, isActive, isFetchable, startedAt)
        const seq = isActive ? given.fetchActiveSeq : given.fetchInactiveSeq
        expect(effect === 'fetch').toBe(isFetchable && seq > startedAt)
      }),
    )
  })

  it('never fetches what cannot be fetched, and never marks what is newer than all events', () => {
    fc.assert(
      fc.property(demand, fc.boolean(), fc.boolean(), fc.nat(6), (given, isActive, isFetchable, startedAt) => {
        const verdict = judge(given, isActive, isFetchable, startedAt)
        const expected = given.markSeq === 0 ? 'none' : startedAt >= given.markSeq ? 'fresh' : undefined
        expect(['none', 'fresh'].includes(verdict.effect) ? verdict.effect : undefined).toBe(expected)
        expect(verdict.fetchSeq === 0 || isFetchable).toBe(true)
        expect(verdict.ifShownSeq).toBe(isActive ? 0 : given.fetchActiveSeq)
      }),
    )
  })

  it('counts no fetches where none is asked for', () => {
    fc.assert(
      fc.property(demand, fc.boolean(), fc.nat(6), (given, isActive, startedAt) => {
        expect(judge(given, isActive, false, startedAt).fetchEvents).toBe(0)
      }),
    )
  })
})

it('a demand is the newest of each effect, and the sum of the events, over all keys', () => {
  const queue = new PendingQueue({ value: 0 }, String)
  const add = (key: string, event: Parameters<typeof wantsOf>[0]): void => {
    queue.add(queue.idOf([key], false), [key], wantsOf(event), 0, false, undefined)
  }
  add('a', { type: 'INVALIDATE', queryKeys: [] })
  add('b', { type: 'INVALIDATE', queryKeys: [], refetchType: 'inactive' })
  add('a', { type: 'INVALIDATE', queryKeys: [], refetchType: 'none' })
  add('b', { type: 'REFETCH', queryKeys: [], queryType: 'all' })
  const total = createDemand()
  for (const key of queue.keys.values()) addToDemand(total, key)
  expect(total).toEqual({
    keys: 2,
    markSeq: 4,
    fetchActiveSeq: 4,
    fetchInactiveSeq: 4,
    fetchActiveEvents: 2,
    fetchInactiveEvents: 2,
  })
})

it.each([
  ['active', true, false],
  ['inactive', false, true],
  ['all', true, true],
  ['none', false, false],
  [undefined, true, false],
] as const)('refetchType %s fetches active: %s, inactive: %s', (refetchType, fetchActive, fetchInactive) => {
  expect(wantsOf({ type: 'INVALIDATE', queryKeys: [], refetchType })).toEqual({
    fetchActive,
    fetchInactive,
  })
})

it('a demand keeps the newest event of all its keys for each thing they ask for, in whatever order they come', () => {
  const seqs = fc.record({
    markSeq: fc.nat(5),
    fetchActiveSeq: fc.nat(5),
    fetchInactiveSeq: fc.nat(5),
    fetchActiveEvents: fc.nat(5),
    fetchInactiveEvents: fc.nat(5),
  })
  const blank = new PendingQueue({ value: 0 }, String).restore(['goals'], 0)
  fc.assert(
    fc.property(fc.array(seqs, { minLength: 1, maxLength: 5 }), (all) => {
      const total = createDemand()
      for (const one of all) addToDemand(total, { ...blank, ...one })
      const newest = (name: keyof (typeof all)[number]): number => Math.max(...all.map((one) => one[name]))
      const sum = (name: keyof (typeof all)[number]): number => all.reduce((count, one) => count + one[name], 0)
      expect(total).toEqual({
        keys: all.length,
        markSeq: newest('markSeq'),
        fetchActiveSeq: newest('fetchActiveSeq'),
        fetchInactiveSeq: newest('fetchInactiveSeq'),
        fetchActiveEvents: sum('fetchActiveEvents'),
        fetchInactiveEvents: sum('fetchInactiveEvents'),
      })
    }),
  )
})
