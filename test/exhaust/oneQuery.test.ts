import { SharedWindow, defineStrategy } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { strategyNames } from '../../src/machines/strategies.ts'
import { explore } from './explore.ts'
import { depthFor, keepsPromises, next } from './keepsPromises.ts'
import { Walk, shortestBreak, statesOfEveryWay } from './walk.ts'

keepsPromises([['a']], strategyNames, 2, depthFor(3))

describe('a strategy that forgets', () => {
  const forgetful = defineStrategy({
    quietMs: 100,
    windows: (port) => Object.assign(new SharedWindow(port), { noteEvent: () => void port.queue.takeKeys() }),
  })
  // The options know the built-in strategies; that this one is not among them is what its name is for.
  const start = { strategies: { forgetful }, strategy: 'forgetful' } as object
  const worlds = { keys: [['a']], starts: [start], switches: () => [] }
  const wrong = 'forgetful: event 0: G1: query 0 shows 0 of 1, and is idle'

  it('is found to be wrong by the shortest way', async () => {
    expect((await explore({ ...worlds, depth: 2 })).broken).toBe(wrong)
  })

  it('is found to be wrong by all that has happened to a world, shortened to what is needed', async () => {
    const walk = new Walk(worlds, 0)
    for (const step of ['hide', 'tick', 'show', 'event 0', 'unmount 0', 'mount 0', 'hide'] as const)
      await walk.take(step)
    walk.world.end()
    expect(await shortestBreak(worlds, walk, ['tick'], new Error('G1'))).toBe(wrong)
  })
})

it('misses no state by trying each step in each state only once', async () => {
  const worlds = { keys: [['a']], starts: [{ strategy: 'debounce' as const }], switches: next(strategyNames, 1) }
  const { states } = await explore({ ...worlds, depth: 3 })
  expect([...states].sort()).toEqual([...(await statesOfEveryWay(worlds, 0, 3))].sort())
})
