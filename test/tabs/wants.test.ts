import { describe, expect, it } from 'vitest'
import { changeOf } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { type Tab, type TabOptions, createTabsWorld } from '../support/tabsWorld.ts'

useSimulatedTime()

const events = (tab: Tab): number => tab.coalescer.getSnapshot().stats.eventsReceived

/** Tabs in which nothing counts but what they hear. */
function createQuietWorld() {
  const world = createTabsWorld()
  return { world, open: (options: TabOptions) => world.openTab({ firstCatchUp: 'off', ...options }) }
}

describe('tabs that want different tables', () => {
  const goals = { goals: { keys: () => [['goals']] } }
  const partners = { partners: { keys: () => [['partners']] } }

  it('have one connection, and each hears what it asked for', async () => {
    const { world, open } = createQuietWorld()
    const [one, other] = [open({ tables: goals }), open({ tables: { ...goals, ...partners } })]
    await world.goLive()
    expect([one.open().length, other.open().length]).toEqual([2, 0])
    expect([one.realtime.getStatus(), other.realtime.getStatus()]).toEqual(['live', 'live'])
    const [ofGoals, ofPartners] = one.open()
    expect(ofGoals?.tables.map(({ table }) => table)).toEqual(['goals'])
    expect(ofPartners?.tables.map(({ table }) => table)).toEqual(['partners'])
    ofPartners?.change(changeOf('UPDATE', { table: 'partners' }))
    await advance(2_000)
    expect([events(one), events(other)]).toEqual([0, 1])
    expect([...one.errors, ...other.errors]).toEqual([])
  })

  it('have one channel for the union after a takeover', async () => {
    const { world, open } = createQuietWorld()
    const [first, one, other] = [open({ tables: goals }), open({ tables: goals }), open({ tables: partners })]
    await world.goLive()
    first.close()
    await world.goLive()
    expect([one.open().length, other.open().length]).toEqual([1, 0])
    expect(one.open()[0]?.tables.map(({ table }) => table)).toEqual(['goals', 'partners'])
    one.open()[0]?.change(changeOf('UPDATE', { table: 'partners' }), 1)
    one.open()[0]?.change(changeOf('UPDATE'), 0)
    await advance(2_000)
    expect([one.catchUps(), other.catchUps(), events(one), events(other)]).toEqual([1, 1, 2, 2])
  })

  it.each(['close', 'crash', 'freeze'] as const)(
    'give up a channel when the last tab that wanted it goes (%s), and keep the others',
    async (how) => {
      const { world, open } = createQuietWorld()
      const [one, other] = [open({ tables: goals }), open({ tables: partners })]
      await world.goLive()
      const [ofGoals] = one.open()
      expect(one.open()).toHaveLength(2)
      if (how === 'close') other.close()
      if (how === 'crash') other.browserTab.crash()
      if (how === 'freeze') other.browserTab.freeze()
      await advance(5_000)
      expect(one.open()).toHaveLength(2)
      await advance(10_000)
      expect(one.open()).toEqual([ofGoals])
      expect([one.realtime.getStatus(), one.catchUps()]).toEqual(['live', 0])
      // Whoever wants it again gets it.
      const again = how === 'freeze' ? other : open({ tables: partners })
      if (how === 'freeze') other.browserTab.thaw()
      await world.goLive()
      expect([one.open().length, again.open().length, again.realtime.getStatus()]).toEqual([2, 0, 'live'])
    },
  )

  it('keep a channel over a reload of the tab that wants it', async () => {
    const { world, open } = createQuietWorld()
    const [one, other] = [open({ tables: goals }), open({ tables: partners })]
    await world.goLive()
    const before = one.open()
    other.close()
    await advance(4_000)
    const again = open({ tables: partners })
    await advance(30_000)
    expect([one.open(), again.realtime.getStatus()]).toEqual([before, 'live'])
  })

  it.each(['close', 'crash'] as const)('want nothing any more of what a leader wanted that goes (%s)', async (how) => {
    const { world, open } = createQuietWorld()
    const [first, second] = [open({ tables: partners }), open({ tables: goals })]
    const third = open({ tables: partners })
    await world.goLive()
    first.close()
    await world.goLive()
    expect(second.open()).toHaveLength(1)
    if (how === 'close') second.close()
    else second.browserTab.crash()
    await world.goLive()
    expect(third.open().flatMap(({ tables }) => tables.map(({ table }) => table))).toEqual(['partners'])
  })

  it('with different filters hear what the server lets through each', async () => {
    const { world, open } = createQuietWorld()
    const filtered = (filter: string) => ({ goals: { filter, keys: () => [['goals']] } })
    const [first, one, other] = [
      open({ tables: filtered('user_id=eq.1') }),
      open({ tables: filtered('user_id=eq.1') }),
      open({ tables: filtered('user_id=eq.2') }),
    ]
    await world.goLive()
    first.close()
    await world.goLive()
    const channel = one.open()[0]
    const bindings = channel?.tables ?? []
    expect(bindings.map(({ event, filter }) => [event, filter])).toEqual([
      ['*', 'user_id=eq.1'],
      ['DELETE', undefined],
      ['*', 'user_id=eq.2'],
      ['DELETE', undefined],
    ])
    const before = [events(one), events(other)]
    channel?.change(changeOf('UPDATE'), 2)
    await advance(2_000)
    expect([events(one), events(other)]).toEqual([before[0], (before[1] ?? 0) + 1])
    // A DELETE matches the bindings of both, one after the other, and is one change to each.
    const deleted = changeOf('DELETE')
    channel?.change(deleted, 1)
    channel?.change(deleted, 3)
    await advance(2_000)
    expect([events(one), events(other)]).toEqual([(before[0] ?? 0) + 1, (before[1] ?? 0) + 2])
  })

  it('hear the events of a topic that each asked for', async () => {
    const { world, open } = createQuietWorld()
    const [all, inserts] = [
      open({ broadcast: { topic: 'room' } }),
      open({ broadcast: { topic: 'room', event: 'INSERT' } }),
    ]
    await world.goLive()
    expect([all.open().length, inserts.open().length]).toEqual([1, 0])
    const [room] = all.open()
    const told = { schema: 'public', table: 'goals', operation: 'UPDATE', record: { id: 1 }, old_record: { id: 1 } }
    room?.broadcast('UPDATE', told, { id: 'a' })
    await advance(2_000)
    expect([events(all), events(inserts)]).toEqual([1, 0])
    room?.broadcast('INSERT', { ...told, operation: 'INSERT', old_record: null }, { id: 'b' })
    await advance(2_000)
    expect([events(all), events(inserts)]).toEqual([2, 1])
  })
})
