import { MutationObserver } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { type FeedWorld, changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

it.each<StrategyName>(['debounce', 'batch', 'perKey', 'hybrid', 'adaptive', 'direct'])(
  'a write answered while the feed is interrupted swallows no change like it under %s',
  async (strategy) => {
    const world = createFeedWorld({ strategy, firstCatchUp: 'refetch' })
    const goals = await world.showLoaded(['goals'])
    await world.goLive()
    world.supabase.current.tell('CHANNEL_ERROR')
    world.server.write(['goals'])
    world.realtime.own('goals', { id: 1, title: 'alike' })
    await advance(2_000)
    world.supabase.current.goLive()
    await advance(4_000)
    expect(world.realtime.getStatus()).toBe('live')
    world.server.write(['goals'])
    world.supabase.current.change(changeOf('UPDATE', { new: { id: 1, title: 'alike' } }))
    await advance(4_000)
    expect(goals.version()).toBe(world.server.versionOf(['goals']))
  },
)

const alike = { id: 1, title: 'alike' }

async function liveWorld() {
  const world = createFeedWorld({ firstCatchUp: 'off' })
  const goals = await world.showLoaded(['goals'])
  await world.goLive()
  return { ...world, goals }
}

/** Whether a change of somebody else's that looks like the write is shown; it came so long after the last answer. */
async function isShown({ server, supabase, goals }: Awaited<ReturnType<typeof liveWorld>>, ms: number) {
  await advance(ms)
  server.write(['goals'])
  supabase.current.change(changeOf('UPDATE', { new: alike, commit_timestamp: new Date(Date.now()).toISOString() }))
  await advance(4_000)
  return goals.version() === server.versionOf(['goals'])
}

/** A write in a mutation that begins now, whose answer comes after `answerMs`. */
function mutate({ queryClient, server, realtime, coalescer }: FeedWorld, answerMs: number): void {
  const mutation = new MutationObserver(queryClient, {
    mutationFn: async () => {
      server.write(['goals'])
      await new Promise((resolve) => setTimeout(resolve, answerMs))
      return alike
    },
    onSuccess: (row) => realtime.own('goals', row),
    onSettled: () => coalescer.scheduleInvalidate(['goals']),
  })
  mutation.mutate().catch(() => undefined)
}

describe('a change like a write whose echo was lost is not swallowed', () => {
  it('if the write was answered after the return of the feed, by a mutation that began before it', async () => {
    const world = await liveWorld()
    world.supabase.current.tell('CHANNEL_ERROR')
    mutate(world, 8_000)
    await advance(100)
    world.supabase.current.goLive()
    await advance(8_000)
    expect(await isShown(world, 400)).toBe(true)
  })

  it('if the write was answered after the return of the feed, outside of a mutation', async () => {
    const world = await liveWorld()
    world.supabase.current.tell('CHANNEL_ERROR')
    world.server.write(['goals'])
    world.supabase.current.goLive()
    await advance(8_000)
    world.realtime.own('goals', alike)
    world.coalescer.scheduleInvalidate(['goals'])
    expect(await isShown(world, 400)).toBe(true)
  })

  it('if the feed was live all the time, as soon as it was committed a second after the answer', async () => {
    const world = await liveWorld()
    world.supabase.current.change(
      changeOf('INSERT', { new: { id: 5, title: 'x' }, commit_timestamp: new Date(Date.now()).toISOString() }),
    )
    mutate(world, 50)
    await advance(50)
    expect(await isShown(world, 1_001)).toBe(true)
  })
})

it('a write that began after the return of the feed is spared its echo', async () => {
  const world = await liveWorld()
  world.supabase.current.tell('CHANNEL_ERROR')
  await advance(100)
  world.supabase.current.goLive()
  await advance(8_000)
  mutate(world, 50)
  await advance(1_000)
  const requests = world.server.requests.length
  world.supabase.current.change(changeOf('UPDATE', { new: alike }))
  await advance(4_000)
  expect(world.server.requests.length).toBe(requests)
})
