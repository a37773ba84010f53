import fc from 'fast-check'
import { expect, it } from 'vitest'
import { defaultTiming, type Timing } from '../../src/actions/timing.ts'
import { capAt, drawJitter, dueAt } from '../../src/actions/window.ts'

const timing: fc.Arbitrary<Timing> = fc
  .record({ quietMs: fc.nat(500), maxWaitMs: fc.nat(2000), jitterMs: fc.nat(3000) })
  .map((given) => ({ ...defaultTiming, ...given }))

const moments = fc.tuple(fc.nat(10_000), fc.nat(5000)).map(([first, span]) => ({ first, last: first + span }))

it('nothing is due later than maxWaitMs after its first event, whatever the jitter', () => {
  fc.assert(
    fc.property(timing, moments, (given, { first, last }) => {
      expect(dueAt(first, last, given, drawJitter(given))).toBeLessThanOrEqual(first + given.maxWaitMs)
    }),
  )
})

it('without jitter it is due after the quiet time, or at the cap if that is sooner', () => {
  fc.assert(
    fc.property(timing, moments, (given, { first, last }) => {
      const exact = { ...given, jitterMs: 0 }
      expect(drawJitter(exact)).toBe(0)
      expect(dueAt(first, last, exact, 0)).toBe(Math.min(last + given.quietMs, first + given.maxWaitMs))
    }),
  )
})

it('a lone event is never due before the quiet time has passed, unless maxWaitMs is shorter', () => {
  fc.assert(
    fc.property(timing, fc.nat(10_000), (given, at) => {
      const due = dueAt(at, at, given, drawJitter(given))
      expect(due).toBeGreaterThanOrEqual(at + Math.min(given.quietMs, given.maxWaitMs))
    }),
  )
})

it('jitter stays within jitterMs and within what maxWaitMs leaves', () => {
  fc.assert(
    fc.property(timing, (given) => {
      const jitterMs = drawJitter(given)
      expect(jitterMs).toBeGreaterThanOrEqual(0)
      expect(jitterMs).toBeLessThanOrEqual(given.jitterMs)
      expect(jitterMs).toBeLessThanOrEqual(Math.max(0, given.maxWaitMs - given.quietMs))
    }),
  )
})

it('jitter spreads the cap of a steady stream as far as the windows of lone events', () => {
  const given = { ...defaultTiming, quietMs: 50, maxWaitMs: 200, jitterMs: 100 }
  expect(capAt(0, given, 0)).toBe(100)
  expect(capAt(0, given, 100)).toBe(200)
  expect(capAt(0, { ...given, jitterMs: 0 }, 0)).toBe(200)
})
