import { SharedWindow, defineStrategy } from 'realtime-coalescer'
import { expect, it } from 'vitest'
import { strategyNames } from '../../src/machines/strategies.ts'
import { explore } from './explore.ts'
import { depthFor, keepsPromises, next } from './keepsPromises.ts'
import { statesOfEveryWay } from './walk.ts'

keepsPromises([['a']], strategyNames, 2, depthFor(3))

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

it('misses no state by trying each step in each state only once', async () => {
  const worlds = { keys: [['a']], starts: [{ strategy: 'debounce' as const }], switches: next(strategyNames, 1) }
  const { states } = await explore({ ...worlds, depth: 3 })
  expect([...states].sort()).toEqual([...(await statesOfEveryWay(worlds, 0, 3))].sort())
})
