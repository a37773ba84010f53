import { createInspector } from '@statelyai/inspect'
import { QueryClient } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { createSocketInspector, createStatelyInspector } from 'realtime-coalescer/inspect'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import { createTestFeed, createTestServer } from 'realtime-coalescer/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFakeHost } from './support.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface Message {
  readonly type: string
  readonly name?: string
  readonly sessionId: string
  readonly event?: { readonly type: string }
  readonly snapshot?: { readonly value?: unknown; readonly status?: string }
}

/** A socket to a server that remembers the last 200 messages, as that of the inspector does. */
function openSocket() {
  const messages: Message[] = []
  const socket = createInspector({
    send: (message) => void messages.push(JSON.parse(JSON.stringify(message)) as Message),
  })
  return { socket, messages, late: () => messages.slice(-200), names: () => messages.map(({ name }) => name) }
}

const storm = async (coalescer: ReturnType<typeof createCoalescer>, seconds: number) => {
  for (let n = 0; n < seconds * 400; n += 1) {
    coalescer.scheduleInvalidate(['list', n % 50])
    await vi.advanceTimersByTimeAsync(2.5)
  }
}

describe('createSocketInspector', () => {
  it('thins a storm with numbers, and lets every flush through', async () => {
    const { socket, messages } = openSocket()
    const inspector = createSocketInspector(socket, { maxEventsPerSecond: 20 })
    const coalescer = createCoalescer({ queryClient: new QueryClient(), inspect: inspector.inspect })
    let flushes = 0
    coalescer.on('flushed', () => (flushes += 1))
    await storm(coalescer, 5)
    await vi.advanceTimersByTimeAsync(2000)
    const types = messages.filter(({ type }) => type === '@xstate.event').map(({ event }) => event?.type ?? '')
    expect(flushes).toBeGreaterThan(3)
    expect(types.filter((type) => type === 'FLUSHED')).toHaveLength(flushes)
    expect(inspector.getDropped()).toBeGreaterThan(1500)
    expect(types.filter((type) => type === 'INVALIDATE').length).toBeLessThan(150)
    const told = types.filter((type) => type.startsWith('…')).map((type) => Number(type.replaceAll(/\D/g, '')))
    expect(told.reduce((sum, one) => sum + one, 0)).toBe(inspector.getDropped())
    inspector.stop()
    coalescer.stop()
  })

  it('tells a viewer that comes late of the actors that live, in the states they are in', async () => {
    const { socket, messages, late } = openSocket()
    const inspector = createSocketInspector(socket)
    const coalescer = createCoalescer({ queryClient: new QueryClient(), inspect: inspector.inspect })
    coalescer.switchStrategy('perKey')
    await storm(coalescer, 1)
    const known = late().filter(({ type }) => type === '@xstate.actor')
    expect(known.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['coalescer', 'surroundings', 'strategy: perKey']),
    )
    expect(known.map(({ name }) => name)).not.toContain('strategy: debounce')
    const strategy = known.findLast(({ name }) => name === 'strategy: perKey')
    expect(strategy?.snapshot).toMatchObject({ status: 'active', value: 'collecting' })
    const before = messages.length
    inspector.replay()
    await vi.advanceTimersByTimeAsync(1)
    const told = messages.slice(before).filter(({ type }) => type === '@xstate.actor')
    expect(told.map(({ name }) => name)).toEqual(['coalescer', 'surroundings', 'strategy: perKey'])
    inspector.stop()
    coalescer.stop()
  })

  it('passes nothing on after stop, and a viewer that fails harms nothing', async () => {
    const failing = createSocketInspector({
      inspect: {
        next() {
          throw new Error('socket closed')
        },
      },
    })
    const onError = vi.fn<() => void>()
    const coalescer = createCoalescer({ queryClient: new QueryClient(), inspect: failing.inspect, onError })
    coalescer.scheduleInvalidate(['goals'])
    await coalescer.flush()
    expect(coalescer.getSnapshot().stats.flushes).toBe(1)
    expect(onError).not.toHaveBeenCalled()
    coalescer.stop()

    const { socket, messages } = openSocket()
    const inspector = createSocketInspector(socket)
    const other = createCoalescer({ queryClient: new QueryClient() })
    inspector.attach(other)
    await vi.advanceTimersByTimeAsync(100)
    expect(messages.length).toBeGreaterThan(1)
    inspector.stop()
    const told = messages.length
    other.scheduleInvalidate(['goals'])
    inspector.attach(other)
    inspector.replay()
    await vi.advanceTimersByTimeAsync(1000)
    expect(messages).toHaveLength(told)
    other.stop()
  })

  it('withholds rows where they are stripped, from contexts too', async () => {
    const { socket, messages } = openSocket()
    const inspector = createSocketInspector(socket, { sanitizeEvent: ({ type }) => ({ type }) } as Parameters<
      typeof createSocketInspector
    >[1])
    const coalescer = createCoalescer({ queryClient: new QueryClient(), inspect: inspector.inspect })
    coalescer.scheduleInvalidate(['secret'], { source: 'secret:INSERT' })
    await vi.advanceTimersByTimeAsync(300)
    inspector.replay()
    await vi.advanceTimersByTimeAsync(10)
    expect(messages.length).toBeGreaterThan(3)
    expect(JSON.stringify(messages)).not.toContain('secret')
    coalescer.stop()
  })

  it('says what it expects', () => {
    expect(() => createSocketInspector({} as never)).toThrow(/createWebSocketInspector/)
    expect(() => createSocketInspector(openSocket().socket, { repeatEveryMessages: 0.5 })).toThrow(
      /repeatEveryMessages/,
    )
  })
})

describe('a service that is attached', () => {
  const openService = () => {
    const feed = createTestFeed(createTestServer({ rows: { goals: [] } }))
    const queryClient = new QueryClient()
    const coalescer = createCoalescer({ queryClient })
    const tables = { goals: { keys: () => [['goals']] } }
    const service = createRealtimeService({ supabase: feed.supabase, coalescer, channel: 'db', tables })
    return { feed, queryClient, coalescer, service }
  }

  it.each(['before', 'after'] as const)(
    'shows each channel with its own chart, attached %s it joins; once, however often',
    async (when) => {
      const { queryClient, coalescer, service } = openService()
      const host = createFakeHost()
      const inspector = createStatelyInspector(host.options)
      inspector.open()
      host.connect()
      const { socket, names } = openSocket()
      const relay = createSocketInspector(socket)
      if (when === 'after') service.initialize(queryClient)
      const detach = [inspector.attach(service), inspector.attach(service), relay.attach(service)]
      if (when === 'before') service.initialize(queryClient)
      await vi.waitFor(() => expect(host.definitions()).toContain('db: connection'))
      await vi.advanceTimersByTimeAsync(2000)
      expect(host.definitions().filter((name) => name === 'db: connection')).toHaveLength(1)
      expect(names()).toEqual(expect.arrayContaining(['realtime:db: feed', 'db: connection']))
      const session = host.ofType('@xstate.actor').find(({ name }) => name === 'db: connection')?.sessionId
      const states = host.ofType('@xstate.snapshot').filter(({ sessionId }) => sessionId === session)
      expect(JSON.stringify(states.at(-1)?.snapshot?.value)).toContain('live')
      for (const end of detach) end()
      const told = host.posted.length
      service.stop()
      service.initialize(queryClient)
      await vi.advanceTimersByTimeAsync(2000)
      expect(host.posted).toHaveLength(told)
      inspector.stop()
      service.stop()
      coalescer.stop()
    },
  )
})
