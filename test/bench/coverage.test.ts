import { beforeEach, describe, expect, it } from 'vitest'
import { Coverage } from '../../bench/support/coverage.ts'
import { percentile } from '../../bench/support/measure.ts'

describe('the answer to a request', () => {
  let coverage: Coverage
  beforeEach(() => {
    coverage = new Coverage()
  })

  it('covers the changes that had arrived when it started, each once', () => {
    coverage.arrive('goals', 1000)
    coverage.arrive('goals', 1001)
    coverage.start('goals')
    expect(coverage.answer('goals')).toEqual([1000, 1001])
    expect(coverage.answer('goals')).toEqual([])
  })

  it('leaves a change that arrived while it was under way to the next', () => {
    coverage.start('goals')
    coverage.arrive('goals', 1000)
    expect(coverage.answer('goals')).toEqual([])
    coverage.start('goals')
    expect(coverage.answer('goals')).toEqual([1000])
  })

  it('covers nothing when another request has replaced it, also when it comes last', () => {
    coverage.arrive('goals', 1000)
    const replaced = coverage.start('goals')
    const latest = coverage.start('goals')
    expect(coverage.answer('goals', replaced)).toEqual([])
    expect(coverage.answer('goals', latest)).toEqual([1000])
    coverage.arrive('goals', 1001)
    expect(coverage.answer('goals', replaced)).toEqual([])
  })

  it('covers nothing of other queries', () => {
    coverage.arrive('partners', 1000)
    coverage.start('goals')
    expect(coverage.answer('goals')).toEqual([])
    expect(coverage.answer('partners')).toEqual([])
  })
})

describe('a percentile', () => {
  it.each([
    [[7], 0.5, 7],
    [[3, 1, 2], 0.5, 2],
    [[1, 2, 3, 4], 0.5, 3],
    [Array.from({ length: 100 }, (_, i) => i), 0.99, 99],
    [[1, 2, 300], 0.99, 300],
    [[10, 9, 1.4], 0, 1],
  ])('of %j at %d is %d', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected)
  })

  it('leaves the values in their order', () => {
    const values = [3, 1, 2]
    percentile(values, 0.5)
    expect(values).toEqual([3, 1, 2])
  })

  it('of nothing is refused', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError)
  })
})
