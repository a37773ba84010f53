import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createGate } from '../../src/actions/gate.ts'
import { PendingQueue } from '../../src/actions/pendingQueue.ts'
import { defaultTiming, type Timing } from '../../src/actions/timing.ts'
import { capAt, drawJitter, dueAt, openWindowGate, untilWindowDue } from '../../src/actions/window.ts'
import { wantsFor } from '../../src/actions/wants.ts'

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

/** A window whose only event came at `firstAtMs`; `undefined` for none. */
function windowOf(firstAtMs: number | undefined, { isHeld = false, refetchDueAtMs = Infinity, nowMs = 0 } = {}) {
  const queue = new PendingQueue({ value: 0 }, String)
  if (firstAtMs !== undefined) queue.add('goals', ['goals'], wantsFor.active, firstAtMs, false, undefined)
  const given = { ...defaultTiming, quietMs: 50, maxWaitMs: 200, jitterMs: 30, maxBufferedChanges: 7 }
  const port = { queue, timing: given, gate: createGate(), now: () => nowMs, isHeld: () => isHeld }
  return { port, jitterMs: 10, refetchDueAtMs }
}

describe('the timer of a window', () => {
  it('runs until quiet and jitter have passed', () => {
    expect(untilWindowDue(windowOf(5, { nowMs: 20 }))).toBe(45)
  })

  it('fires at once when it is late', () => {
    expect(untilWindowDue(windowOf(5, { nowMs: 1000 }))).toBe(0)
  })
})

describe('the gate, by which events pass the chart', () => {
  it('is shut until a chart opens it', () => {
    expect(createGate()).toEqual({ open: false, overdueAtMs: Infinity, maxBufferedChanges: Infinity })
  })

  it('is open while something waits, until the oldest event has waited as long as it may, or the buffer is full', () => {
    const window = windowOf(5)
    openWindowGate(window)
    expect(window.port.gate).toEqual({ open: true, overdueAtMs: 185, maxBufferedChanges: 7 })
  })

  it('is open until what was marked must be fetched, if that is sooner', () => {
    const window = windowOf(5, { refetchDueAtMs: 90 })
    openWindowGate(window)
    expect(window.port.gate.overdueAtMs).toBe(90)
  })

  it('is open for as long as the page is hidden', () => {
    const window = windowOf(5, { isHeld: true, refetchDueAtMs: 90 })
    openWindowGate(window)
    expect(window.port.gate).toMatchObject({ open: true, overdueAtMs: Infinity })
  })

  it('is shut with nothing pending: the first event must reach the chart', () => {
    const window = windowOf(undefined)
    openWindowGate(window)
    expect(window.port.gate.open).toBe(false)
  })
})
