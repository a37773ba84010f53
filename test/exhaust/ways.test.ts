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
      .map((lag) => (lag === 0 ? 'fresh' : 'let go'))
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

it('a request of a mount that hangs since before the flush answers an event no more once the app has cancelled it', async () => {
  const hidden: readonly Step[] = ['unmount 0', 'event 0', 'hide', 'event 0', 'mount 0', 'switch batch']
  expect(await walk('direct', [...hidden, 'hangs', 'show', 'cancel 0'])).toBe('fresh')
})

/** Long enough for every strategy to have flushed. */
const flushed: readonly Step[] = ['tick', 'tick', 'tick']

describe.each<StrategyName>(strategyNames)('%s', (strategy) => {
  it('leaves a query marked that was inactive at the flush, and the fetch of whose mount the app cancels', async () => {
    expect(await walk(strategy, ['unmount 0', 'event 0', ...flushed, 'mount 0', 'cancel 0'])).toBe('let go')
  })

  it('fetches a query that was active at the flush, whatever the app has cancelled of it while inactive and at its mount', async () => {
    const cancelled: readonly Step[] = ['unmount 0', 'cancel 0', 'mount 0', 'cancel 0']
    expect(await walk(strategy, ['event 0', ...flushed, ...cancelled])).toBe('fresh')
  })

  it('fetches it also if the app has cancelled its fetch first, and again in the shadow of a hidden page', async () => {
    const cancelled: readonly Step[] = ['cancel 0', 'unmount 0', ...flushed, 'mount 0', 'hide', 'cancel 0', 'show']
    expect(await walk(strategy, ['event 0', ...flushed, ...cancelled])).toBe('fresh')
  })

  it('lets a request that fails end what was owed, be it that of a mount', async () => {
    const failed: readonly Step[] = ['unmount 0', 'cancel 0', 'mount 0', 'fails 0']
    expect(await walk(strategy, ['event 0', ...flushed, ...failed])).toBe('let go')
  })

  it('fetches a query whose fetch at the mount the app has cancelled, when it changes once more', async () => {
    const letGo: readonly Step[] = ['unmount 0', 'event 0', ...flushed, 'mount 0', 'cancel 0']
    expect(await walk(strategy, [...letGo, 'event 0'])).toBe('fresh')
  })

  it('fetches a query that was inactive at the end of the mutation which had held its fetch', async () => {
    const held: readonly Step[] = ['mutate 0', 'event 0', ...flushed, 'unmount 0', 'mutated', ...flushed]
    expect(await walk(strategy, [...held, 'mount 0', 'cancel 0'])).toBe('fresh')
  })

  it('fetches again what the app cancels of a query that was active at the flush', async () => {
    expect(await walk(strategy, ['event 0', ...flushed, 'cancel 0'])).toBe('fresh')
  })
})
