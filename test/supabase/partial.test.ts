import type { ChangeEffects, ChangeHandler, StrategyName } from 'realtime-coalescer'
import type { TableOptions } from 'realtime-coalescer/supabase'
import { describe, expect, it, vi } from 'vitest'
import { changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const strategies: StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'direct']

/** A live world that shows `['goals']`, with a handler whose effects replace what is shown. */
async function showGoals(rules: object = {}, strategy: StrategyName = 'debounce', server = new SimulatedServer()) {
  const handle = vi.fn<ChangeHandler>(({ new: row }): ChangeEffects => ({
    patch: [{ queryKey: ['goals'], update: () => ({ version: -1, row }) }],
  }))
  const goals = { handle, catchUp: [['goals']], ...rules } as TableOptions
  const world = createFeedWorld({ strategy, server, tables: { goals }, firstCatchUp: 'off' })
  const screen = await world.showLoaded(['goals'])
  await world.goLive()
  const requests = () => world.server.requestsOf(['goals']).length - 1
  return { ...world, handle, screen, requests }
}

describe.each(strategies)('under %s', (strategy) => {
  it('an UPDATE without a large value replaces nothing: it is fetched', async () => {
    const { supabase, handle, requests, server, screen } = await showGoals({}, strategy)
    supabase.current.change(changeOf('INSERT', { new: { id: 1, n: 1, body: 'large' } }))
    await advance(1_000)
    server.write(['goals'])
    supabase.current.change(changeOf('UPDATE', { new: { id: 1, n: 2 } }))
    await advance(1_000)
    expect([handle.mock.calls.length, requests(), screen.version()]).toEqual([1, 1, 1])
  })

  it('an UPDATE that was taken for whole is fetched once a change shows more columns', async () => {
    const { supabase, handle, requests } = await showGoals({}, strategy)
    supabase.current.change(changeOf('UPDATE', { new: { id: 1, n: 2 } }))
    await advance(1_000)
    expect(requests()).toBe(0)
    supabase.current.change(changeOf('UPDATE', { new: { id: 2, n: 2, body: 'large' } }))
    await advance(1_000)
    expect([handle.mock.calls.length, requests()]).toEqual([2, 1])
  })

  it.each([
    ['an index', { id: 1, code: 'c1', n: 1 }, { code: 'c1' }],
    ['a key of several columns', { user_id: 7, day: 1, n: 1 }, { user_id: 7, day: 1 }],
  ])('a DELETE by %s that the table does not name is fetched', async (_, row, old) => {
    const { supabase, handle, requests } = await showGoals({}, strategy)
    supabase.current.change(changeOf('DELETE', { old }))
    await advance(1_000)
    expect([handle.mock.calls.length, requests()]).toEqual([0, 1])
    supabase.current.change(changeOf('INSERT', { new: row }))
    supabase.current.change(changeOf('DELETE', { old }))
    await advance(1_000)
    expect([handle.mock.calls.length, requests()]).toEqual([1, 2])
  })
})

it('a whole DELETE that both of our bindings match is handled once, whatever its key', async () => {
  const { supabase, handle } = await showGoals({ filter: 'user_id=eq.7' })
  const row = { code: 'c1', user_id: 7, title: 'a' }
  supabase.current.change(changeOf('INSERT', { new: row }))
  const change = changeOf('DELETE', { old: row })
  supabase.current.change(change, 0)
  supabase.current.change(structuredClone(change), 1)
  expect(handle.mock.calls.map(([{ eventType }]) => eventType)).toEqual(['INSERT', 'DELETE'])
})

it('rows whose keys differ beyond 2^53 are both handled', async () => {
  const { supabase, handle } = await showGoals()
  const commit_timestamp = '2026-11-22T12:08:51.183Z'
  for (const id of ['9007199254740992', '9007199254740993'])
    supabase.current.change(changeOf('INSERT', { new: { id: Number(id) }, commit_timestamp }))
  expect(handle).toHaveBeenCalledTimes(2)
})

describe('a DELETE of a row that does not concern this client', () => {
  async function showIds(rules: object = {}, strategy?: StrategyName) {
    const isShown = (id: unknown) =>
      world.queryClient.getQueryData<{ ids: unknown[] }>(['goals'])?.ids.includes(id) ?? true
    const concerns = vi.fn<(change: { old: { id?: unknown } }) => boolean>(({ old }) => isShown(old.id))
    const goals = { keys: () => [['goals']], concerns, ...rules } as TableOptions
    const world = createFeedWorld({ tables: { goals }, firstCatchUp: 'off', ...(strategy && { strategy }) })
    await world.showLoaded(['goals'])
    await world.goLive()
    world.queryClient.setQueryData(['goals'], { version: 0, ids: [1, 2] })
    return { ...world, concerns, requests: () => world.server.requestsOf(['goals']).length - 1 }
  }

  it.each(strategies)('costs nothing under %s: a hundred of other tenants are no request', async (strategy) => {
    const { supabase, requests } = await showIds({}, strategy)
    for (let id = 100; id < 200; id += 1) {
      supabase.current.change(changeOf('DELETE', { old: { id } }))
      await advance(50)
    }
    await advance(1_000)
    expect(requests()).toBe(0)
    supabase.current.change(changeOf('DELETE', { old: { id: 2 } }))
    await advance(1_000)
    expect(requests()).toBe(1)
  })

  it('is answered while a fetch is running, whose response may bring the row', async () => {
    const { supabase, queryClient, requests } = await showIds()
    void queryClient.refetchQueries({ queryKey: ['goals'] })
    supabase.current.change(changeOf('DELETE', { old: { id: 100 } }))
    await advance(1_000)
    expect(requests()).toBe(2)
  })

  it('is answered while the change that brings the row waits for its handler', async () => {
    const handle: ChangeHandler = ({ eventType, new: row }) => ({
      patch:
        eventType === 'INSERT'
          ? [{ queryKey: ['goals'], update: (old: { ids: unknown[] }) => ({ ...old, ids: [...old.ids, row['id']] }) }]
          : [],
    })
    const { supabase, requests } = await showIds({ keys: undefined, handle, catchUp: [['goals']] }, 'batch')
    supabase.current.change(changeOf('INSERT', { new: { id: 3 } }))
    supabase.current.change(changeOf('DELETE', { old: { id: 3 } }))
    await advance(1_000)
    expect(requests()).toBe(1)
  })

  it('is answered without being asked about if it lacks the key, and if asking fails, which is reported', async () => {
    const { supabase, requests, concerns, messages } = await showIds()
    concerns.mockImplementation(() => {
      throw new Error('a bug')
    })
    supabase.current.change(changeOf('DELETE', { old: {}, errors: ['Error 401'] }))
    await advance(1_000)
    expect([requests(), concerns.mock.calls.length]).toEqual([1, 0])
    supabase.current.change(changeOf('DELETE', { old: { id: 100 } }))
    await advance(1_000)
    expect([requests(), messages()]).toEqual([
      2,
      ['concerns() of table goals threw: the DELETE is answered as one that concerns this client.'],
    ])
  })
})
