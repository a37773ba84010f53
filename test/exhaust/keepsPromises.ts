import { type QueryKey, environmentManager } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import { afterAll, describe, expect, it } from 'vitest'
import { explore } from './explore.ts'

/** How many steps: `EXHAUST_DEPTH`, or fewer in a plain run of the tests. */
export const depthFor = (byDefault: number): number => Number(process.env.EXHAUST_DEPTH ?? byDefault)

/** The names that follow one, so that a row of switches comes by all of them. */
export const next =
  (names: readonly StrategyName[], count: number) =>
  (from: string): readonly StrategyName[] => {
    const at = names.findIndex((name) => name === from)
    return names
      .slice(at + 1)
      .concat(names.slice(0, at))
      .slice(0, count)
  }

/** The worlds of these keys that start under each strategy, and switch to as many of the others. */
export function keepsPromises(
  keys: readonly QueryKey[],
  names: readonly StrategyName[],
  others: number,
  depth: number,
) {
  environmentManager.setIsServer(() => false)
  afterAll(() => environmentManager.setIsServer(() => typeof window === 'undefined'))

  describe(`${JSON.stringify(keys)} under ${names.join(', ')}`, () => {
    it(
      `keeps the promises in every interleaving of ${depth} steps`,
      async () => {
        const starts = names.map((strategy) => ({ strategy }))
        const { states, ways, broken } = await explore({ keys, starts, switches: next(names, others), depth })
        const under = (strategy: string): number => [...states].filter((hash) => hash.includes(`"${strategy}"`)).length
        const counts = [...names, 'stopped'].map((name) => `${name} ${under(name)}`)
        console.log(
          `${JSON.stringify(keys)}, ${depth} steps, from each strategy to ${others} others: ${states.size} states by ${ways} ways (${counts.join(', ')})`,
        )
        expect(broken).toBeUndefined()
        for (const name of names) expect(under(name)).toBeGreaterThan(10)
      },
      60 * 60_000,
    )
  })
}
