import { describe, expect, it } from 'vitest'
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
    world.open()[0]?.deliver(changeOf('UPDATE'))
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
})
