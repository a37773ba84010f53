import type { StrategyName } from 'realtime-coalescer'
import { expect, it } from 'vitest'
import { changeOf, createFeedWorld } from '../support/feedWorld.ts'
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
    world.supabase.current.deliver(changeOf('UPDATE', { new: { id: 1, title: 'alike' } }))
    await advance(4_000)
    expect(goals.version()).toBe(world.server.versionOf(['goals']))
  },
)
