import type { QueryKey } from '@tanstack/react-query'
import type { CoalescerOptions, StrategyName } from 'realtime-coalescer'
import { SmallWorld, type Step } from './smallWorld.ts'

interface Worlds {
  readonly keys: readonly QueryKey[]
  /** What the worlds start with, one for each. */
  readonly starts: readonly CoalescerOptions[]
  /** The strategies to switch to, from each. */
  readonly switches: (from: string) => readonly StrategyName[]
}

/** What has happened to a world. It may have come to rest in between. */
export type Trace = readonly (Step | 'rest')[]

/** A world, what has happened to it, and where that has led. */
export class Walk {
  readonly world: SmallWorld
  readonly start: number
  readonly #trace: (Step | 'rest')[] = []
  #state: string | undefined

  constructor({ keys, starts }: Worlds, start: number) {
    this.world = new SmallWorld(keys, starts[start] ?? {})
    this.start = start
  }

  get trace(): Trace {
    return this.#trace
  }

  get state(): string {
    return (this.#state ??= this.world.hash())
  }

  take(step: Step): Promise<void> {
    this.#trace.push(step)
    this.#state = undefined
    return this.world.take(step)
  }

  rest(): Promise<void> {
    this.#trace.push('rest')
    this.#state = undefined
    return this.world.expectFresh()
  }
}

/** Takes steps from a start, and comes to rest; tells what rule that breaks, if it breaks one. */
async function breakOf(worlds: Worlds, start: number, trace: Trace): Promise<string | undefined> {
  const { world } = new Walk(worlds, start)
  try {
    for (const step of trace) {
      if (step === 'rest') await world.expectFresh()
      else if (world.possible(worlds.switches).includes(step)) await world.take(step)
      else return undefined
    }
    await world.expectFresh()
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    world.end()
  }
}

/** The shortest trace that is found to break a rule: `way` if it does, else what is needed of all that has happened. */
export async function shortestBreak(worlds: Worlds, walk: Walk, way: Trace, error: unknown): Promise<string> {
  const { start } = walk
  const describe = (trace: Trace, message: string): string =>
    `${String(worlds.starts[start]?.strategy)}: ${trace.join(', ')}: ${message}`
  const ofWay = await breakOf(worlds, start, way)
  if (ofWay !== undefined) return describe(way, ofWay)
  let needed = walk.trace
  let message = await breakOf(worlds, start, needed)
  if (message === undefined) return describe(needed, `${(error as Error).message} (once)`)
  for (let index = 0; index < needed.length;) {
    const shorter = needed.toSpliced(index, 1)
    const ofShorter = await breakOf(worlds, start, shorter)
    if (ofShorter === undefined) index += 1
    else [needed, message] = [shorter, ofShorter]
  }
  // What is undone later, as by `show` after `hide`, goes together.
  for (let last = 0; last < needed.length; last += 1) {
    for (let first = 0; first <= last; first += 1) {
      const shorter = needed.filter((_, index) => index !== first && index !== last)
      const ofShorter = await breakOf(worlds, start, shorter)
      if (ofShorter === undefined) continue
      ;[needed, message, last] = [shorter, ofShorter, -1]
      break
    }
  }
  return describe(needed, message)
}

/** Every state that some way of a length leads to, each way in a world of its own. */
export async function statesOfEveryWay(worlds: Worlds, start: number, depth: number): Promise<Set<string>> {
  const states = new Set<string>()
  let ways: readonly (readonly Step[])[] = [[]]
  for (let length = 0; length <= depth; length += 1) {
    const longer: Step[][] = []
    for (const way of ways) {
      const walk = new Walk(worlds, start)
      for (const step of way) await walk.take(step)
      states.add(walk.state)
      for (const step of walk.world.possible(worlds.switches)) longer.push([...way, step])
      walk.world.end()
    }
    ways = longer
  }
  return states
}
