import { setTimeout as sleep } from 'node:timers/promises'
import { MutationObserver } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import { checkInOptions, followCheckIns } from '../../../demo/shared/checkIn.ts'
import { strategyNames } from '../../../demo/shared/strategies.ts'
import { until } from '../../../demo/shared/until.ts'
import { type Chain, connectChain, endChains } from './world.ts'
import { requestsOfCheckIn } from '../../support/requestsOfCheckIn.ts'

const goalId = 1
let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.stop())
beforeEach(() => {
  backend.api.setLatencyMs(20)
  backend.realtime.faults.reset()
})
afterEach(endChains)

interface ClickedChain extends Chain {
  /** The check-ins that the goal has shown, one after the other. */
  readonly shown: readonly number[]
  /** Checks in, with an API that takes so long for it. */
  click(answerMs?: number): Promise<unknown>
}

/** An app with every query on screen and loaded, and no request counted yet. */
async function showEverything(strategy: StrategyName): Promise<ClickedChain> {
  const chain = await connectChain(backend, { strategy })
  const { shown } = followCheckIns(chain, goalId)
  chain.show()
  await chain.calm()
  backend.api.resetCounts()
  const { mutationFn, ...options } = checkInOptions(chain)
  return {
    ...chain,
    shown,
    click: (answerMs = 0) =>
      new MutationObserver(chain.queryClient, {
        ...options,
        mutationFn: async (...args) => {
          await sleep(answerMs)
          const row = await mutationFn?.(...args)
          await sleep(answerMs)
          if (row === undefined) throw new Error('Expected the row of the check-in, got none.')
          return row
        },
      }).mutate({ id: goalId }),
  }
}

describe.each(strategyNames)('one click on a list with an optimistic write, under %s', (strategy) => {
  it('costs one request for each endpoint that it and its triggers touch, and goes from old to new', async () => {
    const chain = await showEverything(strategy)
    const [before = Number.NaN] = chain.shown
    const changesBefore = chain.wire.changes
    backend.realtime.faults.set({ pausePolls: true })
    await chain.click()
    // The changes come when all that the click asks for has been fetched.
    await chain.coalescer.settled()
    backend.realtime.faults.set({ pausePolls: false })
    await chain.calm()
    // Its own row, and those of three tables that triggers write.
    expect(chain.wire.changes - changesBefore).toBe(5)
    expect(backend.api.counts()).toEqual(requestsOfCheckIn)
    expect(chain.shown).toEqual([before, before + 1])
    for (const { shown, actual } of await chain.compare()) expect(shown).toEqual(actual)
  })
})

describe.each(['debounce', 'direct'] as const)('one click among changes of others, under %s', (strategy) => {
  it('goes from old to new with a request running before it and changes of others during it', async () => {
    const chain = await showEverything(strategy)
    backend.api.setLatencyMs(150)
    backend.realtime.faults.set({ deliveryDelayMs: 450 })
    const [before = Number.NaN] = chain.shown
    const write = (title: string) => backend.db.query('update public.goals set title = $1 where id = 2', [title])
    await write('Before the click')
    await until(() => chain.counted('goals') === 1, 'a request')
    await write('While it runs')
    const clicked = chain.click(200)
    await write('During the click')
    await clicked
    await write('After the click')
    await chain.calm()
    expect(chain.shown).toEqual([before, before + 1])
    for (const { shown, actual } of await chain.compare()) expect(shown).toEqual(actual)
  })
})
