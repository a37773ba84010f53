import { type QueryKey, environmentManager } from '@tanstack/react-query'
import { type StrategyName, SharedWindow, defineStrategy } from 'realtime-coalescer'
import { afterAll, describe, expect, it } from 'vitest'
import { strategyNames } from '../../src/machines/strategies.ts'
import { explore } from './explore.ts'

const depth = Number(process.env.EXHAUST_DEPTH ?? 2)
const worlds: readonly [string, readonly QueryKey[]][] = [
  ['one query', [['a']]],
  ['a query and one below it', [['a'], ['a', 'b']]],
]
/** What a switch leads to: one that waits, and one that does not. */
const othersOf = (strategy: StrategyName): readonly StrategyName[] =>
  (['debounce', 'hybrid', 'direct'] as const).filter((one) => one !== strategy).slice(0, 2)

environmentManager.setIsServer(() => false)
afterAll(() => environmentManager.setIsServer(() => typeof window === 'undefined'))

describe.each(worlds)('%s', (name, keys) => {
  it.each<StrategyName>(strategyNames)(
    `under %s keeps its promises in every interleaving of ${depth} steps`,
    async (strategy) => {
      const { states, steps, broken } = await explore({
        keys,
        options: { strategy },
        others: othersOf(strategy),
        depth,
      })
      console.log(`${name}, ${strategy}, depth ${depth}: ${states} states, ${steps} ways`)
      expect(broken).toBeUndefined()
      expect(states).toBeGreaterThan(10)
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
  const options = { strategies: { forgetful }, strategy: 'forgetful' } as object
  const { broken } = await explore({ keys: [['a']], options, others: [], depth: 2 })
  expect(broken).toBe('event 0: G1: query 0 shows 0 of 1, and is idle')
})
