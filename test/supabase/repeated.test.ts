import type { Change, ChangeHandler, StrategyName } from 'realtime-coalescer'
import { describe, expect, it, vi } from 'vitest'
import { RecentChanges } from '../../src/actions/changeIdentity.ts'
import { changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const commit = '2026-11-22T12:08:51.183Z'

describe('a change equal to the last one of its row', () => {
  it.each<StrategyName>(['debounce', 'batch', 'perKey', 'hybrid', 'direct'])(
    'under %s is neither patched nor fetched a second time',
    async (strategy) => {
      const update = vi.fn<(old: unknown) => unknown>((old) => old)
      const handle = vi.fn<ChangeHandler>(() => ({ patch: [{ queryKey: ['goals'], update }], invalidate: [['goals']] }))
      const { supabase, goLive, showLoaded, server } = createFeedWorld({
        strategy,
        tables: { goals: { handle, catchUp: [['goals']] } },
      })
      await showLoaded(['goals'])
      await goLive()
      const change = changeOf('UPDATE', { new: { id: 1, title: 'b' } })
      supabase.current.change(change)
      await advance(1_000)
      supabase.current.change(structuredClone(change))
      await advance(1_000)
      expect([handle, update].map((fn) => fn.mock.calls.length)).toEqual([1, 1])
      expect(server.requestsOf(['goals'])).toHaveLength(2)
    },
  )

  it('is dropped also when changes of other rows came in between', () => {
    const { accepts } = recent()
    const change = { new: { id: 1, title: 'b' }, commitTimestamp: commit }
    expect([accepts(change), accepts({ ...change, new: { id: 2, title: 'b' } }), accepts(change)]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('is dropped also when its columns come in another order', () => {
    const { accepts } = recent()
    const change = { new: { id: 1, meta: { a: [{ b: 1, c: 2 }], d: 3 } }, commitTimestamp: commit }
    const reordered = { new: { meta: { d: 3, a: [{ c: 2, b: 1 }] }, id: 1 }, commitTimestamp: commit }
    expect([accepts(change), accepts(reordered)]).toEqual([true, false])
  })

  it('is dropped as a DELETE with only its key', async () => {
    const { supabase, goLive, coalescer } = createFeedWorld()
    await goLive()
    const { eventsReceived } = coalescer.getSnapshot().stats
    const change = changeOf('DELETE')
    supabase.current.change(change)
    supabase.current.change(change, 1)
    expect(coalescer.getSnapshot().stats.eventsReceived).toBe(eventsReceived + 1)
  })
})

describe('two changes are never one', () => {
  const first = { new: { id: 1, n: 1 }, commitTimestamp: commit }
  it.each([
    ['of one commit, one row and different data', first, { ...first, new: { id: 1, n: 2 } }],
    ['of one commit and different old data', first, { ...first, old: { id: 1, n: 0 } }],
    ['of different commits and equal data', first, { ...first, commitTimestamp: '2026-11-22T12:08:51.184Z' }],
    [
      'of equal length, with values swapped',
      { ...first, new: { id: 1, a: 2, b: 3 } },
      { ...first, new: { id: 1, a: 3, b: 2 } },
    ],
    ['of lists in another order', { ...first, new: { id: 1, n: [1, 2] } }, { ...first, new: { id: 1, n: [2, 1] } }],
    ['of different rows', first, { ...first, new: { id: 2, n: 1 } }],
    ['of rows of different tables', first, { ...first, table: 'partners' }],
    ['of rows of different schemas', first, { ...first, schema: 'private' }],
    ['of different types', { ...first, eventType: 'INSERT' }, first],
    ['without a commit time', { ...first, commitTimestamp: null }, { ...first, commitTimestamp: null }],
    ['without their primary key', { ...first, new: { n: 1 } }, { ...first, new: { n: 1 } }],
    ['of rows whose keys differ beyond 2^53', { ...first, new: { id: 2 ** 53 } }, { ...first, new: { id: 2 ** 53 } }],
    ['of values beyond 2^53', { ...first, new: { id: 1, n: [1e21] } }, { ...first, new: { id: 1, n: [1e21] } }],
    ['of old values beyond 2^53', { ...first, old: { n: -(2 ** 53) } }, { ...first, old: { n: -(2 ** 53) } }],
    ['of which one has errors', first, { ...first, errors: ['Error 413'] }],
  ] as const)('%s', (_, one, two) => {
    const { accepts } = recent()
    expect([accepts(one), accepts(two)]).toEqual([true, true])
  })

  it('when a row changes and changes back in one commit', () => {
    const { accepts } = recent()
    const back = { ...first, new: { id: 1, n: 2 } }
    expect([accepts(first), accepts(back), accepts(first)]).toEqual([true, true, true])
  })

  it('when a row gets a number beyond 2^53 in between, in one commit', () => {
    const { accepts } = recent()
    const large = { ...first, new: { id: 1, n: 2 ** 53 } }
    expect([accepts(first), accepts(large), accepts(first)]).toEqual([true, true, true])
  })

  it('by digits in a text, or in a fraction, which lose nothing', () => {
    const { accepts } = recent()
    const change = { ...first, new: { id: '9007199254740993', n: 0.30000000000000004 } }
    expect([accepts(change), accepts(change)]).toEqual([true, false])
  })

  it('when a row is deleted and inserted again in one commit', () => {
    const { accepts } = recent()
    const deleted = { eventType: 'DELETE', new: {}, old: { id: 1, n: 1 }, commitTimestamp: commit } as const
    const inserted = { ...first, eventType: 'INSERT' } as const
    expect([accepts(inserted), accepts(deleted), accepts(inserted)]).toEqual([true, true, true])
  })

  it('by a key of several columns', () => {
    const { accepts } = recent(['user_id', 'day'])
    const one = { new: { user_id: 7, day: 1, n: 1 }, commitTimestamp: commit }
    expect([accepts(one), accepts({ ...one, new: { user_id: 7, day: 2, n: 1 } }), accepts(one)]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('and data that JSON cannot hold is no reason to fail', () => {
    const { accepts } = recent()
    const change = { new: { id: 1, n: 1n }, commitTimestamp: commit }
    expect([accepts(change), accepts(change)]).toEqual([true, true])
  })
})

describe('the memory of recent changes is bounded', () => {
  it('in rows: it forgets the one changed longest ago', () => {
    const { accepts } = recent()
    const rowOf = (id: number) => ({ new: { id }, commitTimestamp: commit })
    for (let id = 1; id <= 1_000; id += 1) accepts(rowOf(id))
    accepts({ new: { id: 1, n: 2 }, commitTimestamp: commit })
    accepts(rowOf(1_001))
    expect([3, 1_001, 2].map((id) => accepts(rowOf(id)))).toEqual([false, false, true])
  })

  it('in characters: a few huge rows displace many small ones', () => {
    const { accepts } = recent()
    const small = { new: { id: 1 }, commitTimestamp: commit }
    const huge = { new: { id: 2, text: 'x'.repeat(999_000) }, commitTimestamp: commit }
    accepts(small)
    accepts(huge)
    expect([accepts(huge), accepts(small)]).toEqual([false, false])
    accepts({ ...huge, new: { id: 3, text: huge.new.text } })
    expect([accepts(small), accepts(huge)]).toEqual([true, true])
  })
})

/** Tells which changes are accepted, most of them an UPDATE of `goals`. */
function recent(primaryKey: readonly string[] = ['id']) {
  const changes = new RecentChanges()
  const accepts = (change: Partial<Change>): boolean =>
    !changes.isRepeated(
      {
        schema: 'public',
        table: 'goals',
        eventType: 'UPDATE',
        new: {},
        old: {},
        commitTimestamp: null,
        errors: null,
        ...change,
      },
      primaryKey,
    )
  return { accepts }
}
