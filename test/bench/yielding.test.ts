import { SimulatedClock } from 'xstate'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SLICE_MS } from '../../src/integration/query/fetches/yielding.ts'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { type World, type WorldOptions, createWorld } from '../support/world.ts'

useSimulatedTime()

const QUERIES = 3 * SLICE_MS + 1
const platform = globalThis as { scheduler?: { yield(): Promise<void> } }
/** Turns the coalescer has asked for and not got yet. */
let turns: { give(): void; refuse(): void }[] = []

beforeEach(() => {
  turns = []
  platform.scheduler = {
    yield: () =>
      new Promise((resolve, reject) => turns.push({ give: resolve, refuse: () => reject(new Error('no turn')) })),
  }
})
afterEach(() => {
  delete platform.scheduler
})

/** Mounted queries of which each takes a millisecond to start, when the clock is let run. */
async function createSlowWorld(options: WorldOptions = {}): Promise<World> {
  const server = new SimulatedServer()
  const world = createWorld({ server, ...options })
  for (let i = 0; i < QUERIES; i += 1) world.show(['items', i])
  await advance(200)
  server.requests.length = 0
  const { latencyMs } = server
  server.latencyMs = () => {
    vi.setSystemTime(Date.now() + 1)
    return latencyMs()
  }
  return world
}

async function giveTurn(): Promise<void> {
  const [turn] = turns.splice(0, 1)
  turn?.give()
  await drain()
}

const startedOnce = (world: World): boolean =>
  world.server.requests.length === QUERIES &&
  new Set(world.server.requests.map((one) => one.queryHash)).size === QUERIES

describe('a flush of many fetches, where the platform has scheduler.yield', () => {
  it('gives the main thread a turn after each slice and starts each fetch once', async () => {
    const world = await createSlowWorld()
    world.change(['items'])
    void world.coalescer.flush()
    const startedPerTurn = [world.server.requests.length]
    while (turns.length > 0) {
      await giveTurn()
      startedPerTurn.push(world.server.requests.length)
    }
    expect(startedPerTurn).toEqual([SLICE_MS, 2 * SLICE_MS, 3 * SLICE_MS, QUERIES])
    expect(startedOnce(world)).toBe(true)
  })

  it('settles, and resolves flush(), only when the fetches of later turns have ended', async () => {
    const world = await createSlowWorld()
    world.change(['items'])
    const ended: string[] = []
    void world.coalescer.flush().then(() => ended.push('flush'))
    void world.coalescer.settled().then(() => ended.push('settled'))
    await advance(500)
    expect(ended).toEqual([])
    while (turns.length > 0) await giveTurn()
    await advance(500)
    expect(ended.toSorted()).toEqual(['flush', 'settled'])
    expect(startedOnce(world)).toBe(true)
  })

  it('goes on when the platform refuses a turn', async () => {
    const world = await createSlowWorld()
    world.change(['items'])
    void world.coalescer.flush()
    while (turns.length > 0) {
      turns.shift()?.refuse()
      await drain()
    }
    expect(startedOnce(world)).toBe(true)
  })

  it('does not start a fetch twice for an event that comes between two turns', async () => {
    const world = await createSlowWorld()
    world.change(['items'])
    void world.coalescer.flush()
    world.change(['items', QUERIES - 1])
    void world.coalescer.flush()
    while (turns.length > 0) await giveTurn()
    await advance(1000)
    expect(startedOnce(world)).toBe(true)
  })

  it.each(['markStale', 'drop'] as const)(
    'starts nothing in a later turn after stop({ pending: %j })',
    async (pending) => {
      const world = await createSlowWorld()
      world.change(['items'])
      void world.coalescer.flush()
      world.coalescer.stop({ pending })
      while (turns.length > 0) await giveTurn()
      await advance(1000)
      expect(world.server.requests.length).toBe(SLICE_MS)
    },
  )

  it("starts each remaining fetch once at stop({ pending: 'flush' })", async () => {
    const world = await createSlowWorld()
    world.change(['items'])
    void world.coalescer.flush()
    world.coalescer.stop({ pending: 'flush' })
    while (turns.length > 0) await giveTurn()
    await advance(1000)
    expect(startedOnce(world)).toBe(true)
  })

  it('starts nothing of before a reset in a later turn, and what comes after it', async () => {
    const world = await createSlowWorld()
    world.change(['items'])
    void world.coalescer.flush()
    world.coalescer.reset()
    while (turns.length > 0) await giveTurn()
    await advance(1000)
    expect(world.server.requests.length).toBe(SLICE_MS)
    world.change(['items', QUERIES - 1])
    await advance(1000)
    expect(world.server.requests.length).toBe(SLICE_MS + 1)
  })

  it('starts nothing in a turn that comes while the page is hidden, and each remaining fetch once on return', async () => {
    const world = await createSlowWorld()
    world.change(['items'])
    void world.coalescer.flush()
    world.hide()
    while (turns.length > 0) await giveTurn()
    await advance(1000)
    expect(world.server.requests.length).toBe(SLICE_MS)
    world.unhide()
    while (turns.length > 0) await giveTurn()
    await advance(1000)
    expect(startedOnce(world)).toBe(true)
  })

  it('marks at once what later turns fetch, and tells each component when its fetch starts', async () => {
    const world = await createSlowWorld()
    const last = world.show(['items', QUERIES - 1])
    const seen: string[] = []
    last.observer.subscribe(({ isStale, fetchStatus }) => seen.push(`${isStale ? 'stale' : 'fresh'} ${fetchStatus}`))
    world.change(['items'])
    void world.coalescer.flush()
    expect(world.queryClient.getQueryCache().findAll({ predicate: ({ state }) => !state.isInvalidated })).toEqual([])
    await drain()
    expect(seen).toEqual([])
    while (turns.length > 0) await giveTurn()
    await advance(1000)
    expect(seen).toEqual(['stale fetching', 'fresh idle'])
  })

  it.each(['reset', 'stop'] as const)('tells the components of what %s keeps from its turn', async (how) => {
    const world = await createSlowWorld()
    const last = world.show(['items', QUERIES - 1])
    world.change(['items'])
    void world.coalescer.flush()
    world.coalescer[how]()
    while (turns.length > 0) await giveTurn()
    expect(last.observer.getCurrentResult()).toMatchObject({ isStale: true, fetchStatus: 'idle' })
  })
})

describe('starts all fetches of a flush in one go', () => {
  it('where the platform has no scheduler.yield', async () => {
    delete platform.scheduler
    const world = await createSlowWorld()
    world.change(['items'])
    void world.coalescer.flush()
    expect(startedOnce(world)).toBe(true)
  })

  it('under a clock of its own', async () => {
    const world = await createSlowWorld({ clock: new SimulatedClock() })
    world.change(['items'])
    void world.coalescer.flush()
    expect(startedOnce(world)).toBe(true)
    expect(turns).toEqual([])
  })
})
