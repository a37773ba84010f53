import { type QueryKey, environmentManager } from '@tanstack/react-query'
import { type StrategyName, SharedWindow, defineStrategy } from 'realtime-coalescer'
import { afterAll, describe, expect, it } from 'vitest'
import { strategyNames } from '../../src/machines/strategies.ts'
import { explore } from './explore.ts'

const depthFor = (byDefault: number): number => Number(process.env.EXHAUST_DEPTH ?? byDefault)
const worlds: readonly [name: string, depth: number, keys: readonly QueryKey[]][] = [
  ['one query', depthFor(3), [['a']]],
  ['a query and one below it', depthFor(2), [['a'], ['a', 'b']]],
]

/** The two that follow, so that a row of switches comes by all of them. */
function switches(from: string): readonly StrategyName[] {
  const at = strategyNames.findIndex((name) => name === from)
  return [1, 2].map((further) => strategyNames[(at + further) % strategyNames.length] ?? 'debounce')
}

environmentManager.setIsServer(() => false)
afterAll(() => environmentManager.setIsServer(() => typeof window === 'undefined'))

describe.each(worlds)('%s', (name, depth, keys) => {
  it(
    `keeps the promises under every strategy in every interleaving of ${depth} steps`,
    async () => {
      const starts = strategyNames.map((strategy) => ({ strategy }))
      const { states, ways, broken } = await explore({ keys, starts, switches, depth })
      const under = (strategy: string): number => [...states].filter((hash) => hash.includes(`"${strategy}"`)).length
      const counts = strategyNames.map((strategy) => `${under(strategy)} under ${strategy}`)
      console.log(
        `${name}, ${depth} steps: ${states.size} states by ${ways} ways, ${counts.join(', ')}, ${under('stopped')} stopped`,
      )
      expect(broken).toBeUndefined()
      for (const strategy of strategyNames) expect(under(strategy)).toBeGreaterThan(10)
    },
    60 * 60_000,
  )
})

it('finds the shortest way in which a strategy that forgets is wrong', async () => {
  const forgetful = defineStrategy({
    quietMs: 100,
    windows: (port) => Object.assign(new SharedWindow(port), { noteEvent: () => void port.queue.takeKeys() }),
  })
  // The options know the built-in strategies; that this one is not among them is what its name is for.
  const start = { strategies: { forgetful }, strategy: 'forgetful' } as object
  const { broken } = await explore({ keys: [['a']], starts: [start], switches: () => [], depth: 2 })
  expect(broken).toBe('forgetful: event 0: G1: query 0 shows 0 of 1, and is idle')
})
