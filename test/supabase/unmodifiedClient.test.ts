import type { SupabaseClient } from '@supabase/supabase-js'
import fc from 'fast-check'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import { describe, expect, it } from 'vitest'
import { ScriptedRealtime, tokenOf } from '../support/scriptedRealtime.ts'
import { advance, drain, endSimulatedTime, startSimulatedTime, useSimulatedTime } from '../support/simulatedTime.ts'
import { createWorld } from '../support/world.ts'

const until = 4_102_444_800

interface WireOptions {
  readonly vsn?: '1.0.0' | '2.0.0'
  readonly accessToken?: () => Promise<string>
  readonly strategy?: 'debounce' | 'batch' | 'perKey' | 'hybrid' | 'adaptive' | undefined
}

/** The unmodified client, the service and two screens. */
function createWire({ vsn, accessToken, strategy = 'debounce' }: WireOptions = {}) {
  const world = createWorld({ strategy, endsWithTest: false })
  const wire = new ScriptedRealtime(vsn)
  const supabase = wire.createClient(accessToken)
  const { coalescer, queryClient, server } = world
  const tables = { goals: { keys: () => [['goals']] }, partners: { keys: () => [['partners']] } }
  const realtime = createRealtimeService({ supabase, coalescer, channel: 'db', tables })
  const screens = [world.show(['goals']), world.show(['partners'])]
  const requests = (): number[] => [server.requestsOf(['goals']).length, server.requestsOf(['partners']).length]
  return {
    ...world,
    wire,
    supabase,
    realtime,
    requests,
    write(table: 'goals' | 'partners'): void {
      server.write([table])
      wire.tell(table)
    },
    isFresh: () =>
      screens.every((shown, index) => shown.version() === server.versionOf([['goals', 'partners'][index]])),
    async live() {
      await advance(500)
      realtime.initialize(queryClient)
      await advance(5_000)
    },
    async leave() {
      realtime.stop()
      world.end()
      void supabase.removeAllChannels()
      void supabase.realtime.disconnect()
      await advance(1_000)
    },
  }
}

type Wire = ReturnType<typeof createWire>

const push = ({ wire }: Wire, event: string): void => {
  const { ref, topic, socket } = wire.join
  wire.detach()
  socket.emit(ref, ref, topic, event, {})
}

/** What a client can lose its feed by. */
const losses: Readonly<Record<string, (world: Wire) => unknown>> = {
  'a dropped socket': ({ wire }) => wire.socket.drop(1006),
  'a server that restarts': ({ wire }) => wire.socket.drop(1012),
  'a server that is away for a minute': async ({ wire }) => {
    wire.isUp = false
    wire.socket.drop(1006)
    await advance(60_000)
    wire.isUp = true
  },
  phx_error: (world) => push(world, 'phx_error'),
  phx_close: (world) => push(world, 'phx_close'),
  'an expired token': (world) => {
    world.wire.socket.system(world.wire.join, 'error', 'system', 'Token has expired 1 seconds ago')
    push(world, 'phx_close')
  },
  'a repeated system ok': async ({ wire }) => {
    wire.detach()
    await advance(300)
    wire.attach(wire.join)
  },
  'refused joins': ({ wire }) => {
    wire.refusals.push('error', 'error')
    wire.socket.drop(1006)
  },
  'a join without an answer': ({ wire }) => {
    wire.refusals.push('nothing')
    wire.socket.drop(1006)
  },
  'other bindings than asked for': ({ wire }) => {
    wire.refusals.push('mismatch')
    wire.socket.drop(1006)
  },
  'heartbeats without an answer': async ({ wire }) => {
    wire.detach()
    wire.socket.isDead = true
    await advance(60_000)
  },
  'stop() and initialize()': ({ realtime, queryClient }) => {
    realtime.stop()
    realtime.initialize(queryClient)
  },
  'disconnect() and connect() of the app': async ({ supabase }: { supabase: SupabaseClient }) => {
    void supabase.realtime.disconnect()
    await advance(1_000)
    supabase.realtime.connect()
  },
  'disconnect() of the app while nobody answers, and connect()': async ({ wire, supabase }) => {
    wire.detach()
    wire.socket.isDead = true
    void supabase.realtime.disconnect()
    await advance(4_000)
    supabase.realtime.connect()
  },
  'removeAllChannels() of the app': ({ supabase }) => void supabase.removeAllChannels(),
}

describe.each(['1.0.0', '2.0.0'] as const)('over the protocol %s, the unmodified client', (vsn) => {
  useSimulatedTime()

  it.each(Object.entries(losses))('that loses its feed by %s catches up once', async (_, lose) => {
    const world = createWire({ vsn })
    await world.live()
    expect([world.realtime.getStatus(), world.requests()]).toEqual(['live', [2, 2]])
    await lose(world)
    if (!world.wire.isDelivering) world.server.write(['goals'])
    await advance(60_000)
    expect([world.realtime.getStatus(), world.requests()]).toEqual(['live', [3, 3]])
    world.write('goals')
    await advance(2_000)
    expect([world.isFresh(), world.requests(), world.supabase.getChannels().length]).toEqual([true, [4, 3], 1])
    await world.leave()
  })

  it('keeps a token that the app has set itself through every loss', async () => {
    const world = createWire({ vsn })
    const own = tokenOf({ iss: 'app', sub: '7', role: 'authenticated', exp: until })
    await world.supabase.realtime.setAuth(own)
    await world.live()
    for (const name of ['a dropped socket', 'phx_error', 'phx_close'] as const) {
      await losses[name]?.(world)
      await advance(40_000)
    }
    expect(new Set([...world.wire.joins.map(({ payload }) => payload.access_token), ...world.wire.tokens])).toEqual(
      new Set([own]),
    )
    expect(world.wire.joins).toHaveLength(4)
    await world.leave()
  })

  it('joins with the token of the user from the start, and after every loss with a fresh one', async () => {
    let n = 0
    const tokenNow = (): string => tokenOf({ sub: '7', role: 'authenticated', exp: until, n })
    const world = createWire({ vsn, accessToken: async () => tokenNow() })
    await world.live()
    expect(world.wire.joins.map(({ payload }) => payload.access_token)).toEqual([tokenNow()])
    for (const name of ['a dropped socket', 'phx_error', 'phx_close'] as const) {
      n += 1
      await losses[name]?.(world)
      await advance(5_000)
      expect(world.wire.join.payload.access_token).toBe(tokenNow())
    }
    await world.leave()
  })
})

const steps = fc.array(
  fc.tuple(
    fc.constantFrom('write', 'write', 'write', 'write', 'hide', 'unhide', ...Object.keys(losses)),
    fc.constantFrom(0, 5, 40, 300, 900, 4_000),
  ),
  { maxLength: 12 },
)

it('whatever happens on the wire, the screens end up fresh', async () => {
  const property = async (strategy: WireOptions['strategy'], happened: readonly (readonly [string, number])[]) => {
    startSimulatedTime()
    const world = createWire({ strategy })
    try {
      world.realtime.initialize(world.queryClient)
      for (const [name, ms] of happened) {
        if (name === 'hide') world.hide()
        else if (name === 'unhide') world.unhide()
        else if (name === 'write') world.write('goals')
        else if (world.wire.joins.length > 0) await losses[name]?.(world)
        await advance(ms)
      }
      world.unhide()
      world.wire.refusals.length = 0
      await advance(120_000)
      expect([world.realtime.getStatus(), world.isFresh()]).toEqual(['live', true])
      const before = world.requests()
      await advance(60_000)
      expect(world.requests()).toEqual(before)
    } finally {
      await world.leave()
      await drain()
      endSimulatedTime()
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('debounce', 'batch', 'perKey', 'hybrid', 'adaptive'), steps, property),
    { numRuns: Number(process.env.WIRE_RUNS ?? 40) },
  )
})
