import type { QueryKey } from '@tanstack/react-query'
import type { CoalescerOptions, StrategyName } from 'realtime-coalescer'
import { SmallWorld, type Step } from './smallWorld.ts'

interface Exploration {
  readonly keys: readonly QueryKey[]
  /** What the worlds start with, one for each. */
  readonly starts: readonly CoalescerOptions[]
  /** The strategies to switch to, from each. */
  readonly switches: (from: string) => readonly StrategyName[]
  readonly depth: number
  /** Whether to go on from a state only once. @default true */
  readonly merges?: boolean
}

/** A way from one of the starts. */
interface Way {
  readonly start: number
  readonly steps: readonly Step[]
}

/** The states there are, by what makes them the same; how many ways were walked; and the first that breaks a rule. */
export interface Explored {
  readonly states: ReadonlySet<string>
  readonly ways: number
  readonly broken: string | undefined
}

/**
 * Walks every interleaving of steps up to a depth on the real code, each state once, whichever start has led to it, and
 * lets each come to rest.
 */
export async function explore({ keys, starts, switches, depth, merges = true }: Exploration): Promise<Explored> {
  const states = new Set<string>()
  let ways = 0

  /** Takes a way from the start; returns what may happen where it leads, if that is new. */
  const walk = async ({ start, steps }: Way): Promise<readonly Step[]> => {
    const world = new SmallWorld(keys, starts[start] ?? {})
    try {
      for (const step of steps) await world.take(step)
      const hash = world.hash()
      if (merges && states.has(hash)) return []
      states.add(hash)
      const next = world.possible(switches)
      await world.expectFresh()
      return next
    } finally {
      world.end()
    }
  }

  let frontier: readonly Way[] = starts.map((_options, start) => ({ start, steps: [] }))
  for (let length = 0; length <= depth; length += 1) {
    const longer: Way[] = []
    for (const way of frontier) {
      ways += 1
      try {
        const next = await walk(way)
        if (length < depth) for (const step of next) longer.push({ start: way.start, steps: [...way.steps, step] })
      } catch (error) {
        const strategy = String(starts[way.start]?.strategy)
        return { states, ways, broken: `${strategy}: ${way.steps.join(', ')}: ${(error as Error).message}` }
      }
    }
    frontier = longer
  }
  return { states, ways, broken: undefined }
}
