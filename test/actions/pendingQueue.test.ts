import { hashKey } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import {
  type Asks,
  MAX_MOMENTS,
  MAX_SOURCES,
  type Moment,
  type PendingKey,
  addSeen,
  createAsks,
  describeKey,
} from '../../src/actions/pendingKey.ts'
import { PendingQueue } from '../../src/actions/pendingQueue.ts'
import { changeOf } from '../support/changeOf.ts'

const wants = { fetchActive: true, fetchInactive: false }
const change = changeOf('goals')
const handler = (): object => ({})

function setup() {
  const clock = { value: 0 }
  const queue = new PendingQueue(clock, hashKey)
  const add = (queryKey: unknown[], atMs: number, exact = false, source?: string) =>
    queue.add(queue.idOf(queryKey, exact), queryKey, wants, atMs, exact, source)
  return { clock, queue, add }
}

describe('a pending key', () => {
  it('keeps its first time, its last time, its newest event and its sources', () => {
    const { queue, add } = setup()
    add(['goals'], 10, false, 'a')
    add(['goals'], 30, false, 'b')
    const key = add(['goals'], 20, false, 'a')
    expect(queue.size).toBe(1)
    expect(key).toMatchObject({ firstAtMs: 10, lastAtMs: 30, events: 3, fetchActiveSeq: 3, fetchInactiveSeq: 0 })
    expect(describeKey(key)).toEqual({ queryKey: ['goals'], events: 3, sources: ['a', 'b'] })
    expect(queue.eventsReceived).toBe(3)
  })

  it(`keeps ${MAX_SOURCES} sources and counts on`, () => {
    const { queue, add } = setup()
    for (let event = 0; event < 500; event += 1) add(['goals'], 0, false, `s${event}`)
    const [key] = queue.takeKeys()
    expect(key && describeKey(key).sources).toHaveLength(50)
    expect(key?.events).toBe(500)
  })

  it('an exact key is one with those that hash alike, and never with a prefix', () => {
    const { queue, add } = setup()
    add(['goals', { a: 1, b: undefined }], 0, true)
    add(['goals', { a: 1 }], 0, true)
    add(['goals', { a: 1 }], 0, false)
    expect(queue.size).toBe(2)
  })
})

describe('what changes that fetches may have seen ask for', () => {
  const open = (): Moment => ({ seenSince: undefined, wasOpen: true })
  /** What is asked in all of a query whose latest fetch started at a time. */
  const asksOf = ([key]: readonly PendingKey[], seenAt: number): Asks => {
    const asks = { ...(key ?? createAsks()) }
    if (key?.moments) addSeen(asks, [key.moments], seenAt)
    return asks
  }

  it('counts from when a fetch has seen them, as far as that is known when they are judged', () => {
    const { clock, queue } = setup()
    const [known, unknown, later] = [open(), open(), open()]
    clock.value = 10
    const add = (moment?: Moment) => queue.add('g', ['goals'], wants, 0, false, undefined, moment)
    add(known)
    add(unknown)
    known.seenSince = 3
    add(later)
    later.seenSince = 99
    const both = { fetchActiveSeq: 13, markSeq: 13, fetchActiveEvents: 3, events: 3 }
    expect(asksOf(queue.takeKeys(), 20)).toMatchObject(both)
    add(known)
    later.seenSince = 5
    add(later)
    const taken = queue.takeKeys()
    expect(asksOf(taken, 5)).toMatchObject({ fetchActiveSeq: 5, fetchActiveEvents: 2, events: 2 })
    expect(asksOf(taken, 4)).toMatchObject({ fetchActiveSeq: 15, fetchActiveEvents: 2 })
    expect(asksOf(taken, -1)).toMatchObject({ fetchActiveSeq: 15, fetchActiveEvents: 2 })
  })

  it('is one fetch where each is known as it comes, and none once another event or a fetch has seen them', () => {
    const { clock, queue } = setup()
    clock.value = 10
    const add = (seenSince?: number) =>
      queue.add('g', ['goals'], wants, 0, false, undefined, seenSince ? { seenSince, wasOpen: false } : undefined)
    add(8)
    add(8)
    const taken = queue.takeKeys()
    expect(asksOf(taken, 7)).toMatchObject({ fetchActiveSeq: 12, fetchActiveEvents: 1 })
    expect(asksOf(taken, 8)).toMatchObject({ fetchActiveSeq: 8, fetchActiveEvents: 0 })
    add()
    add(12)
    expect(asksOf(queue.takeKeys(), 0)).toMatchObject({ fetchActiveSeq: 14, fetchActiveEvents: 1, events: 2 })
  })

  it(`is kept apart for ${MAX_MOMENTS} of them, and is of now for the others`, () => {
    const { queue } = setup()
    const moments = Array.from({ length: MAX_MOMENTS + 1 }, open)
    const add = (moment: Moment) => queue.add('g', ['goals'], wants, 0, false, undefined, moment)
    for (const moment of moments) for (let row = 0; row < 20; row += 1) add(moment)
    const taken = queue.takeKeys()
    expect(taken[0]?.moments?.size).toBe(MAX_MOMENTS)
    for (const moment of moments) moment.seenSince = 1
    const newest = 20 * moments.length
    expect(asksOf(taken, 1)).toMatchObject({ fetchActiveSeq: newest, fetchActiveEvents: newest, events: newest })
  })

  it('is told late of a change that is read late', () => {
    const { clock, queue } = setup()
    const moment = open()
    clock.value = 10
    queue.bufferChange(change, handler, 5, moment)
    const [buffered] = queue.takeChanges()
    if (buffered) queue.addFromChange(['a'], wants, buffered, 'goals:INSERT')
    moment.seenSince = 4
    expect(asksOf(queue.takeKeys(), 4)).toMatchObject({ fetchActiveSeq: 4 })
  })
})

describe('the oldest event', () => {
  it('is that of the oldest key or change that still waits', () => {
    const { queue, add } = setup()
    expect(queue.oldestAtMs).toBe(Infinity)
    add(['a'], 10)
    queue.bufferChange(change, handler, 5)
    add(['b'], 20)
    expect(queue.oldestAtMs).toBe(5)
    queue.takeChanges()
    expect(queue.oldestAtMs).toBe(10)
    queue.takeKeys([queue.idOf(['a'], false)])
    expect(queue.oldestAtMs).toBe(20)
    queue.takeKeys()
    expect([queue.oldestAtMs, queue.size]).toEqual([Infinity, 0])
  })

  it('is a change also when keys are taken or forgiven beside it', () => {
    const { queue, add } = setup()
    queue.bufferChange(change, handler, 5)
    queue.bufferChange(change, handler, 7)
    expect(queue.oldestAtMs).toBe(5)
    add(['a'], 10)
    queue.takeKeys()
    expect(queue.oldestAtMs).toBe(5)
    queue.forgive(100, 200)
    expect(queue.oldestAtMs).toBe(105)
  })

  it('counts a key of a buffered change from the change, also when the key waits already', () => {
    const { queue, add } = setup()
    queue.bufferChange(change, handler, 5)
    const [buffered] = queue.takeChanges()
    const key = add(['a'], 10)
    if (buffered) queue.addFromChange(['a'], wants, buffered, 'goals:INSERT')
    expect(key).toMatchObject({ firstAtMs: 5, lastAtMs: 10, fetchActiveSeq: 2 })
    expect(queue.oldestAtMs).toBe(5)
  })
})

it('time that is forgiven does not count as waiting: before the pause, during it and for changes', () => {
  const { queue, add } = setup()
  const before = add(['before'], 10)
  const during = add(['during'], 150)
  queue.bufferChange(change, handler, 120)
  queue.forgive(100, 1100)
  expect(1100 - before.firstAtMs).toBe(90)
  expect(1100 - during.firstAtMs).toBe(0)
  expect(queue.changes.map(({ atMs }) => 1100 - atMs)).toEqual([0])
  expect(queue.oldestAtMs).toBe(before.firstAtMs)
})

it('changes are taken in arrival order, once', () => {
  const { queue } = setup()
  const changes = [1, 2, 3].map((id) => changeOf('goals', id))
  for (const one of changes) queue.bufferChange(one, handler, 0)
  expect(queue.takeChanges().map((buffered) => buffered.change)).toEqual(changes)
  expect(queue.takeChanges()).toEqual([])
})

it('a watcher is told of each key that becomes pending, and then of each event', () => {
  const { queue, add } = setup()
  const told: string[] = []
  queue.watcher = {
    noteKey: ({ id, firstAtMs }) => void told.push(`${id} at ${firstAtMs}`),
    noteEvent: ({ id, events }, atMs) => void told.push(`${id} ${events} at ${atMs}`),
  }
  add(['a'], 0)
  add(['a'], 1)
  queue.takeKeys()
  add(['a'], 2)
  queue.restore(['b'], 3)
  queue.watcher = {}
  add(['c'], 4)
  expect(told).toEqual(['a, at 0', 'a, 1 at 0', 'a, 2 at 1', 'a, at 2', 'a, 1 at 2', ':!["b"] at 3'])
})

it('only keys that wait are taken, each once', () => {
  const { queue, add } = setup()
  const key = add(['a'], 0)
  expect(queue.takeKeys([key.id, key.id, queue.idOf(['b'], false)])).toEqual([key])
  expect(queue.size).toBe(0)
})

it('a restored key owes a fetch of its exact query and counts as no event', () => {
  const { queue } = setup()
  const key = queue.restore(['goals'], 7)
  expect(key).toMatchObject({ exact: true, events: 0, firstAtMs: 7, lastAtMs: 7, sources: undefined })
  expect(key).toMatchObject({ markSeq: 1, fetchActiveSeq: 1, fetchInactiveSeq: 0 })
  expect([key.id, queue.eventsReceived, queue.lastEventAtMs]).toEqual([queue.idOf(['goals'], true), 0, 7])
})

it('a key keeps the newest event for each thing that is wanted of it, and how many would each have fetched', () => {
  const { queue } = setup()
  const nothing = { fetchActive: false, fetchInactive: false }
  const add = (name?: keyof typeof nothing) =>
    queue.add(
      queue.idOf(['goals'], false),
      ['goals'],
      { ...nothing, ...(name && { [name]: true }) },
      0,
      false,
      undefined,
    )
  add()
  add('fetchActive')
  add('fetchInactive')
  add('fetchInactive')
  expect(add()).toMatchObject({
    markSeq: 5,
    fetchActiveSeq: 2,
    fetchInactiveSeq: 4,
    fetchActiveEvents: 1,
    fetchInactiveEvents: 2,
  })
})

it('a change that is read late asks for nothing newer than what came after it', () => {
  const { queue, add } = setup()
  queue.bufferChange(change, handler, 5)
  const [buffered] = queue.takeChanges()
  if (buffered) queue.addFromChange(['a'], { ...wants, fetchInactive: true }, buffered, 'goals:INSERT')
  const key = add(['a'], 10)
  if (buffered) queue.addFromChange(['a'], { ...wants, fetchInactive: true }, buffered, 'goals:INSERT')
  expect(key).toMatchObject({ markSeq: 2, fetchActiveSeq: 2, fetchInactiveSeq: 1 })
  expect([key.exact, queue.eventsReceived, queue.lastEventAtMs]).toEqual([false, 3, 10])
})

it('takes any number of keys', () => {
  const { queue, add } = setup()
  for (let id = 0; id < 300_000; id += 1) add(['goals', id], 0)
  expect(queue.takeKeys()).toHaveLength(300_000)
  expect(queue.size).toBe(0)
})

it('what an inspector shows of it is short, however much waits', () => {
  const { queue, add } = setup()
  for (let id = 0; id < 1000; id += 1) add(['goals', id], 0)
  queue.bufferChange(change, handler, 0)
  expect(JSON.parse(JSON.stringify(queue))).toEqual({
    pending: 1000,
    changes: 1,
    first: Array.from({ length: 10 }, (_, id) => ['goals', id]),
  })
})

it('clear forgets keys, changes and the oldest time, not what was counted', () => {
  const { queue, add } = setup()
  add(['a'], 0)
  queue.bufferChange(change, handler, 0)
  queue.clear()
  expect([queue.size, queue.oldestAtMs, queue.eventsReceived]).toEqual([0, Infinity, 1])
})

describe('a key that is put back', () => {
  it('waits again as it did', () => {
    const { queue, add } = setup()
    const key = add(['a'], 10)
    queue.putBack(queue.takeKeys())
    expect([queue.takeKeys(), queue.oldestAtMs]).toEqual([[key], Infinity])
  })

  it('that has become pending anew asks for the newest of both', () => {
    const { queue, add } = setup()
    add(['a'], 10)
    const taken = queue.takeKeys().map((key) => ({ ...key, fetchInactiveSeq: 9 }))
    add(['a'], 30)
    queue.putBack(taken)
    expect(queue.takeKeys()).toMatchObject([{ markSeq: 2, fetchActiveSeq: 2, fetchInactiveSeq: 9 }])
  })
})
