import { environmentManager } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { strategyNames } from '../../src/machines/strategies.ts'
import { SmallWorld, type Step } from './smallWorld.ts'

beforeAll(() => environmentManager.setIsServer(() => false))
afterAll(() => environmentManager.setIsServer(() => typeof window === 'undefined'))

/** Takes a way; returns how old each screen is once all has come to rest, or what rule is broken. */
async function walk(strategy: StrategyName, steps: readonly Step[]): Promise<string> {
  const world = new SmallWorld([['a']], { strategy })
  try {
    for (const step of steps) await world.take(step)
    await world.expectFresh()
    return world
      .lags()
      .map((lag) => (lag === 0 ? 'fresh' : 'waived'))
      .join()
  } catch (error) {
    return (error as Error).message
  } finally {
    world.end()
  }
}

it('a request of a mount that hangs answers an event no more once the app has cancelled it', async () => {
  expect(await walk('hybrid', ['event 0', 'tick', 'unmount 0', 'mount 0', 'hangs', 'cancel 0'])).toBe('fresh')
})

it('a query that owes a fetch beyond one that hangs has it started if it is shown again before that one ends', async () => {
  const beyond: readonly Step[] = ['event 0', 'tick', 'event 0', 'tick', 'unmount 0', 'hangs', 'mount 0']
  expect(await walk('debounce', beyond)).toBe('fresh')
})

/** Long enough for every strategy to have flushed. */
const flushed: readonly Step[] = ['tick', 'tick', 'tick']

describe.each<StrategyName>(strategyNames)('%s', (strategy) => {
  it('leaves a query marked that was inactive at the flush, and the fetch of whose mount the app cancels', async () => {
    expect(await walk(strategy, ['unmount 0', 'event 0', ...flushed, 'mount 0', 'cancel 0'])).toBe('waived')
  })

  it('leaves a query marked that the app cancels the fetch of, once inactive and once more at its mount', async () => {
    const cancelled: readonly Step[] = ['unmount 0', 'cancel 0', 'mount 0', 'cancel 0']
    expect(await walk(strategy, ['event 0', ...flushed, ...cancelled])).toBe('waived')
  })

  it('fetches a query whose fetch at the mount the app has cancelled, when it changes once more', async () => {
    const waived: readonly Step[] = ['unmount 0', 'event 0', ...flushed, 'mount 0', 'cancel 0']
    expect(await walk(strategy, [...waived, 'event 0'])).toBe('fresh')
  })

  it('leaves a query marked that was inactive at the end of the mutation which had held its fetch', async () => {
    const held: readonly Step[] = ['mutate 0', 'event 0', ...flushed, 'unmount 0', 'mutated', ...flushed]
    expect(await walk(strategy, [...held, 'mount 0', 'cancel 0'])).toBe('waived')
  })

  it('fetches again what the app cancels of a query that was active at the flush', async () => {
    expect(await walk(strategy, ['event 0', ...flushed, 'cancel 0'])).toBe('fresh')
  })
})
