import { describe, expect, it } from 'vitest'
import type { FromLeader } from '../../src/integration/supabase/tabs/messages.ts'
import { Relief } from '../../src/integration/supabase/tabs/relief.ts'
import { changeOf } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { type Tab, type TabsWorld, createTabsWorld, tokenOf } from '../support/tabsWorld.ts'

useSimulatedTime()

const JOIN_MS = 300

/** Three tabs, in the first of which the connection is, that note the titles they are told of. */
async function openTabs(feed: 'changes' | 'broadcast' = 'changes') {
  const world = createTabsWorld()
  const told: string[][] = []
  const tabs = [1, 2, 3].map(() => {
    const titles: string[] = []
    told.push(titles)
    const handle = ({ new: row }: { readonly new: object }) => {
      titles.push((row as { readonly title: string }).title)
      return { invalidate: [['goals']] }
    }
    const tab = world.openTab({
      tables: { goals: { handle, catchUp: [['goals']] } },
      ...(feed === 'broadcast' && { broadcast: { topic: 'room' } }),
    })
    tab.supabase.subscribed = (channel) => setTimeout(() => tab.open().includes(channel) && channel.goLive(), JOIN_MS)
    return tab
  })
  const [first, second, third] = tabs as [Tab, Tab, Tab]
  await advance(3_000)
  expect(first.open()).toHaveLength(1)
  return { world, told, first, second, third }
}

/** Writes 20 times a second; each tab's socket is told after a time of its own. */
function createWriter(world: TabsWorld, feed: 'changes' | 'broadcast', lagMs: readonly number[]) {
  const titles: string[] = []
  return {
    titles,
    async write(times: number): Promise<void> {
      for (let time = 0; time < times; time += 1) {
        const title = `${titles.length}`
        titles.push(title)
        world.server.write(['goals'])
        const row = { id: 1, title }
        const change = changeOf('UPDATE', { new: row })
        const message = { schema: 'public', table: 'goals', operation: 'UPDATE', record: row, old_record: row }
        for (const [at, tab] of world.tabs.entries()) {
          for (const channel of tab.open()) {
            if (!channel.isLive) continue
            const deliver = () => {
              if (!tab.open().includes(channel)) return
              if (feed === 'changes') channel.change(change)
              else channel.broadcast('UPDATE', message, { id: title })
            }
            setTimeout(() => tab.browserTab.run(deliver), lagMs[at])
          }
        }
        await advance(50)
      }
    },
  }
}

const holders = (world: TabsWorld): number[] =>
  world.tabs.flatMap((tab, at) => (tab.browserTab.state !== 'crashed' && tab.open().length > 0 ? [at] : []))

describe('a leader that nobody looks at', () => {
  it.each([
    ['changes', [90, 40, 40]],
    ['changes', [40, 90, 90]],
    ['broadcast', [90, 40, 40]],
    ['broadcast', [40, 90, 90]],
  ] as const)('hands over without a gap, each change told once and in order: %s, lags %j', async (feed, lagMs) => {
    const { world, told, first, second, third } = await openTabs(feed)
    const shown = await third.showLoaded(['goals'])
    const writer = createWriter(world, feed, lagMs)
    // What two tabs say to a third one overtakes each other.
    const delays = [0, 30, 5, 80]
    let messages = 0
    world.browser.delayMs = () => delays[messages++ % delays.length] ?? 0
    for (const { browserTab } of [first, third]) browserTab.visible = false
    await writer.write(60)
    expect(holders(world)).toEqual([0])
    await writer.write(300)
    await advance(2_000)
    expect(holders(world)).toEqual([1])
    expect(told).toEqual([writer.titles, writer.titles, writer.titles])
    expect(world.tabs.map((tab) => tab.catchUps())).toEqual([0, 0, 0])
    expect(world.tabs.map(({ statuses }) => statuses)).toEqual([1, 2, 3].map(() => ['connecting', 'attaching', 'live']))
    expect([second, third].map(({ errors }) => errors)).toEqual([[], []])
    expect(shown.version()).toBe(writer.titles.length)
  })

  it('keeps the connection while no other tab is visible, or it is hidden for a moment only', async () => {
    const { world, first, second, third } = await openTabs()
    for (const { browserTab } of [first, second, third]) browserTab.visible = false
    await advance(30_000)
    for (let times = 0; times < 6; times += 1) {
      first.browserTab.visible = times % 2 === 0
      second.browserTab.visible = times % 2 === 1
      await advance(3_000)
    }
    expect(holders(world)).toEqual([0])
    expect(world.tabs.map(({ supabase }) => supabase.opened.length)).toEqual([1, 0, 0])
  })

  it('goes on when its heir crashes, does not get through, or is interrupted', async () => {
    const { world, told, first, second } = await openTabs()
    second.supabase.subscribed = () => undefined
    first.browserTab.visible = false
    world.tabs[2]!.browserTab.visible = false
    await advance(8_000)
    expect(holders(world)).toEqual([0, 1])
    await advance(20_000)
    expect(holders(world)).toEqual([0])
    second.supabase.subscribed = (channel) => {
      channel.goLive()
      setTimeout(() => channel.tell('CHANNEL_ERROR', new Error('dropped')), 500)
    }
    while (holders(world).length < 2) await advance(50)
    await advance(5_000)
    expect(holders(world)).toEqual([0])
    second.supabase.subscribed = (channel) => channel.goLive()
    while (holders(world).length < 2) await advance(50)
    await advance(500)
    second.browserTab.crash()
    await advance(10_000)
    const writer = createWriter(world, 'changes', [0, 0, 0])
    await writer.write(5)
    await advance(1_000)
    expect([told[0], told[2]]).toEqual([writer.titles, writer.titles])
    expect(holders(world)).toEqual([0])
    expect([first.catchUps(), world.tabs[2]?.catchUps()]).toEqual([0, 0])
  })

  it.each(['crash', 'close', 'freeze', 'suspend'] as const)(
    'leaves one catch-up each when it ends (%s) before the other tab has taken over',
    async (how) => {
      const { world, first, second, third } = await openTabs()
      first.browserTab.visible = false
      third.browserTab.visible = false
      while (holders(world).length < 2) await advance(50)
      await advance(JOIN_MS + 100)
      if (how === 'close') first.close()
      if (how === 'crash') first.browserTab.crash()
      if (how === 'freeze') first.browserTab.freeze()
      if (how === 'suspend') first.browserTab.freeze(false)
      await advance(25_000)
      expect([second, third].map((tab) => [tab.open().length, tab.realtime.getStatus()])).toEqual([
        [1, 'live'],
        [0, 'live'],
      ])
      expect([second, third].map((tab) => tab.catchUps())).toEqual([1, 1])
    },
  )

  it('hands nothing of its user to a tab that has another one by the time it could', async () => {
    const { world, told, first, second, third } = await openTabs()
    third.browserTab.visible = false
    first.browserTab.visible = false
    while (holders(world).length < 2) await advance(50)
    while (!second.open()[0]?.isLive) await advance(10)
    const liveAtMs = Date.now()
    const writer = createWriter(world, 'changes', [10_000, 0, 0])
    await writer.write(10)
    // The heir has told the changes, and the others keep them until the leader ends.
    expect(told).toEqual([[], [], []])
    await advance(liveAtMs + 1_985 - Date.now())
    for (const tab of [first, third]) await tab.supabase.realtime.setAuth(tokenOf('bob'))
    expect(holders(world)).toEqual([0, 1])
    await advance(30)
    expect([told[0], told[2]]).toEqual([[], []])
    second.browserTab.visible = true
    await advance(20_000)
    expect([told[0], told[2]]).toEqual([[], []])
    expect([second.realtime.getStatus(), second.catchUps()]).toEqual(['live', 1])
  })
})

describe('an heir', () => {
  const view = (isReady?: true) => ({ kind: 'view', channels: [], isVisible: true, isReady }) as const
  const from = (told: FromLeader['told']): FromLeader => ({
    from: 'leader',
    tab: 'b',
    stream: 'b-1',
    term: 2,
    seq: 1,
    relieves: 'a-1',
    told,
  })

  it.each([
    ['it has never said that it delivers', [view()], 2_000, undefined],
    ['it delivers only now', [view(true)], 500, undefined],
    ['it delivers what the leader does', [view(true)], 2_000, 'b-1'],
    ['it has delivered, and ended', [view(true), { kind: 'bye' }], 2_000, undefined],
    ['it has delivered long ago', [view(true)], 60_000, undefined],
  ] as const)('takes the place of a leader that ends, or not: %s', (_, told, laterMs, heir) => {
    const relief = new Relief()
    for (const one of told) relief.noteHeir(from(one), 0)
    expect(relief.takeHeir(1_000)).toBe(undefined)
    expect([relief.nameHeir(0), relief.nameHeir(59_000)]).toEqual([true, false])
    for (const one of told) relief.noteHeir(from(one), 0)
    expect([relief.takeHeir(laterMs), relief.takeHeir(laterMs)]).toEqual([heir, undefined])
  })
})
