import type { ChangeEffects, ChangeHandler, StrategyName } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { changeOf as eventChange } from '../support/changeOf.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const goals = ['goals']
const patch = [{ queryKey: goals, update: (old: unknown) => old ?? {} }]
const strategies: StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'direct']

/** What a handler does, and how many requests three of its changes are under `direct`. */
const kinds: [string, ChangeEffects, number][] = [
  ['invalidates', { invalidate: [goals] }, 3],
  ['patches', { patch }, 0],
  ['patches and invalidates', { patch, invalidate: [goals] }, 3],
  ['patches and refetches', { patch, refetch: [goals] }, 3],
  ['patches and invalidates the parent', { patch, invalidate: [[]] }, 3],
]

/** How many requests three changes lead to that come while those before them are answered. */
async function requestsOfThree(strategy: StrategyName, effects: ChangeEffects, way: 'event' | 'service') {
  const handle: ChangeHandler = () => effects
  const world = createFeedWorld({ strategy, firstCatchUp: 'off', tables: { goals: { handle, catchUp: [goals] } } })
  await world.showLoaded(goals)
  await world.goLive()
  world.server.latencyMs = () => 400
  const before = world.server.requestsOf(goals).length
  for (const id of [1, 2, 3]) {
    if (way === 'service') world.supabase.current.change(changeOf('INSERT', { new: { id } }))
    else world.coalescer.send({ type: 'CHANGE', change: eventChange('goals', id), handler: handle })
    await advance(50)
  }
  await advance(5_000)
  await drain()
  return world.server.requestsOf(goals).length - before
}

describe.each(strategies)('the same changes under %s', (strategy) => {
  it.each(kinds)('cost as many requests as events as through the service, when the handler %s', async (_, effects) => {
    expect(await requestsOfThree(strategy, effects, 'event')).toBe(await requestsOfThree(strategy, effects, 'service'))
  })
})

it.each(kinds)('under direct three changes start a request each, when the handler %s', async (_, effects, requests) => {
  expect(await requestsOfThree('direct', effects, 'event')).toBe(requests)
})
