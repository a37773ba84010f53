import type { ChangeHandler, StrategyName } from 'realtime-coalescer'
import type { BroadcastMessage, Change, StatementChange, TableOptions } from 'realtime-coalescer/supabase'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createFeedWorld } from '../support/feedWorld.ts'
import { SimulatedServer } from '../support/simulatedServer.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const strategies: StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'direct']

let ids = 0
/** As a `broadcast` callback of supabase-js receives what `realtime.send` sends. */
function sent(payload: object, event = 'INSERT', meta: object = {}) {
  ids += 1
  const id = `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`
  return { type: 'broadcast', event, payload: { id, ...payload }, meta: { id, ...meta } }
}
const told = { schema: 'public', table: 'goals' }
const rowOf = (operation: string, record: object | null, old_record: object | null) =>
  sent({ ...told, operation, record, old_record }, operation)
const signal = (operation: string, rest: object = {}) => sent({ ...told, operation, ...rest }, operation)

function worldOf(goals: object, strategy: StrategyName = 'debounce', rest: object = {}) {
  return createFeedWorld({ strategy, firstCatchUp: 'off', tables: { goals: goals as TableOptions }, ...rest })
}

describe.each(strategies)('under %s', (strategy) => {
  it('a row that the database broadcasts reaches the handler as a change, and an older fetch does not undo its patch', async () => {
    const handle = vi.fn<ChangeHandler>(() => ({ patch: [{ queryKey: ['goals'], update: () => ({ version: 9 }) }] }))
    const server = new SimulatedServer({ latencyMs: 400 })
    const world = worldOf({ handle, catchUp: [['goals']] }, strategy, { server })
    const goals = world.show(['goals'])
    await advance(100)
    server.write(['goals'])
    world.realtime.handleChange(rowOf('UPDATE', { id: 1, title: 'b' }, { id: 1, title: 'a' }))
    await advance(2_000)
    expect(handle).toHaveBeenCalledExactlyOnceWith({
      ...told,
      eventType: 'UPDATE',
      new: { id: 1, title: 'b' },
      old: { id: 1, title: 'a' },
      commitTimestamp: null,
      errors: null,
    })
    expect([goals.version(), server.requestsOf(['goals']).length]).toEqual([1, 2])
  })

  it.each([
    ['a statement trigger without rows', rowOf('INSERT', null, null)],
    ['two thousand rows told as one', signal('UPDATE', { rows: 2_000 })],
    ['a few rows told by their keys', signal('DELETE', { rows: 2, keys: [{ id: 1 }, { id: 2 }] })],
    ['a table that was emptied', signal('TRUNCATE')],
  ])('%s is one flush and one request for each query, and calls no handler', async (_, message) => {
    const handle = vi.fn<ChangeHandler>(() => ({}))
    const world = worldOf({ handle, catchUp: [['goals'], ['dashboard']] }, strategy)
    const screens = [await world.showLoaded(['goals']), await world.showLoaded(['dashboard'])]
    world.server.write(['goals'])
    world.server.write(['dashboard'])
    world.realtime.handleChange(message)
    await advance(2_000)
    expect(screens.map((screen) => screen.version())).toEqual([1, 1])
    expect([handle.mock.calls.length, world.server.requests.length]).toEqual([0, 4])
    expect(world.flushed).toHaveLength(1)
  })

  it('live and replayed messages, in any order and however often, are each handled once', async () => {
    const messages = fc.array(fc.nat(8), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(messages, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), async (order, replayed) => {
        const handled: unknown[] = []
        const handle: ChangeHandler = ({ new: row }) => {
          handled.push(row['id'])
          return {}
        }
        const world = worldOf({ handle, catchUp: [['goals']] }, strategy, { endsWithTest: false })
        for (const [index, id] of order.entries()) {
          const message = sent({ ...told, operation: 'INSERT', record: { id }, old_record: null })
          const meta = { id: `message ${id}`, ...(replayed[index] && { replayed: true }) }
          world.realtime.handleChange({ ...message, payload: { ...message.payload, id: meta.id }, meta })
        }
        await advance(1_000)
        world.end()
        expect(handled).toEqual([...new Set(order)])
      }),
      { numRuns: 20 },
    )
  })
})

describe('the keys of a statement', () => {
  type Told = Change | StatementChange
  async function requestsAfter(message: object, keys: (change?: Told) => readonly (readonly unknown[])[]) {
    const world = worldOf({ keys })
    for (const id of [1, 2, 3]) await world.showLoaded(['goals', id])
    world.realtime.handleChange(message)
    await advance(1_000)
    return [1, 2, 3].filter((id) => world.server.requestsOf(['goals', id]).length > 1)
  }
  const byKeys = (change?: Told) =>
    change && 'keys' in change ? change.keys.map(({ id }) => ['goals', id]) : [['goals']]

  it('are seen by keys(), and only what they touch is fetched', async () => {
    expect(await requestsAfter(signal('UPDATE', { rows: 2, keys: [{ id: 1 }, { id: 3 }] }), byKeys)).toEqual([1, 3])
    expect(await requestsAfter(signal('UPDATE', { rows: 2, keys: [1, 3] }), byKeys)).toEqual([1, 3])
  })

  it('that are not all are no reason to miss a row', async () => {
    expect(await requestsAfter(signal('UPDATE', { rows: 3, keys: [{ id: 1 }] }), byKeys)).toEqual([1, 2, 3])
    expect(await requestsAfter(signal('UPDATE', { rows: 3 }), byKeys)).toEqual([1, 2, 3])
  })

  it('of a single row are where a function for changes of rows looks for them', async () => {
    const byRow = (change?: Told) => (change ? [['goals', change.new['id'] ?? change.old['id']]] : [['goals']])
    for (const operation of ['INSERT', 'UPDATE', 'DELETE'])
      expect(await requestsAfter(signal(operation, { rows: 1, keys: [{ id: 2 }] }), byRow)).toEqual([2])
  })

  it.each([
    ['a column', ({ new: row, old }: Told) => [['goals', row['user_id'] ?? old['user_id']]]],
    ['a column in a text', ({ new: row }: Told) => [['goals', `${String(row['user_id'])}`]]],
    ['a comparison', ({ new: row, old }: Told) => (row['done'] === old['done'] ? [] : [['goals']])],
    ['a copy of the row', ({ new: row }: Told) => [['goals', { ...row }]]],
    ['a column of a column', ({ new: row }: Told) => [['goals', (row as { meta: { id: number } }).meta.id]]],
  ])('are no answer for a function that reads more: %s', async (_, read) => {
    const keys = (change?: Told) => (change ? read(change) : [['goals']])
    expect(await requestsAfter(signal('UPDATE', { rows: 1, keys: [{ id: 1 }] }), keys)).toEqual([1, 2, 3])
  })

  it('are not asked for where the function fails: that is reported, and everything invalidated', async () => {
    const keys = (change?: Told) => {
      if (change) throw new Error('a bug')
      return [['goals']]
    }
    const world = worldOf({ keys })
    await world.showLoaded(['goals'])
    world.realtime.handleChange(signal('UPDATE', { rows: 1, keys: [{ id: 1 }] }))
    await advance(1_000)
    expect(world.server.requestsOf(['goals'])).toHaveLength(2)
    expect(world.messages()).toEqual([
      'keys() of public.goals threw for a statement: what it may touch is invalidated.',
    ])
  })
})

it('a statement that changed no row does nothing, and one of an unknown table is reported', async () => {
  const world = worldOf({ keys: () => [['goals']] })
  world.realtime.handleChange(signal('UPDATE', { rows: 0 }))
  world.realtime.handleChange(sent({ schema: 'public', table: 'secrets', operation: 'INSERT', rows: 1 }))
  await advance(1_000)
  expect(world.flushed).toEqual([])
  expect(world.messages()).toEqual([expect.stringContaining('got one of public.secrets')])
})

it('a row that one feed tells with fewer columns than the other is whole there', async () => {
  const handle = vi.fn<ChangeHandler>(() => ({}))
  const world = worldOf({ handle, catchUp: [['goals']] })
  const change = { ...told, eventType: 'INSERT', new: { id: 1 }, old: {}, commit_timestamp: 'a', errors: null }
  world.realtime.handleChange(rowOf('INSERT', { id: 1, of_the_owner: 1 }, null))
  world.realtime.handleChange(change)
  world.realtime.handleChange({ ...change, eventType: 'UPDATE', old: { id: 1 } })
  world.realtime.handleChange(rowOf('UPDATE', { id: 1 }, { id: 1 }))
  expect(handle).toHaveBeenCalledTimes(3)
})

describe('a message of the app', () => {
  const typing = (payload: object = { room: 'kitchen' }, meta: object = {}) => sent(payload, 'typing', meta)
  const tables = { keys: () => [['goals']] }

  it.each(strategies)('is answered by its handler under %s, and the fetch says why', async (strategy) => {
    const handle = vi.fn<(message: BroadcastMessage<{ room: string }>) => object>(({ payload }) => ({
      invalidate: [['rooms', payload.room]],
      patch: [{ queryKey: ['typing'], update: () => payload.room }],
    }))
    const world = worldOf(tables, strategy, { messages: { typing: { handle, catchUp: [['rooms']] } } })
    await world.showLoaded(['rooms', 'kitchen'])
    await world.showLoaded(['rooms', 'cellar'])
    const message = typing({ room: 'kitchen' }, { replayed: true })
    world.realtime.handleChange(message)
    world.realtime.handleChange(message)
    await advance(1_000)
    expect(handle.mock.calls).toEqual([
      [{ event: 'typing', payload: message.payload, id: message.meta.id, isReplayed: true }],
    ])
    expect(world.queryClient.getQueryData(['typing'])).toBe('kitchen')
    expect(['kitchen', 'cellar'].map((room) => world.server.requestsOf(['rooms', room]).length)).toEqual([2, 1])
    expect(world.flushed.flatMap(({ keys }) => keys)).toMatchObject([{ sources: ['message:typing'] }])
  })

  it('is answered by its keys, which a gap invalidates too', async () => {
    const keys = vi.fn<(message?: BroadcastMessage) => string[][]>((message) => [
      message ? ['rooms', 'kitchen'] : ['rooms'],
    ])
    const world = worldOf(tables, 'debounce', { messages: { typing: { keys } } })
    for (const room of ['kitchen', 'cellar']) await world.showLoaded(['rooms', room])
    world.realtime.handleChange(typing())
    await advance(1_000)
    const requests = () => ['kitchen', 'cellar'].map((room) => world.server.requestsOf(['rooms', room]).length)
    expect(requests()).toEqual([2, 1])
    await world.goLive()
    world.supabase.current.tell('CHANNEL_ERROR', new Error('gone'))
    world.supabase.current.goLive()
    await advance(5_000)
    expect(requests()).toEqual([3, 2])
  })

  it('that fails is reported and answered by what it may touch', async () => {
    const handle = () => {
      throw new Error('a bug')
    }
    const world = worldOf(tables, 'debounce', { messages: { typing: { handle, catchUp: [['rooms']] } } })
    await world.showLoaded(['rooms'])
    world.realtime.handleChange(typing())
    await advance(1_000)
    expect([world.errors.map(({ info }) => info.type), world.server.requestsOf(['rooms']).length]).toEqual([
      ['handlerFailed'],
      2,
    ])
  })

  it('that nobody asked for is reported once', async () => {
    const world = worldOf(tables)
    for (let n = 0; n < 3; n += 1) world.realtime.handleChange(typing())
    world.realtime.handleChange(sent({}, 'cursor'))
    expect(world.messages()).toEqual(['typing', 'cursor'].map((event) => expect.stringContaining(`got '${event}'`)))
  })
})

it('the memory of messages is bounded: the oldest is forgotten', () => {
  const handle = vi.fn<ChangeHandler>(() => ({}))
  const world = worldOf({ handle, catchUp: [['goals']] })
  const first = rowOf('INSERT', { id: 0 }, null)
  world.realtime.handleChange(first)
  for (let id = 1; id <= 4_999; id += 1) world.realtime.handleChange(rowOf('INSERT', { id }, null))
  world.realtime.handleChange(first)
  expect(handle).toHaveBeenCalledTimes(5_000)
  world.realtime.handleChange(rowOf('INSERT', { id: 5_000 }, null))
  world.realtime.handleChange(first)
  expect(handle).toHaveBeenCalledTimes(5_002)
})
