import { describe, expect, it } from 'vitest'
import { changeOf } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { createTabsWorld, tokenOf } from '../support/tabsWorld.ts'

useSimulatedTime()

describe('tabs of different users', () => {
  it('have a channel each, and hear nothing of each other', async () => {
    const world = createTabsWorld()
    const [ann, bob] = [world.openTab({ user: 'ann' }), world.openTab({ user: 'bob' })]
    await world.goLive()
    expect([ann.open().length, bob.open().length]).toEqual([1, 1])
    const before = bob.coalescer.getSnapshot().stats.eventsReceived
    ann.open()[0]?.change(changeOf('UPDATE'))
    await advance(2_000)
    expect(bob.coalescer.getSnapshot().stats.eventsReceived).toBe(before)
  })

  it('part as soon as one tab has another token, whatever is under way', async () => {
    const world = createTabsWorld()
    const [leader, other] = [world.openTab(), world.openTab()]
    await world.goLive()
    const before = other.coalescer.getSnapshot().stats.eventsReceived
    leader.open()[0]?.change(changeOf('UPDATE'))
    // The message is on its way to a tab that is somebody else's when it arrives.
    await other.supabase.realtime.setAuth(tokenOf('bob'))
    await advance(900)
    expect(other.coalescer.getSnapshot().stats.eventsReceived).toBe(before)
    await advance(1_000)
    await world.goLive()
    expect([leader.open().length, other.open().length]).toEqual([1, 1])
    expect(other.open()[0]?.joinedWith).toBe(tokenOf('bob'))
  })

  it('part when the leader signs in as another user, and the rest go on with one catch-up', async () => {
    const world = createTabsWorld()
    const [leader, other] = [world.openTab(), world.openTab()]
    await world.goLive()
    const old = leader.open()[0]
    await leader.supabase.realtime.setAuth(tokenOf('bob'))
    const before = other.coalescer.getSnapshot().stats.eventsReceived
    old?.change(changeOf('UPDATE'))
    await advance(20)
    expect(other.coalescer.getSnapshot().stats.eventsReceived).toBe(before)
    await advance(2_000)
    await world.goLive()
    expect([leader.open().length, other.open().length]).toEqual([1, 1])
    expect([leader.realtime.getStatus(), other.realtime.getStatus()]).toEqual(['live', 'live'])
    expect([leader.catchUps(), other.catchUps()]).toEqual([1, 1])
  })

  it('stay together over a renewal, which reaches the leader', async () => {
    const world = createTabsWorld()
    const [leader, other] = [world.openTab(), world.openTab()]
    await world.goLive()
    const renewed = tokenOf('ann', 7_200)
    await other.supabase.realtime.setAuth(renewed)
    await advance(3_000)
    expect(leader.supabase.realtime.accessTokenValue).toBe(renewed)
    expect([world.open().length, leader.catchUps(), other.catchUps()]).toEqual([1, 0, 0])
  })
})
