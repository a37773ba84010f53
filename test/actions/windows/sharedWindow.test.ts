import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createGate } from '../../../src/actions/gate.ts'
import { PendingQueue } from '../../../src/actions/pendingQueue.ts'
import { defaultTiming, type Timing } from '../../../src/actions/timing.ts'
import { capAt, drawJitter, dueAt } from '../../../src/actions/windows/deadlines.ts'
import { SharedWindow } from '../../../src/actions/windows/sharedWindow.ts'
import { changeOf } from '../../support/changeOf.ts'
import { wantsFor } from '../../../src/actions/wants.ts'

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
function windowOf(firstAtMs: number | undefined, { nowMs = 0, ...given }: { nowMs?: number } & Partial<Timing> = {}) {
  const queue = new PendingQueue({ value: 0 }, String)
  if (firstAtMs !== undefined) queue.add('goals', ['goals'], wantsFor.active, firstAtMs, false, undefined)
  const timing = { ...defaultTiming, quietMs: 50, maxWaitMs: 200, maxBufferedChanges: 2, ...given }
  const time = { nowMs }
  const port = {
    queue,
    timing,
    gate: createGate(),
    now: () => time.nowMs,
    isHeld: () => false,
    rootOf: ([root]: readonly unknown[]) => root,
  }
  return { time, queue, window: new SharedWindow(port) }
}

describe('the timer of a window', () => {
  it('runs until the event has been quiet', () => {
    expect(windowOf(5, { nowMs: 20 }).window.untilNext()).toBe(35)
  })

  it('fires at once when it is late', () => {
    expect(windowOf(5, { nowMs: 1000 }).window.untilNext()).toBe(0)
  })
})

describe('the gate, by which events pass the chart', () => {
  it('is shut until a chart opens it', () => {
    expect(createGate()).toEqual({ open: false, overdueAtMs: Infinity, maxBufferedChanges: Infinity })
  })

  it('lets events pass while something waits, until the oldest has waited as long as it may', () => {
    const { window } = windowOf(5)
    expect([window.mayPassBy(), window.overdueAtMs()]).toEqual([true, 205])
  })

  it('lets them pass until what was marked must be fetched, if that is sooner', () => {
    const { window } = windowOf(5)
    window.alsoDueAtMs = 90
    expect(window.overdueAtMs()).toBe(90)
  })

  it('lets none pass with nothing pending: the first event must reach the chart', () => {
    expect(windowOf(undefined).window.mayPassBy()).toBe(false)
  })
})

describe('what waits in a window', () => {
  it('is due after quiet, or after the longest wait, and overdue only after that', () => {
    const { time, queue, window } = windowOf(0)
    const look = (): unknown[] => [window.due()?.reason, window.isOverdue()]
    time.nowMs = 49
    expect(look()).toEqual([undefined, false])
    time.nowMs = 50
    expect(look()).toEqual(['quiet', false])
    for (const at of [40, 80, 120, 160, 199]) queue.add('goals', ['goals'], wantsFor.active, at, false, undefined)
    time.nowMs = 199
    expect(look()).toEqual([undefined, false])
    time.nowMs = 200
    expect(look()).toEqual(['maxWait', true])
  })

  it('is overdue as soon as the buffer is full', () => {
    const { queue, window } = windowOf(0)
    const change = () => queue.bufferChange(changeOf('goals'), () => ({}), 0)
    change()
    expect(window.isOverdue()).toBe(false)
    change()
    expect([window.isOverdue(), window.due()]).toEqual([true, { reason: 'maxWait' }])
  })

  it('is answered at once only under leading, and only at the start of a burst', () => {
    expect(windowOf(0).window.dueAtOnce([], false)).toBeUndefined()
    const { window } = windowOf(0, { leading: true })
    expect(window.dueAtOnce([], false)).toEqual({ reason: 'leading' })
    expect(window.dueAtOnce([], true)).toBeUndefined()
    expect(windowOf(undefined, { leading: true }).window.dueAtOnce([], false)).toBeUndefined()
  })
})

it.each([
  ['leading', true, true],
  ['maxWait', true, true],
  ['quiet', true, false],
  ['urgent', true, false],
  ['manual', true, false],
  ['maxWait', false, false],
] as const)('after a flush for %s, with leading %s, the burst is open until it is quiet: %s', (reason, leading, is) => {
  const { time, queue, window } = windowOf(0, { leading })
  window.take({ reason })
  queue.takeKeys()
  time.nowMs = 49
  window.look()
  expect([window.isOpen(), window.isOver()]).toEqual([is, false])
  time.nowMs = 50
  expect([window.isOver(), window.due()]).toEqual([true, undefined])
  window.look()
  expect(window.isOpen()).toBe(false)
})
