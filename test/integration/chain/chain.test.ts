import type { StrategyName } from 'realtime-coalescer'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import { record } from '../../../demo/shared/scenarios.ts'
import { strategyNames } from '../../../demo/shared/strategies.ts'
import { until } from '../../../demo/shared/until.ts'
import { type Chain, connectChain, endChains } from './world.ts'
import { requestsOfCheckIn } from '../../support/requestsOfCheckIn.ts'

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.stop())
beforeEach(() => {
  backend.api.setLatencyMs(0)
  backend.api.resetCounts()
})
afterEach(endChains)

const coalescing = strategyNames.filter((name) => name !== 'direct')

/** An app with every query on screen and loaded, and no request counted yet. */
async function showEverything(strategy: StrategyName): Promise<Chain> {
  const chain = await connectChain(backend, { strategy })
  chain.show()
  await chain.calm()
  backend.api.resetCounts()
  return chain
}

describe.each(coalescing)('under %s', (strategy) => {
  it('regenerating the motivation leads to exactly one request for it', async () => {
    const chain = await showEverything(strategy)
    const { data } = await chain.api.regenerate()
    await chain.calm()
    expect(backend.api.counts()).toEqual({
      'GET /api/daily-motivations/today': 1,
      'GET /api/home-dashboard': 1,
      'POST /api/daily-motivations/regenerate': 1,
    })
    expect(chain.queryClient.getQueryData(chain.queries.motivation.queryKey)?.data).toEqual(data)
  })

  it('a check-in with all its triggers leads to exactly one request for each endpoint it affects', async () => {
    const chain = await showEverything(strategy)
    await chain.api.checkIn({ goalId: 2, mood: 5 })
    await chain.calm()
    expect(backend.api.counts()).toEqual(requestsOfCheckIn)
    for (const { shown, actual } of await chain.compare()) expect(shown).toEqual(actual)
  })
})

describe('under direct', () => {
  it('regenerating the motivation leads to a request for each of its two changes', async () => {
    const chain = await showEverything('direct')
    await chain.api.regenerate()
    await chain.calm()
    expect(chain.counted('motivation')).toBe(2)
  })

  it('every change starts one request of each query it touches, as fetchesSaved of the others counts', async () => {
    const [direct, debounce] = [await showEverything('direct'), await showEverything('debounce')]
    const before = debounce.coalescer.getSnapshot().stats
    direct.requests.reset()
    await backend.playStorm({ recorded: record(20, 5) })
    await Promise.all([direct.calm(), debounce.calm()])
    const { stats } = debounce.coalescer.getSnapshot()
    const saved = stats.fetchesSaved - before.fetchesSaved
    const started = stats.fetchesStarted - before.fetchesStarted
    expect(saved + started).toBe(direct.requests.total)
    expect(started).toBeLessThan(saved)
  })
})

describe('a change that lands', () => {
  it('during the first fetch of a query is shown after exactly one more', async () => {
    const chain = await connectChain(backend)
    backend.api.setLatencyMs(1000)
    chain.show('goals')
    await until(() => chain.counted('goals') === 1, 'the first request')
    await chain.api.updateGoal(1, { title: 'During the first fetch' })
    await chain.calm()
    expect(chain.counted('goals')).toBe(2)
    for (const { shown, actual } of await chain.compare()) expect(shown).toEqual(actual)
  })

  it('during a refetch is shown after exactly one more', async () => {
    const chain = await connectChain(backend)
    chain.show('analytics')
    await chain.calm()
    backend.api.resetCounts()
    backend.api.setLatencyMs(1000)
    await chain.api.updateGoal(1, { title: 'Starts a refetch' })
    await until(() => chain.counted('analytics') === 1, 'the refetch')
    await chain.api.updateGoal(1, { title: 'During the refetch' })
    await chain.calm()
    expect(chain.counted('analytics')).toBe(2)
    for (const { shown, actual } of await chain.compare()) expect(shown).toEqual(actual)
  })

  it('straight in the database, past the API, reaches the screen', async () => {
    const chain = await connectChain(backend)
    chain.show('goals')
    await chain.calm()
    await backend.db.query(`update public.goals set title = 'Past the API' where id = 3 and user_id = 7`)
    await chain.calm()
    const goals = chain.queryClient.getQueryData(chain.queries.goals.queryKey)
    expect(goals?.data.find(({ id }) => id === 3)?.title).toBe('Past the API')
  })

  it('while its query is not on screen leads to no request until it is shown again', async () => {
    const chain = await connectChain(backend)
    chain.show('partners')
    await chain.queryClient.prefetchQuery(chain.queries.goals)
    await chain.calm()
    backend.api.resetCounts()
    await chain.api.updateGoal(2, { title: 'Unseen' })
    await backend.playStorm({ recorded: record(1, 0, ['partner']) })
    await chain.calm()
    expect([chain.counted('goals'), chain.counted('partners')]).toEqual([0, 1])
    chain.show('goals')
    await chain.calm()
    expect(chain.counted('goals')).toBe(1)
  })
})

describe.each(strategyNames)('after a storm under %s', (strategy) => {
  it('the screen equals the database', async () => {
    const chain = await showEverything(strategy)
    backend.api.setLatencyMs(30)
    await backend.playStorm({ recorded: record(60, 10) })
    await chain.calm()
    for (const { shown, actual } of await chain.compare()) expect(shown).toEqual(actual)
  })
})
