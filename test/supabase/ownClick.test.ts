import { MutationObserver } from '@tanstack/react-query'
import { type StrategyName, coalesceQueryClient } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const strategies: readonly StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'adaptive', 'direct']
const row = { id: 7, title: 'Run' }
const commit_timestamp = '2026-01-01T10:00:01.000001Z'
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(strategies)('a click through a coalesced client under %s', (strategy) => {
  it.each([true, false])('costs one request for each query, with urgentInMutations: %s', async (urgentInMutations) => {
    const { coalescer, queryClient, realtime, server, ...world } = createFeedWorld({ strategy })
    for (const name of ['goals', 'partners']) await world.showLoaded([name])
    await world.goLive()
    const client = coalesceQueryClient(queryClient, coalescer, { urgentInMutations })
    const click = new MutationObserver(client, {
      mutationFn: async () => {
        await sleep(20)
        for (const name of ['goals', 'partners']) server.write([name])
        await sleep(20)
        return row
      },
      onMutate: async () => {
        await client.cancelQueries({ queryKey: ['goals'] })
        client.setQueryData(['goals'], { version: 1 })
      },
      onSuccess: (written) => realtime.own('goals', written),
      onSettled: () =>
        Promise.all([
          client.invalidateQueries({ queryKey: ['goals'] }),
          client.invalidateQueries({ queryKey: ['partners'] }),
        ]),
    })
    click.mutate().catch(() => undefined)
    await advance(2_000)
    expect(click.getCurrentResult().status).toBe('success')
    realtime.handleChange(changeOf('UPDATE', { new: row, commit_timestamp }))
    realtime.handleChange(changeOf('INSERT', { table: 'partners', new: { id: 1 }, commit_timestamp }))
    await advance(5_000)
    for (const name of ['goals', 'partners']) {
      expect(server.requestsOf([name])).toHaveLength(2)
      expect(queryClient.getQueryData([name])).toEqual({ version: 1 })
    }
  })
})
