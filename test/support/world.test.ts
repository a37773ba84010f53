import { hashKey } from '@tanstack/react-query'
import { expect, it } from 'vitest'
import { advance, useSimulatedTime } from './simulatedTime.ts'
import { createWorld } from './world.ts'

useSimulatedTime()

it('shows the version a request saw at its start, and a later one once the coalescer has refetched', async () => {
  const { server, showLoaded, change, flushed } = createWorld({ quietMs: 100 })
  const goals = await showLoaded(['goals', 1])
  expect(goals.version()).toBe(0)
  change(['goals'])
  await advance(100)
  server.write(['goals'])
  await advance(100)
  expect(goals.version()).toBe(1)
  expect(flushed.map(({ reason, fetched }) => ({ reason, fetched }))).toEqual([
    { reason: 'quiet', fetched: [hashKey(['goals', 1])] },
  ])
  expect(server.requests.map(({ startedAtMs, endedAtMs }) => [startedAtMs, endedAtMs])).toEqual([
    [0, 100],
    [200, 300],
  ])
})
