import { readFile } from 'node:fs/promises'
import { broadcastSql } from 'realtime-coalescer/sql'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import { demoTopic, feedNames } from '../../../demo/shared/feeds.ts'
import { playScenario } from '../../../demo/shared/playScenario.ts'
import { formatScenario } from '../../../demo/shared/stormReport.ts'
import { keysOfTable } from '../../../demo/shared/tables.ts'
import { until } from '../../../demo/shared/until.ts'
import { connectChain, endChains } from './world.ts'

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.stop())
afterEach(endChains)

it("the demo's topic is what the package's own SQL makes", async () => {
  const migration = new URL('../../../demo/supabase/migrations/20261101000400_broadcast.sql', import.meta.url)
  const sql = broadcastSql({ tables: Object.keys(keysOfTable), topic: demoTopic, send: 'rows' })
  expect(await readFile(migration, 'utf8')).toContain(sql)
})

describe('the same storm through postgres_changes and through Broadcast', () => {
  it.each(['direct', 'debounce'] as const)('costs the same requests under %s', async (strategy) => {
    const results = []
    for (const feed of feedNames) results.push(await playScenario(backend, 'b', strategy, feed))
    const [first, second] = results
    expect(second?.requests).toEqual(first?.requests)
    expect(results.map(({ changes }) => changes)).toEqual([5, 5])
    expect(formatScenario('b', results)).toMatch(/postgres_changes +5 .*\n.* broadcast +5 /)
  })
})

it('a feed takes over from the other one with one catch-up, and tells of what comes then', async () => {
  const chain = await connectChain(backend, { firstCatchUp: 'refetch' })
  chain.show('goals')
  await chain.calm()
  chain.realtime.stop()
  await chain.api.updateGoal(1, { title: 'Between the feeds' })
  backend.api.resetCounts()
  const broadcast = chain.realtimeOf('broadcast')
  expect(chain.realtimeOf('broadcast')).toBe(broadcast)
  broadcast.initialize(chain.queryClient)
  const title = () =>
    chain.queryClient.getQueryData(chain.queries.goals.queryKey)?.data.find(({ id }) => id === 1)?.title
  await until(() => title() === 'Between the feeds', 'the catch-up')
  await chain.api.updateGoal(1, { title: 'Through the other feed' })
  await until(() => title() === 'Through the other feed', 'the change')
  await chain.coalescer.settled()
  expect(chain.counted('goals')).toBe(2)
})
