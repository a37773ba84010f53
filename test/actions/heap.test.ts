import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Heap } from '../../src/actions/heap.ts'

const takeAll = (heap: Heap<number>): number[] => {
  const taken: number[] = []
  for (let next = heap.first; next !== undefined; next = heap.first) {
    taken.push(next)
    heap.pop()
  }
  return taken
}

const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b)

describe('a heap', () => {
  it('gives out what was put in, in order, however puts and takes mix', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant('take' as const)), { maxLength: 60 })
    fc.assert(
      fc.property(steps, (all) => {
        const heap = new Heap<number>((a, b) => a < b)
        let held: number[] = []
        for (const step of all) {
          if (step === 'take') {
            heap.pop()
            held = ascending(held).slice(1)
          } else {
            heap.push(step)
            held.push(step)
          }
          expect(heap.size).toBe(held.length)
          expect(heap.first).toBe(ascending(held)[0])
        }
        expect(takeAll(heap)).toEqual(ascending(held))
      }),
      { numRuns: 300 },
    )
  })

  it('shows what comes out up to a limit, and keeps it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.nat(20), (numbers, limit) => {
        const heap = new Heap<number>((a, b) => a < b)
        for (const number of numbers) heap.push(number)
        expect(ascending([...heap.upTo((one) => one <= limit)])).toEqual(
          ascending(numbers.filter((one) => one <= limit)),
        )
        expect(takeAll(heap)).toEqual(ascending(numbers))
      }),
    )
  })

  it('keeps its order when only some are kept', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 40 }), (numbers) => {
        const heap = new Heap<number>((a, b) => a < b)
        for (const number of numbers) heap.push(number)
        heap.keep((number) => number % 3 === 0)
        expect(takeAll(heap)).toEqual(ascending(numbers.filter((number) => number % 3 === 0)))
      }),
      { numRuns: 100 },
    )
  })

  it('is empty once cleared', () => {
    const heap = new Heap<number>((a, b) => a < b)
    heap.push(1)
    heap.clear()
    expect([heap.size, heap.first]).toEqual([0, undefined])
  })
})
