import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import type { FakeChannel } from '../support/fakeSupabase.ts'
import { createFeedWorld } from '../support/feedWorld.ts'
import { advance, drain, endSimulatedTime, startSimulatedTime } from '../support/simulatedTime.ts'

const paths = ['goals', 'partners'] as const
type Path = (typeof paths)[number]

/** The most messages the server replays. */
const MOST = 25
/** A server that says later than this that it is ready may have missed what came right after the join. */
const LATE_MS = 400

interface Stored {
  readonly id: string
  readonly insertedAtMs: number
}

/** A server with two topics, whose clock is not that of the client; replay is as lossy as the real one's. */
function createTopics(skewMs: number) {
  const handled: string[] = []
  const world = createFeedWorld({
    replay: true,
    firstCatchUp: 'off',
    endsWithTest: false,
    mounted: false,
    tables: {
      goals: {
        broadcast: { topic: 'goals' },
        catchUp: [['goals']],
        handle: ({ new: row }) => {
          handled.push(String(row['id']))
          return { invalidate: [['goals']] }
        },
      },
      partners: { broadcast: { topic: 'partners' }, keys: () => [['partners']] },
    },
  })
  const { server, supabase } = world
  const log: Record<Path, Stored[]> = { goals: [], partners: [] }
  let lastId = 0

  const write = (path: Path): Stored => {
    server.write([path])
    const message = { id: `${path} ${++lastId}`, insertedAtMs: Date.now() + skewMs }
    log[path].push(message)
    return message
  }
  /** Rows of goals one by one, statements of partners without their rows. */
  const deliver = (path: Path, { id }: Stored, replayed = false): void => {
    const told = { schema: 'public', table: path, operation: 'INSERT' }
    const rows = path === 'goals' ? { record: { id }, old_record: null } : { rows: 2 }
    supabase.of(path).broadcast('INSERT', { ...told, ...rows }, { id, ...(replayed && { replayed }) })
  }
  /** What the join of a channel asks for and the server still has. */
  const readMissed = (path: Path): Stored[] => {
    const config = supabase.of(path).params.config as { broadcast: { replay: { since: number; limit: number } } }
    const { replay } = config.broadcast
    return log[path].filter(({ insertedAtMs }) => insertedAtMs >= replay.since).slice(-Math.min(MOST, replay.limit))
  }
  const catchUps = (): number =>
    world.flushed.filter(({ keys }) => keys.some(({ sources }) => sources.includes('realtime:catchUp'))).length
  return { ...world, write, deliver, readMissed, handled, catchUps }
}

type Topics = ReturnType<typeof createTopics>

const losses = {
  /** The client joins the same objects again. */
  socket: (channel: FakeChannel) => channel.tell('CHANNEL_ERROR', new Error('socket closed: 1006')),
  timeout: (channel: FakeChannel) => channel.tell('TIMED_OUT'),
  /** A new object has to be opened. */
  closed: (channel: FakeChannel) => channel.tell('CLOSED'),
  /** Nothing is said before the client has joined again. */
  unseen: () => undefined,
}

const upTo = (max: number) => fc.nat({ max })
const gap = fc.record({
  loss: fc.constantFrom(...(Object.keys(losses) as (keyof typeof losses)[])),
  lost: fc.constantFrom<readonly Path[]>(paths, ['goals'], ['partners']),
  missed: fc.constantFrom(0, 1, 3, 30),
  downMs: fc.constantFrom(0, 50, 5_000, 20_000),
  /** From one join to the next. */
  joinMs: fc.constantFrom(0, 300, 3_000),
  /** Messages between what the server reads to replay and its subscription. */
  raced: upTo(2),
  live: upTo(3),
  order: fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
  isTwice: fc.boolean(),
  readyMs: fc.constantFrom(0, 300, 1_500),
})
type Gap = typeof gap extends fc.Arbitrary<infer T> ? T : never

/** Joins a topic again: replayed and live messages come in any order, perhaps twice. */
async function rejoin(topics: Topics, path: Path, { raced, live, order, isTwice, readyMs }: Gap): Promise<void> {
  const channel = topics.supabase.of(path)
  const missed = topics.readMissed(path)
  for (let count = 0; count < raced; count += 1) topics.write(path)
  channel.tell('SUBSCRIBED')
  await advance(readyMs)
  channel.system('ok', 'Replication connection established', 'system')
  const told = [
    ...missed.map((message) => ({ message, replayed: true })),
    ...Array.from({ length: live }, () => ({ message: topics.write(path), replayed: false })),
  ]
  const all = isTwice ? [...told, ...told] : told
  const sorted = all.map((one) => ({ ...one, at: order.next().value ?? 0 })).sort((a, b) => a.at - b.at)
  for (const { message, replayed } of sorted) topics.deliver(path, message, replayed)
}

async function pass(topics: Topics, one: Gap): Promise<void> {
  const { supabase } = topics
  const catchUpsBefore = topics.catchUps()
  for (const path of one.lost) losses[one.loss](supabase.of(path))
  await advance(10)
  const missed = one.lost.flatMap((path) =>
    Array.from({ length: one.missed }, () => topics.write(path))
      .slice(-MOST)
      .map(({ id }) => id),
  )
  // A channel that is closed is opened anew within some seconds; how many gaps there have been is not to be seen.
  await advance(one.loss === 'closed' ? Math.max(5_000, one.downMs) : one.downMs)
  for (const path of one.lost) {
    await rejoin(topics, path, one)
    // Apart, joins of topics that nobody saw lost are gaps of their own.
    await advance(one.loss === 'unseen' ? 0 : one.joinMs)
  }
  await advance(12_000)

  const isLate = one.readyMs > LATE_MS
  expect(topics.catchUps() - catchUpsBefore).toBe(isLate ? 2 : 1)
  // The newest messages of a longer gap leave no room for the others.
  const isReplayed = one.missed <= MOST - one.raced
  const ids = isReplayed ? missed.filter((id) => id.startsWith('goals')) : []
  expect(topics.handled).toEqual(expect.arrayContaining(ids))
}

const skewMs = fc.constantFrom(-30_000, -2_000, 0, 2_000, 30_000)

it('each gap under Broadcast is one catch-up, nothing stays stale, and a message is handled once, whatever the clocks say and in whatever order it comes', async () => {
  await fc.assert(
    fc.asyncProperty(skewMs, fc.array(gap, { minLength: 1, maxLength: 4 }), async (skew, gaps) => {
      startSimulatedTime()
      try {
        const topics = createTopics(skew)
        const shown = { goals: await topics.showLoaded(['goals']), partners: await topics.showLoaded(['partners']) }
        await topics.join()
        for (const path of paths) topics.supabase.of(path).goLive()
        await advance(61_000)
        for (const one of gaps) {
          await pass(topics, one)
          for (const path of paths) expect(shown[path].version()).toBe(topics.server.versionOf([path]))
          expect(topics.realtime.getStatus()).toBe('live')
          for (const path of paths) topics.deliver(path, topics.write(path))
          await advance(2_000)
          for (const path of paths) expect(shown[path].version()).toBe(topics.server.versionOf([path]))
        }
        expect(new Set(topics.handled).size).toBe(topics.handled.length)
        topics.realtime.stop()
        topics.end()
        await drain()
        expect([topics.supabase.getChannels(), vi.getTimerCount()]).toEqual([[], 0])
      } finally {
        endSimulatedTime()
      }
    }),
    { numRuns: Number(process.env['GAPS'] ?? 60) },
  )
})
