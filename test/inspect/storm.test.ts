import { QueryClient } from '@tanstack/react-query'
import type { StatelyInspectionEvent } from '@statelyai/inspect'
import { type Coalescer, createCoalescer } from 'realtime-coalescer'
import { createStatelyInspector } from 'realtime-coalescer/inspect'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { type PostedMessage, createFakeHost } from './support.ts'

const STRATEGIES = ['debounce', 'batch', 'perKey', 'hybrid', 'adaptive', 'direct'] as const
const THINNED = ['INVALIDATE', 'REFETCH', 'CHANGE', 'SCHEDULE', 'PENDING']
const started: Coalescer[] = []

beforeEach(() => {
  vi.useFakeTimers()
  // The inspector package converts while a page is idle: here it always is.
  vi.stubGlobal('window', { requestIdleCallback: (convert: () => void) => convert() })
})
afterEach(() => {
  for (const coalescer of started.splice(0)) coalescer.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A state as text; the inspector package sorts names. */
const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? Object.entries(value)
        .map(([name, inner]) => `(${name} ${textOf(inner)})`)
        .sort()
        .join('')
    : String(value)

/** What an unlimited observer sees of the flow, in order: events that are no mass, and changes of state. */
function recordFlow() {
  const flow: string[] = []
  const masses = new Map<string, number>()
  const values = new Map<string, string>()
  return {
    flow,
    masses,
    next(event: InspectionEvent) {
      const { sessionId } = event.actorRef
      if (event.type === '@xstate.event') {
        const { type } = event.event
        if (THINNED.includes(type)) masses.set(type, (masses.get(type) ?? 0) + 1)
        else flow.push(`${sessionId} ${type}`)
      } else if (event.type === '@xstate.snapshot') {
        const { value, status } = event.snapshot as { value?: unknown; status: string }
        const shown = `${textOf(value)} ${status}`
        if (values.get(sessionId) !== shown) flow.push(`${sessionId} is ${shown}`)
        values.set(sessionId, shown)
      }
    },
  }
}

/** The same of messages. */
function flowOf(posted: readonly PostedMessage[]): string[] {
  return posted.flatMap(({ type, sessionId, event, snapshot }) => {
    if (type === '@xstate.snapshot') return [`${sessionId} is ${textOf(snapshot?.value)} ${snapshot?.status}`]
    const isFlow = type === '@xstate.event' && event && !THINNED.includes(event.type) && !event.type.startsWith('…')
    return isFlow ? [`${sessionId} ${event.type}`] : []
  })
}

/** How many of each type are shown, one by one or counted. */
function massesOf(posted: readonly PostedMessage[]): Map<string, number> {
  const masses = new Map<string, number>()
  const add = (type: string, count: number) => masses.set(type, (masses.get(type) ?? 0) + count)
  for (const { type, event } of posted) {
    if (type !== '@xstate.event' || !event) continue
    if (THINNED.includes(event.type)) add(event.type, 1)
    else if (event.type.startsWith('…')) {
      const { type: told, ...counts } = event as unknown as Record<string, number> & { type: string }
      for (const [name, count] of Object.entries(counts)) add(name, count)
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
      if (Number(told.replaceAll(/[… more]/g, '')) !== total) add(`a wrong total: ${told}`, total)
    }
  }
  return masses
}

/** Fails to compile unless these are all there is to check, and to run unless a message has what its type asks for. */
const isMessage = (message: unknown): message is StatelyInspectionEvent => {
  const one = message as StatelyInspectionEvent
  const isStamped = typeof one._version === 'string' && typeof one.sessionId === 'string' && /^\d+$/.test(one.createdAt)
  if (one.type === '@xstate.actor') return isStamped && typeof one.definition === 'string' && 'snapshot' in one
  if (one.type === '@xstate.snapshot') return isStamped && typeof one.event.type === 'string' && 'value' in one.snapshot
  return isStamped && one.type === '@xstate.event' && typeof one.event.type === 'string'
}

function watch(strategy: (typeof STRATEGIES)[number], options = {}) {
  const host = createFakeHost()
  const inspector = createStatelyInspector({ ...host.options, ...options })
  const truth = recordFlow()
  const coalescer = createCoalescer({
    queryClient: new QueryClient(),
    strategy,
    inspect(event) {
      truth.next(event)
      inspector.inspect(event)
    },
  })
  started.push(coalescer)
  let flushes = 0
  coalescer.on('flushed', () => (flushes += 1))
  const settle = async () => {
    await vi.dynamicImportSettled()
    await vi.advanceTimersByTimeAsync(6000)
  }
  return { host, inspector, truth, coalescer, settle, flushes: () => flushes }
}

describe.each(STRATEGIES)('the flow of %s survives', (strategy) => {
  it('a burst of 5,000, in the order in which it happened', async () => {
    const { host, truth, coalescer, settle, flushes, inspector } = watch(strategy)
    host.connect()
    await settle()
    for (let n = 0; n < 5000; n += 1) coalescer.scheduleInvalidate(['goals', n % 50])
    await settle()
    expect(flushes()).toBeGreaterThan(0)
    expect(truth.flow.filter((line) => line.endsWith(' DUE'))).not.toHaveLength(0)
    expect(flowOf(host.posted)).toEqual(truth.flow)
    expect(massesOf(host.posted)).toEqual(truth.masses)
    expect(inspector.getDropped()).toBeGreaterThan(4000)
    expect(host.posted.filter((message) => !isMessage(message))).toEqual([])
    inspector.stop()
  })

  it('five seconds of 800 a second, with a flush, a switch and a reset in between', async () => {
    const { host, truth, coalescer, settle, flushes, inspector } = watch(strategy)
    host.connect()
    await settle()
    for (let n = 0; n < 4000; n += 1) {
      coalescer.scheduleInvalidate(['goals', n % 50])
      if (n === 1000) coalescer.flush()
      if (n === 2000) coalescer.switchStrategy(strategy === 'batch' ? 'debounce' : 'batch')
      if (n === 3000) coalescer.reset()
      if (n % 4 === 3) await vi.advanceTimersByTimeAsync(5)
    }
    await settle()
    expect(flushes()).toBeGreaterThanOrEqual(5)
    for (const type of ['FLUSH', 'SWITCH_STRATEGY', 'RESET', 'FLUSHED']) {
      expect(truth.flow.some((line) => line.endsWith(` ${type}`))).toBe(true)
    }
    expect(flowOf(host.posted)).toEqual(truth.flow)
    expect(massesOf(host.posted)).toEqual(truth.masses)
    expect(host.posted.filter((message) => !isMessage(message))).toEqual([])
    inspector.stop()
  })
})

it('tells how many were left out before the flow goes on', async () => {
  const { host, coalescer, settle, inspector } = watch('debounce', { maxEventsPerSecond: 200 })
  host.connect()
  await settle()
  for (let n = 0; n < 4912; n += 1) coalescer.scheduleInvalidate(['goals'])
  await settle()
  const types = host.ofType('@xstate.event').map(({ event }) => event?.type)
  expect(types).toContain('… 4 812 more')
  expect(types.indexOf('… 4 812 more')).toBeLessThan(types.indexOf('DUE'))
  expect(types.indexOf('… 4 812 more')).toBeGreaterThan(types.lastIndexOf('INVALIDATE'))
  inspector.stop()
})

describe('a page that connects late', () => {
  it('is told when things happened, and the flow before the storm', async () => {
    const { host, coalescer, settle, inspector } = watch('debounce', { connectTimeoutMs: 100_000, onStatus: () => {} })
    const startMs = Date.now()
    for (let n = 0; n < 5000; n += 1) coalescer.scheduleInvalidate(['goals', n % 50])
    await settle()
    for (let n = 0; n < 5000; n += 1) coalescer.scheduleInvalidate(['goals', n % 50])
    await settle()
    host.connect()
    await settle()
    const dates = host.posted.map((message) => Number((message as { createdAt?: string }).createdAt) - startMs)
    expect(dates).toEqual([...dates].sort((a, b) => a - b))
    expect(dates[0]).toBe(0)
    const due = host.posted.filter(({ event, type }) => type === '@xstate.event' && event?.type === 'DUE')
    expect(due.map((message) => Number((message as { createdAt?: string }).createdAt) - startMs)).toEqual([150, 6150])
    inspector.stop()
  })

  it('is told of actors that live only', async () => {
    const { host, coalescer, settle, inspector } = watch('debounce', { connectTimeoutMs: 100_000, onStatus: () => {} })
    coalescer.scheduleInvalidate(['goals'])
    for (const next of ['batch', 'hybrid', 'perKey'] as const) coalescer.switchStrategy(next)
    await settle()
    host.connect()
    await settle()
    expect(host.definitions()).toEqual(['coalescer', 'surroundings', 'strategy: perKey'])
    const known = new Set(host.ofType('@xstate.actor').map(({ sessionId }) => sessionId))
    const others = host.posted.filter(({ sessionId }) => !known.has(sessionId))
    expect(others).toEqual([])
    inspector.stop()
  })
})
