import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import type { FakeChannel } from '../support/fakeSupabase.ts'
import { createFeedWorld } from '../support/feedWorld.ts'
import { advance, drain, endSimulatedTime, startSimulatedTime } from '../support/simulatedTime.ts'

const paths = ['goals', 'partners'] as const
/** How long a joined topic is waited for to be said to be attached. */
const READY_MS = 2_000
const topicOf = (path: string): string => `room:${path}`

/** Two topics whose server delivers a write to a channel that is attached, and loses or replays it otherwise. */
function createTopics() {
  const tables = Object.fromEntries(
    paths.map((path) => [path, { keys: () => [[path]], broadcast: { topic: topicOf(path), replay: true } }]),
  )
  const world = createFeedWorld({ tables, firstCatchUp: 'refetch', endsWithTest: false, mounted: false })
  const { supabase, server } = world
  const attached = new WeakSet<FakeChannel>()
  const missed = new Map<string, (() => void)[]>()
  /** When each topic was joined that the server has not said to be attached since. */
  const joinedAtMs = new Map<string, number>()
  let returns = 0
  let lastId = 0

  const open = (path: string): FakeChannel | undefined => {
    const channel = supabase.opened.findLast(({ topic }) => topic === `realtime:${topicOf(path)}`)
    return channel && supabase.getChannels().includes(channel) ? channel : undefined
  }
  /** A topic of which the server says nothing more counts as live after a while, so that this was a return, too. */
  const endJoin = (path: string): void => {
    if (Date.now() - (joinedAtMs.get(path) ?? Infinity) >= READY_MS) returns += 1
    joinedAtMs.delete(path)
  }
  const lose = (path: string, tell: (channel: FakeChannel) => void): void => {
    const channel = open(path)
    if (!channel) return
    endJoin(path)
    attached.delete(channel)
    tell(channel)
  }
  const happenings = {
    write(path: string) {
      server.write([path])
      const id = `message ${++lastId}`
      const payload = { schema: 'public', table: path, operation: 'INSERT', record: { id: lastId }, old_record: null }
      const deliver = (replayed?: boolean) =>
        open(path)?.broadcast('INSERT', payload, { id, ...(replayed && { replayed }) })
      const channel = open(path)
      if (channel && attached.has(channel)) deliver()
      else missed.set(path, [...(missed.get(path) ?? []), () => deliver(true)])
    },
    join(path: string) {
      lose(path, (channel) => {
        joinedAtMs.set(path, Date.now())
        channel.tell('SUBSCRIBED')
      })
    },
    attach(path: string) {
      const channel = open(path)
      if (!channel) return
      endJoin(path)
      attached.add(channel)
      returns += 1
      channel.goLive()
    },
    /** Some of what was missed, in any order, and twice. */
    replay(path: string) {
      const some = (missed.get(path) ?? []).filter((_, index) => index % 2 === 0).toReversed()
      for (const deliver of [...some, ...some]) deliver()
    },
    loseTheSocket() {
      for (const path of paths) lose(path, (channel) => channel.tell('CHANNEL_ERROR', new Error('socket closed: 1006')))
    },
    refuse(path: string) {
      lose(path, (channel) => channel.tell('CHANNEL_ERROR', new Error('Unauthorized: no')))
    },
    close(path: string) {
      lose(path, (channel) => channel.tell('CLOSED'))
    },
    stop() {
      for (const path of paths) lose(path, () => undefined)
      world.realtime.stop()
    },
    initialize() {
      world.realtime.initialize(world.queryClient)
    },
  }
  return {
    ...world,
    happenings,
    returns: () => returns,
    isAttached: (path: string) => attached.has(open(path) as never),
  }
}

type Happening = keyof ReturnType<typeof createTopics>['happenings']

const happening = fc.constantFrom<Happening[]>(
  ...(['write', 'write', 'write', 'attach', 'attach', 'attach', 'join', 'replay', 'initialize'] as const),
  ...(['loseTheSocket', 'refuse', 'close', 'stop'] as const),
)
const waitMs = fc.constantFrom(0, 5, 100, 400, 900, 3_000, 31_000, 61_000)
const steps = fc.array(fc.tuple(happening, fc.constantFrom(...paths), waitMs), { maxLength: 50, size: 'max' })

it('whatever happens to the topics of a feed, the screen ends up fresh, for at most one catch-up for each return, and nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (happened) => {
      startSimulatedTime()
      try {
        const feed = createTopics()
        const shown = { goals: await feed.showLoaded(['goals']), partners: await feed.showLoaded(['partners']) }
        feed.happenings.initialize()
        for (const [name, path, ms] of happened) {
          feed.happenings[name](path)
          await advance(ms)
        }
        feed.happenings.initialize()
        for (let second = 0; !paths.every(feed.isAttached); second += 1) {
          expect(second).toBeLessThan(70)
          await drain()
          for (const path of paths) if (!feed.isAttached(path)) feed.happenings.attach(path)
          await advance(1_000)
        }
        await advance(12_000)
        expect(feed.realtime.getStatus()).toBe('live')
        for (let writes = 0; writes < 2; writes += 1) {
          for (const path of paths) expect(shown[path].version()).toBe(feed.server.versionOf([path]))
          for (const path of paths) feed.happenings.write(path)
          await advance(2_000)
        }
        const catchUps = feed.flushed.filter(({ keys }) =>
          keys.some(({ sources }) => sources.includes('realtime:catchUp')),
        )
        // Those that a refused topic has been waited with are repaired without it.
        const refusals = happened.filter(([name]) => name === 'refuse').length
        expect(catchUps.length).toBeLessThanOrEqual(feed.returns() + refusals)
        feed.realtime.stop()
        feed.end()
        expect([feed.supabase.getChannels(), vi.getTimerCount()]).toEqual([[], 0])
      } finally {
        endSimulatedTime()
      }
    }),
    { numRuns: 100 },
  )
})
