import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { createGate } from '../../../src/actions/gate.ts'
import { KeyWindows } from '../../../src/actions/windows/keyWindows.ts'
import type { Change } from '../../../src/actions/types.ts'
import type { Due } from '../../../src/actions/windows/windows.ts'
import { PendingQueue } from '../../../src/actions/pendingQueue.ts'
import { type Timing, defaultTiming } from '../../../src/actions/timing.ts'

const wants = { fetchActive: true, fetchInactive: false }
const timing: Timing = { ...defaultTiming, quietMs: 50, maxWaitMs: 200 }

function setup(given: Timing = timing) {
  const time = { nowMs: 0 }
  const queue = new PendingQueue({ value: 0 }, String)
  const port = {
    queue,
    timing: given,
    gate: createGate(),
    now: () => time.nowMs,
    isHeld: () => false,
    rootOf: ([root]: readonly unknown[]) => root,
  }
  const event = (id: string): string => queue.add(queue.idOf([id], false), [id], wants, time.nowMs, false, undefined).id
  const watch = (windows: KeyWindows): KeyWindows => {
    queue.watcher = windows
    return windows
  }
  return { time, queue, event, watch, windows: watch(new KeyWindows(port)), port }
}

/** What the chart does at a look at the clock. */
function lookAt(windows: KeyWindows): Due | undefined {
  const due = windows.due()
  expect(windows.due()).toEqual(due)
  if (due) windows.take(due)
  else windows.look()
  return due
}

/** What the chart does at an event. */
function leadWith(windows: KeyWindows, id: string): readonly string[] {
  const due = windows.dueAtOnce([id])
  if (due) windows.take(due)
  return due?.keyIds ?? []
}

const takeDue = (windows: KeyWindows): readonly string[] => lookAt(windows)?.keyIds ?? []

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('event' as const), id }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('advance' as const), ms: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('flushOne' as const), id }) },
)

it('the keys due are those whose own quiet time or own maxWaitMs has passed, at any moment', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const { time, queue, event, windows } = setup()
      const open = new Map<string, { first: number; last: number }>()
      for (const one of steps) {
        if (one.type === 'advance') time.nowMs += one.ms
        else if (one.type === 'event') {
          const id = event(one.id)
          const first = open.get(id)?.first ?? time.nowMs
          open.set(id, { first, last: time.nowMs })
        } else {
          const id = queue.idOf([one.id], false)
          queue.takeKeys([id])
          open.delete(id)
        }
        const dueOf = ({ first, last }: { first: number; last: number }): number => Math.min(last + 50, first + 200)
        const earliest = Math.min(...[...open.values()].map(dueOf))
        expect(windows.untilNext()).toBeLessThanOrEqual(Math.max(0, earliest - time.nowMs))
        const expected = [...open].filter(([, key]) => dueOf(key) <= time.nowMs).map(([id]) => id)
        const keyIds = takeDue(windows)
        expect(keyIds.toSorted()).toEqual(expected.toSorted())
        queue.takeKeys(keyIds)
        for (const id of keyIds) open.delete(id)
        expect(windows.isOpen()).toBe(open.size > 0)
        expect(windows.due()).toBeUndefined()
      }
    }),
    { numRuns: 500 },
  )
})

it('a key is due for maxWait only if all that are due have waited that long', () => {
  const { time, event, windows } = setup()
  event('a')
  for (time.nowMs = 40; time.nowMs < 200; time.nowMs += 40) event('a')
  time.nowMs = 200
  expect(lookAt(windows)).toEqual({ keyIds: ['a,'], reason: 'maxWait' })
  expect(lookAt(windows)).toBeUndefined()
})

it('a key that is quiet is due for quiet, also beside one that is due for maxWait', () => {
  const { time, event, windows } = setup()
  event('a')
  for (time.nowMs = 40; time.nowMs < 200; time.nowMs += 40) event('a')
  time.nowMs = 150
  event('b')
  time.nowMs = 200
  expect(lookAt(windows)).toEqual({ keyIds: ['a,', 'b,'], reason: 'quiet' })
})

it('a key is due from the moment its window ends, and no moment before', () => {
  const { time, event, windows } = setup()
  const look = (): unknown[] => [windows.isOverdue(), windows.due() !== undefined, windows.untilNext()]
  expect(look()).toEqual([false, false, 0])
  event('a')
  time.nowMs = 49
  expect(look()).toEqual([false, false, 1])
  time.nowMs = 50
  expect(look()).toEqual([true, true, 0])
  time.nowMs = 99
  expect(look()).toEqual([true, true, 0])
})

it('a key that needs no quiet is due at once, but not overdue in the turn in which it came', () => {
  const { time, event, windows } = setup({ ...timing, quietMs: 0 })
  event('a')
  windows.look()
  expect([windows.isOverdue(), windows.due()?.keyIds]).toEqual([false, ['a,']])
  time.nowMs = 1
  expect(windows.isOverdue()).toBe(true)
})

it('an urgent flush of one key takes no other key out of its window, due or not', () => {
  const { time, event, windows } = setup()
  const due = event('a')
  time.nowMs = 50
  const urgent = event('b')
  windows.take(windows.dueUrgently([urgent]))
  expect(takeDue(windows)).toEqual([due])
})

it.each([true, false])(
  'after a flush for maxWait, with leading %s, its burst goes on only under leading',
  (leading) => {
    const { time, queue, event, windows } = setup({ ...timing, leading })
    const id = event('a')
    for (time.nowMs = 40; time.nowMs < 200; time.nowMs += 40) event('a')
    time.nowMs = 200
    expect(takeDue(windows)).toEqual([id])
    queue.takeKeys([id])
    expect(windows.isOpen()).toBe(leading)
    event('a')
    expect(windows.dueAtOnce([id])).toBeUndefined()
  },
)

it('keys flushed before their time wake nobody, once they are most of what is watched', () => {
  const { time, queue, event, windows } = setup()
  for (let id = 0; id < 100; id += 1) event(`k${id}`)
  expect(windows.untilNext()).toBe(50)
  queue.takeKeys()
  time.nowMs = 40
  event('a')
  expect(windows.untilNext()).toBe(50)
  time.nowMs = 90
  expect(takeDue(windows)).toEqual(['a,'])
})

it('forgetting flushed keys forgets no key that waits and no burst whose end is awaited', () => {
  const { time, queue, event, windows } = setup({ ...timing, leading: true })
  queue.takeKeys(leadWith(windows, event('a')))
  const waiting = event('waiting')
  expect(windows.untilNext()).toBe(50)
  const flushed = Array.from({ length: 100 }, (_, id) => event(`k${id}`))
  expect(windows.isOpen()).toBe(true)
  queue.takeKeys(flushed)
  time.nowMs = 10
  const last = event('b')
  time.nowMs = 50
  expect(takeDue(windows)).toEqual([waiting])
  queue.takeKeys([waiting])
  time.nowMs = 60
  expect(takeDue(windows)).toEqual([last])
  queue.takeKeys([last])
  expect(windows.isOpen()).toBe(false)
})

it('a key reaches the chart if it is due before the timer fires, because its change is older, and only then', () => {
  const { queue, time, event, windows, port } = setup()
  time.nowMs = 100
  event('a')
  windows.begin()
  port.gate.open = true
  time.nowMs = 110
  event('b')
  const read = { change: {} as Change, handler: () => ({}), seq: 1, moment: undefined }
  queue.addFromChange(['c'], wants, { ...read, atMs: 105 }, 'c')
  expect([port.gate.open, windows.isSooner()]).toEqual([true, false])
  queue.addFromChange(['d'], wants, { ...read, atMs: 95 }, 'd')
  expect([port.gate.open, windows.isSooner()]).toEqual([false, true])
  expect(windows.untilNext()).toBe(35)
})

it('a key reaches the chart if it is due before the timer fires, because its jitter is less, and only then', () => {
  const random = vi.spyOn(Math, 'random').mockReturnValueOnce(0.5).mockReturnValueOnce(0.6).mockReturnValueOnce(0.4)
  const { event, windows, port } = setup({ ...timing, jitterMs: 100 })
  event('a')
  windows.begin()
  port.gate.open = true
  event('b')
  expect(port.gate.open).toBe(true)
  event('c')
  expect(port.gate.open).toBe(false)
  expect(windows.untilNext()).toBe(90)
  random.mockRestore()
})

it('a key flushed before anybody asked when it is due has no window, one that waits on or comes again has', () => {
  const { time, queue, event, windows } = setup()
  const a = event('a')
  time.nowMs = 10
  const b = event('b')
  windows.take(windows.dueUrgently([a]))
  queue.takeKeys([a])
  windows.rest()
  expect(windows.untilNext()).toBe(50)
  time.nowMs = 20
  event('a')
  windows.take({ reason: 'manual' })
  queue.takeKeys()
  windows.rest()
  time.nowMs = 30
  event('b')
  expect(windows.untilNext()).toBe(50)
  time.nowMs = 79
  expect(takeDue(windows)).toEqual([])
  time.nowMs = 80
  expect(takeDue(windows)).toEqual([b])
})

it('keys that wait when the windows open keep the time they were first seen', () => {
  const { time, event, port, watch } = setup()
  event('a')
  time.nowMs = 30
  const windows = watch(new KeyWindows(port))
  expect(windows.untilNext()).toBe(20)
  time.nowMs = 50
  expect(takeDue(windows)).toEqual(['a,'])
})

it('the first event of a burst leads, later ones do not, until the key has been quiet', () => {
  const { time, queue, event, windows } = setup({ ...timing, leading: true })
  const lead = (id: string): readonly string[] => {
    const led = leadWith(windows, event(id))
    queue.takeKeys(led)
    return led
  }
  expect(lead('a')).toEqual(['a,'])
  expect(lead('a')).toEqual([])
  expect(lead('b')).toEqual(['b,'])
  time.nowMs = 50
  queue.takeKeys(takeDue(windows))
  expect(windows.isOpen()).toBe(false)
  expect(lead('a')).toEqual(['a,'])
})

it('the oldest key tells when something is overdue', () => {
  const { time, event, windows } = setup()
  expect(windows.overdueAtMs()).toBe(Infinity)
  time.nowMs = 7
  event('a')
  time.nowMs = 100
  event('b')
  expect(windows.overdueAtMs()).toBe(207)
})

it('10 000 keys are taken in one go, in a time that does not grow with their square', () => {
  const { time, event, windows, queue } = setup()
  for (let id = 0; id < 10_000; id += 1) event(`k${id}`)
  expect(windows.untilNext()).toBe(50)
  time.nowMs = 50
  expect(takeDue(windows)).toHaveLength(10_000)
  expect(queue.size).toBe(10_000)
})
