import { type QueryKey, environmentManager } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import { afterAll, describe, expect, it } from 'vitest'
import { type Exploration, explore } from './explore.ts'
import { kindsOfSteps } from './smallWorld.ts'

/** How many steps: `EXHAUST_DEPTH`, or fewer in a plain run of the tests. */
export const depthFor = (byDefault: number): number => Number(process.env.EXHAUST_DEPTH ?? byDefault)

/** `EXHAUST_PART=2/3` takes the last step from the second third of the states only: for several runs beside each other. */
function partAsked(): Exploration['part'] {
  const asked = process.env.EXHAUST_PART
  if (asked === undefined) return undefined
  const [part = NaN, every = NaN] = asked.split('/').map(Number)
  if (!(part >= 1 && part <= every)) throw new Error(`Expected EXHAUST_PART to be like 2/3, got '${asked}'.`)
  return { first: part - 1, every }
}

/** At which depth every kind of step is possible under every strategy. */
const DEPTH_OF_ALL = 3

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
        const part = partAsked()
        const starts = names.map((strategy) => ({ strategy }))
        const { states, tried, worlds, broken } = await explore({
          keys,
          starts,
          switches: next(names, others),
          depth,
          part,
        })
        const under = (strategy: string): number => [...states].filter((hash) => hash.includes(`"${strategy}"`)).length
        const counts = [...names, 'stopped'].map((name) => `${name} ${under(name)}`)
        console.log(
          `${JSON.stringify(keys)}, ${depth} steps${part ? ` (part ${process.env.EXHAUST_PART})` : ''}, from each strategy to ${others} others: ${states.size} states (${counts.join(', ')}), in ${worlds} worlds; tried in a state: ${[...tried].map(([what, times]) => `${what} ${times}`).join(', ')}`,
        )
        expect(broken).toBeUndefined()
        for (const name of names) expect(under(name)).toBeGreaterThan(10)
        const neverTried = kindsOfSteps.filter((what) => !tried.has(what))
        expect(depth < DEPTH_OF_ALL ? [] : neverTried).toEqual([])
      },
      60 * 60_000,
    )
  })
}
