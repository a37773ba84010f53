import type { QueryKey } from '@tanstack/react-query'
import type { CoalescerOptions, StrategyName } from 'realtime-coalescer'
import { SmallWorld, type Step } from './smallWorld.ts'

interface Exploration {
  readonly keys: readonly QueryKey[]
  readonly options: CoalescerOptions
  /** The strategies to switch to. */
  readonly others: readonly StrategyName[]
  readonly depth: number
}

/** How many states and steps there are, and the first way that breaks a rule. */
export interface Explored {
  readonly states: number
  readonly steps: number
  readonly broken: string | undefined
}

/** Walks every interleaving of steps up to a depth, each state once, on the real code, and lets each come to rest. */
export async function explore({ keys, options, others, depth }: Exploration): Promise<Explored> {
  const seen = new Set<string>()
  let steps = 0

  /** Takes a way from the start; returns where it leads, and what may happen there. */
  const walk = async (way: readonly Step[], isNew: (hash: string) => boolean): Promise<readonly Step[]> => {
    const world = new SmallWorld(keys, options)
    try {
      for (const step of way) await world.take(step)
      if (!isNew(world.hash())) return []
      const next = world.possible(others)
      await world.expectFresh()
      return next
    } finally {
      world.end()
    }
  }

  let frontier: readonly (readonly Step[])[] = [[]]
  for (let length = 0; length <= depth; length += 1) {
    const longer: Step[][] = []
    for (const way of frontier) {
      steps += 1
      try {
        const isNew = (hash: string): boolean => !seen.has(hash) && Boolean(seen.add(hash))
        for (const step of await walk(way, isNew)) longer.push([...way, step])
      } catch (error) {
        return { states: seen.size, steps, broken: `${way.join(', ')}: ${(error as Error).message}` }
      }
    }
    frontier = longer
  }
  return { states: seen.size, steps, broken: undefined }
}
