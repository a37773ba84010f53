import type { StrategyDefinition } from '../../machines/strategyDefinition.ts'
import { MAX_WAIT_MS, QUIET_MS, type StrategyWorld } from './strategyWorld.ts'

/** Rejects with what it has seen instead, if the strategy breaks it. */
export type StrategyRule = (world: StrategyWorld, definition: StrategyDefinition) => Promise<void>

const EVENTS = 10

/** A stream that is never quiet. */
async function stream(world: StrategyWorld, forMs: number, gapMs = QUIET_MS / 2): Promise<void> {
  for (let ms = 0; ms < forMs; ms += gapMs) {
    world.invalidate()
    await world.clock.advance(gapMs)
  }
}

/** Everything that is to happen by itself has happened. */
const rest = ({ clock }: StrategyWorld): Promise<void> => clock.advance(3 * MAX_WAIT_MS)

function expectFetched({ requests }: StrategyWorld, when: string): void {
  if (requests() === 0) throw new Error(`what waited ${when} was never fetched`)
}

function expectAllFetched({ unfetched }: StrategyWorld, when: string): void {
  if (unfetched() > 0) throw new Error(`of the keys that waited ${when}, ${unfetched()} were never fetched`)
}

function expectWaited({ coalescer }: StrategyWorld, maxMs: number): void {
  const { longestWaitMs } = coalescer.getSnapshot().stats
  if (longestWaitMs > maxMs) throw new Error(`one has waited ${longestWaitMs} ms of ${maxMs}`)
}

const expectNoTimer = ({ clock }: StrategyWorld, when: string): void => {
  if (clock.timers > 0) throw new Error(`${when} a timer runs, which fires in ${clock.due()[0]} ms`)
}

/** What a strategy has to keep, by name; each throws what it has seen instead. */
export const strategyRules: Readonly<Record<string, StrategyRule>> = {
  'G1: every key of a burst is fetched': async (world) => {
    world.invalidateAll()
    await rest(world)
    expectAllFetched(world, 'in a burst')
  },
  'G2: one burst is one flush, and one fetch per query': async (world, { quietMs }) => {
    for (let event = 0; event < EVENTS; event += 1) world.invalidate()
    await rest(world)
    // Without a window every event is a burst of its own.
    const allowed = quietMs === 0 ? EVENTS : 1
    if (world.flushes.length > allowed) throw new Error(`it took ${world.flushes.length} flushes`)
    if (world.requests() > world.flushes.length) throw new Error(`it took ${world.requests()} fetches`)
    expectFetched(world, 'in a burst')
  },
  'G2: an event is flushed once': async (world) => {
    world.invalidate()
    await rest(world)
    if (world.flushes.length !== 1) throw new Error(`it was flushed ${world.flushes.length} times`)
  },
  'G2: it asks for a flush only of what waits': async (world) => {
    world.invalidateAll()
    await rest(world)
    await stream(world, 2 * MAX_WAIT_MS)
    await rest(world)
    if (world.needless > 0) throw new Error(`it asked for ${world.needless} flushes with nothing pending`)
  },
  'G3: no event waits longer than maxWaitMs': async (world) => {
    let oldestAtMs: number | undefined
    const { clock, coalescer } = world
    coalescer.on('flushed', () => (oldestAtMs = undefined))
    for (let ms = 0; ms < 4 * MAX_WAIT_MS; ms += QUIET_MS / 2) {
      oldestAtMs ??= clock.now()
      world.invalidate()
      await clock.advance(QUIET_MS / 2)
      const waitedMs = clock.now() - (oldestAtMs ?? clock.now())
      if (waitedMs > MAX_WAIT_MS) throw new Error(`one has waited ${waitedMs} ms of ${MAX_WAIT_MS}`)
    }
  },
  'G3: the first event of a stream that stops waits no longer than maxWaitMs': async (world) => {
    for (let forMs = QUIET_MS; forMs <= MAX_WAIT_MS; forMs += QUIET_MS) {
      // A gap that maxWaitMs is no multiple of.
      await stream(world, forMs, 0.3 * QUIET_MS)
      await rest(world)
      expectWaited(world, MAX_WAIT_MS)
    }
  },
  'G3: an event finds out that the timer is late': async (world) => {
    world.invalidate()
    world.clock.skip(MAX_WAIT_MS)
    world.invalidate()
    if (world.flushes.length === 0) throw new Error('it went on waiting for the timer')
  },
  'G3: an urgent event is flushed at once': async (world) => {
    world.invalidate({ urgent: true })
    if (world.flushes.length !== 1) throw new Error('as the first one it had to wait')
    await rest(world)
    world.invalidate()
    const before = world.flushes.length
    world.invalidate({ urgent: true })
    if (world.flushes.length === before) throw new Error('after another one it had to wait')
  },
  'G3: flush() flushes at once': async (world) => {
    world.invalidate()
    void world.coalescer.flush()
    if (world.flushes.length === 0) throw new Error('what was pending had to wait')
  },
  'G4: a stream that never ends is fetched again and again': async (world) => {
    await stream(world, 5 * MAX_WAIT_MS)
    if (world.requests() < 3) throw new Error(`in ${5 * MAX_WAIT_MS} ms there were ${world.requests()} fetches`)
  },
  'G7: a switch to it loses nothing': async (world) => {
    world.coalescer.switchStrategy('other')
    world.invalidateAll()
    world.coalescer.switchStrategy('tested')
    await rest(world)
    expectAllFetched(world, 'at the switch')
  },
  'G7: a switch away from it loses nothing': async (world) => {
    world.invalidateAll()
    world.coalescer.switchStrategy('other')
    await rest(world)
    expectAllFetched(world, 'at the switch')
  },
  'G7: what a switch moves is flushed once': async (world) => {
    world.invalidate()
    world.coalescer.switchStrategy('other')
    world.coalescer.switchStrategy('tested')
    await rest(world)
    if (world.flushes.length > 1) throw new Error(`it was flushed ${world.flushes.length} times`)
  },
  'G7: a switch to it does not begin the wait anew': async (world) => {
    world.coalescer.switchStrategy('other')
    const isOver = (): boolean => world.flushes.length > 0
    for (let ms = 0; ms < 0.8 * MAX_WAIT_MS; ms += QUIET_MS / 2) {
      world.invalidate()
      await world.clock.advance(QUIET_MS / 2)
    }
    world.coalescer.switchStrategy('tested')
    if (isOver()) return
    await stream(world, 0.3 * MAX_WAIT_MS)
    if (!isOver()) throw new Error(`what waited at the switch has waited ${1.1 * MAX_WAIT_MS} ms of ${MAX_WAIT_MS}`)
  },
  'G7: a switch of its timing holds at once': async (world, { options }) => {
    if (!options.includes('maxWaitMs')) return
    world.invalidate()
    const maxWaitMs = 2 * QUIET_MS
    world.coalescer.switchStrategy({ name: 'tested', maxWaitMs })
    await stream(world, MAX_WAIT_MS)
    await rest(world)
    expectWaited(world, maxWaitMs)
  },
  'G7: the handler of a change that waits at a switch runs once': async (world) => {
    const runs = world.change()
    world.coalescer.switchStrategy('other')
    world.coalescer.switchStrategy('tested')
    await rest(world)
    if (runs() !== 1) throw new Error(`it ran ${runs()} times`)
    expectFetched(world, 'at the switch')
  },
  'G8: what waited while the page was hidden is flushed on return': async (world) => {
    const visible = world.requests()
    world.invalidate()
    world.hide(true)
    await rest(world)
    world.invalidateAll()
    await rest(world)
    if (world.requests() > visible + 1) throw new Error('it was fetched while nobody could see it')
    world.hide(false)
    world.invalidate()
    await rest(world)
    expectAllFetched(world, 'while the page was hidden')
  },
  'G9: a stop that flushes leaves nothing behind': async (world) => {
    world.invalidate()
    world.coalescer.stop({ pending: 'flush' })
    if (world.flushes.length === 0) throw new Error('what waited at the stop was dropped')
  },
  'G9: a stop marks stale what waited': async (world, { quietMs }) => {
    world.invalidate()
    world.coalescer.stop()
    // Without a window it is being fetched already, and the mark comes off with the answer.
    if (quietMs > 0 && !world.isStale()) throw new Error('what waited at the stop was dropped')
  },
  'G9: after a stop there is no timer and no flush': async (world) => {
    world.invalidate()
    const before = world.flushes.length
    world.coalescer.stop({ pending: 'drop' })
    if (world.clock.timers > 0) throw new Error(`it left ${world.clock.timers} timers`)
    await rest(world)
    if (world.flushes.length > before) throw new Error('it flushed')
  },
  'G9: a reset forgets what waits, and nothing after it': async (world, { quietMs }) => {
    world.invalidateAll()
    world.coalescer.reset()
    await rest(world)
    // Without a window nothing waits.
    if (quietMs > 0 && world.flushes.length > 0) throw new Error('what waited was flushed')
    world.invalidateAll()
    await rest(world)
    expectAllFetched(world, 'after it')
  },
  'Chart: it sets no timer while nothing waits': async (world) => {
    await rest(world)
    expectNoTimer(world, 'before the first event')
    world.invalidateAll()
    await rest(world)
    expectNoTimer(world, 'after the last flush')
  },
  'Chart: it tells whether it collects': async (world, { quietMs }) => {
    const phase = (): string => world.coalescer.getSnapshot().phase
    if (phase() !== 'idle') throw new Error(`with nothing pending it is ${phase()}`)
    world.invalidate()
    if (quietMs > 0 && phase() !== 'collecting') throw new Error(`with an event pending it is ${phase()}`)
    await rest(world)
    if (phase() !== 'idle') throw new Error(`with nothing pending any more it is ${phase()}`)
  },
}
