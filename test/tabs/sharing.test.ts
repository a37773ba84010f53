import { createInspector } from '@statelyai/inspect'
import { createSocketInspector } from 'realtime-coalescer/inspect'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { changeOf } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { createTabsWorld } from '../support/tabsWorld.ts'

useSimulatedTime()

describe('the tabs of one user', () => {
  it('have one channel between them, and all are live', async () => {
    const world = createTabsWorld()
    const tabs = [world.openTab(), world.openTab(), world.openTab()]
    await world.goLive()
    expect(world.open()).toHaveLength(1)
    expect(tabs.map(({ realtime }) => realtime.getStatus())).toEqual(['live', 'live', 'live'])
    expect(tabs.map(({ errors }) => errors)).toEqual([[], [], []])
  })

  it('all take each change, once', async () => {
    const world = createTabsWorld()
    const tabs = [world.openTab(), world.openTab(), world.openTab()]
    const shown = []
    for (const tab of tabs) shown.push(await tab.showLoaded(['goals']))
    await world.goLive()
    world.server.write(['goals'])
    const requests = world.server.requests.length
    world.open()[0]?.change(changeOf('UPDATE'))
    await advance(2_000)
    expect(shown.map((one) => one.version())).toEqual([1, 1, 1])
    expect(world.server.requests.length - requests).toBe(3)
  })

  it.each(['close', 'crash', 'freeze', 'suspend'] as const)(
    'move the connection when its tab goes (%s), with one catch-up each',
    async (how) => {
      const world = createTabsWorld()
      const tabs = [world.openTab(), world.openTab(), world.openTab()]
      const [first, ...others] = tabs
      await world.goLive()
      const shown = []
      for (const tab of others) shown.push(await tab.showLoaded(['goals']))
      expect(first?.open()).toHaveLength(1)
      if (how === 'close') first?.close()
      if (how === 'crash') first?.browserTab.crash()
      if (how === 'freeze') first?.browserTab.freeze()
      if (how === 'suspend') first?.browserTab.freeze(false)
      world.server.write(['goals'])
      await advance(20_000)
      await world.goLive()
      expect(others.flatMap((tab) => tab.open())).toHaveLength(1)
      expect(others.map(({ realtime }) => realtime.getStatus())).toEqual(['live', 'live'])
      expect(others.map((tab) => tab.catchUps())).toEqual([1, 1])
      expect(shown.map((one) => one.version())).toEqual([1, 1])
      if (how !== 'freeze' && how !== 'suspend') return
      first?.browserTab.thaw(how === 'freeze')
      await advance(20_000)
      expect([first?.open(), first?.realtime.getStatus(), first?.catchUps()]).toEqual([[], 'live', 1])
      expect(others.map((tab) => tab.catchUps())).toEqual([1, 1])
    },
  )

  it.each(['seen', 'hidden'] as const)(
    'wake when %s by then, though nobody tells them that sleep is over',
    async (as) => {
      const world = createTabsWorld()
      const [first, second] = [world.openTab(), world.openTab()]
      const disconnect = vi.fn<() => void>()
      Object.assign(first.supabase.realtime, { disconnect })
      const shown = await first.showLoaded(['goals'])
      await world.goLive()
      first.browserTab.freeze()
      world.server.write(['goals'])
      await advance(20_000)
      await world.goLive()
      first.browserTab.visible = as === 'seen'
      first.browserTab.thaw(false)
      await advance(20_000)
      first.browserTab.visible = true
      await advance(4_000)
      expect([first.open().length, second.open().length, first.realtime.getStatus()]).toEqual([0, 1, 'live'])
      expect([first.catchUps(), shown.version()]).toEqual([1, 1])
      // At its sleep, and of what its client has opened by itself since.
      expect(disconnect).toHaveBeenCalledTimes(2)
      first.browserTab.thaw()
      await advance(2_000)
      expect([first.catchUps(), second.catchUps()]).toEqual([1, 1])
    },
  )

  it('hand the connection to a tab that somebody looks at, if there is one', async () => {
    const world = createTabsWorld()
    const [first, second, third] = [world.openTab(), world.openTab(), world.openTab()]
    await world.goLive()
    second.browserTab.visible = false
    await advance(1_500)
    first.close()
    await world.goLive()
    expect([second.open().length, third.open().length]).toEqual([0, 1])
    third.close()
    await world.goLive()
    expect([second.open().length, second.realtime.getStatus(), second.catchUps()]).toEqual([1, 'live', 2])
  })

  it('have no socket but that of the leader when the client of another one connects as its page comes back', async () => {
    const world = createTabsWorld()
    const [first, second] = [world.openTab(), world.openTab()]
    const disconnected = [first, second].map(({ supabase }) => {
      const disconnect = vi.fn<() => void>()
      Object.assign(supabase.realtime, { disconnect })
      return disconnect
    })
    await world.goLive()
    first.browserTab.freeze()
    await world.goLive()
    expect(disconnected.map(({ mock }) => mock.calls.length)).toEqual([1, 0])
    first.browserTab.thaw()
    await advance(2_000)
    expect(disconnected.map(({ mock }) => mock.calls.length)).toEqual([2, 0])
    expect([first.open().length, second.open().length]).toEqual([0, 1])
  })

  it('catch up once when a message between them is lost, and only those that lost it', async () => {
    const world = createTabsWorld()
    const [, lucky, unlucky] = [world.openTab(), world.openTab(), world.openTab()]
    const shown = await unlucky.showLoaded(['goals'])
    await world.goLive()
    unlucky.browserTab.loseNext = 1
    world.server.write(['goals'])
    world.open()[0]?.change(changeOf('UPDATE'))
    await advance(6_000)
    await world.goLive()
    expect([shown.version(), unlucky.catchUps(), lucky.catchUps()]).toEqual([1, 1, 0])
  })

  it('are live again though the word of it is lost, under a stream', async () => {
    const world = createTabsWorld()
    const [, unlucky] = [world.openTab(), world.openTab()]
    const shown = await unlucky.showLoaded(['goals'])
    await world.goLive()
    const [channel] = world.open()
    channel?.tell('CHANNEL_ERROR')
    await advance(300)
    world.server.write(['goals'])
    unlucky.browserTab.loseNext = 2
    channel?.goLive()
    for (let id = 0; id < 30; id += 1) {
      channel?.change(changeOf('UPDATE', { new: { id, title: 'of another table' }, table: 'partners' }))
      await advance(100)
    }
    expect([unlucky.realtime.getStatus(), shown.version(), unlucky.catchUps()]).toEqual(['live', 1, 1])
  })

  it('catch up once when they hear of a takeover only when it is over', async () => {
    const world = createTabsWorld()
    const [first, , unlucky] = [world.openTab(), world.openTab(), world.openTab()]
    const shown = await unlucky.showLoaded(['goals'])
    await world.goLive()
    unlucky.browserTab.loseNext = 1_000
    first.close()
    world.server.write(['goals'])
    await world.goLive()
    unlucky.browserTab.loseNext = 0
    await advance(8_000)
    expect([shown.version(), unlucky.catchUps(), unlucky.realtime.getStatus()]).toEqual([1, 1, 'live'])
    expect(world.open()).toHaveLength(1)
  })

  it('show inspectors what they are', async () => {
    const world = createTabsWorld()
    const [leader, follower] = [world.openTab(), world.openTab()]
    await world.goLive()
    const told: { readonly name?: string; readonly sessionId: string; readonly snapshot?: { value?: unknown } }[] = []
    const socket = createInspector({ send: (message) => void told.push(JSON.parse(JSON.stringify(message))) })
    const inspector = createSocketInspector(socket)
    onTestFinished(() => inspector.stop())
    for (const { realtime } of [leader, follower]) inspector.attach(realtime)
    await advance(2_000)
    const charts = told.filter(({ name }) => name === 'db: tabs')
    const values = charts.map((chart) => told.findLast((one) => one.sessionId === chart.sessionId && one.snapshot))
    expect(values.map((one) => one?.snapshot?.value)).toEqual(['leading', { following: 'listening' }])
  })

  it('leave no timer behind when they stop', async () => {
    const world = createTabsWorld()
    const tabs = [world.openTab(), world.openTab()]
    await world.goLive()
    for (const tab of tabs) tab.realtime.stop()
    await advance(15_000)
    expect([vi.getTimerCount(), world.open(), world.browser.holders(), world.browser.channels.size]).toEqual([
      0,
      [],
      [],
      0,
    ])
  })
})
