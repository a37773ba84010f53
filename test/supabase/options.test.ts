import { type Coalescer, createCoalescer } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filterColumns } from '../../src/actions/feedFilter.ts'
import { FakeSupabase } from '../support/fakeSupabase.ts'

const keys = () => [['goals']]
const handle = () => ({})
let coalescer: Coalescer

beforeEach(() => {
  coalescer = createCoalescer()
})
afterEach(() => coalescer.stop())

const create = (options: object) => () =>
  createRealtimeService({
    supabase: new FakeSupabase(),
    coalescer,
    channel: 'db',
    schema: 'public',
    tables: { goals: { keys } },
    ...options,
  } as never)

describe('createRealtimeService', () => {
  it.each([
    ['supabase', undefined, 'Expected `supabase` to be a client of supabase-js, got undefined'],
    ['supabase', { channel: () => undefined }, 'Expected `supabase` to be a client of supabase-js'],
    ['coalescer', {}, 'Expected `coalescer` to be a coalescer'],
    ['channel', undefined, 'Expected `channel` to be a name, got undefined'],
    ['channel', '', 'Expected `channel` to be a name'],
    ['schema', 7, 'Expected `schema` to be a name, got 7'],
    ['tables', undefined, 'Expected `tables` to be an object of tables by name'],
    ['tables', [], 'Expected `tables` to be an object of tables by name'],
    ['tables', {}, 'Expected `tables` to be at least one table'],
    ['tables', { goals: null }, 'Expected `tables.goals` to be an object { keys } or { handle, catchUp }'],
    ['tables', { goals: {} }, 'Expected `tables.goals` to be an object with either `keys` or `handle`'],
    ['tables', { goals: { keys, handle, catchUp: [] } }, 'either `keys` or `handle`'],
    ['tables', { goals: { keys: ['goals'] } }, 'Expected `tables.goals.keys` to be a function'],
    ['tables', { goals: { keys, catchUp: [] } }, 'Expected `tables.goals.catchUp` to be left out'],
    ['tables', { goals: { handle } }, 'A handler cannot run for a change that never came'],
    ['tables', { goals: { handle: 'x', catchUp: [] } }, 'Expected `tables.goals.handle` to be a function'],
    ['tables', { goals: { handle, catchUp: ['goals'] } }, 'Expected `tables.goals.catchUp[]` to be an array'],
    ['tables', { goals: { keys, filter: 7 } }, "Expected `tables.goals.filter` to be a filter 'column=operator.value'"],
    ['tables', { goals: { keys, filter: 'user_id' } }, 'Expected `tables.goals.filter` to be a filter'],
    ['tables', { goals: { keys, filter: 'user_id=7' } }, 'Expected `tables.goals.filter` to be a filter'],
    ['tables', { goals: { keys }, 'public.goals': { keys } }, "to be each table once, got 'public.goals'"],
    [
      'tables',
      { goals: { keys, primaryKey: 'id' } },
      'Expected `tables.goals.primaryKey` to be a list of column names',
    ],
    ['tables', { goals: { keys, primaryKey: [] } }, 'Expected `tables.goals.primaryKey` to be a list of column names'],
    [
      'tables',
      { goals: { keys, unfilteredDeletes: 1 } },
      'Expected `tables.goals.unfilteredDeletes` to be true or false',
    ],
    ['messages', [], 'Expected `messages` to be an object of events by name'],
    ['messages', { typing: 7 }, 'Expected `messages.typing` to be an object { keys } or { handle, catchUp }'],
    ['messages', { typing: { handle: keys } }, 'Expected `messages.typing.catchUp` to be the keys'],
    ['messages', { typing: { keys: [] } }, 'Expected `messages.typing.keys` to be a function'],
    ['tables', { goals: { keys, needs: 'id' } }, 'Expected `tables.goals.needs` to be a list of column names'],
    ['tables', { goals: { keys, needs: [] } }, 'Expected `tables.goals.needs` to be a list of column names'],
    ['tables', { goals: { keys, concerns: true } }, 'Expected `tables.goals.concerns` to be a function'],
    ['tables', { goals: { keys, keyOnlyDeletes: true } }, 'Expected `tables.goals.keyOnlyDeletes` to be one of'],
    [
      'tables',
      { goals: { keys, unfilteredUpdates: 1 } },
      'Expected `tables.goals.unfilteredUpdates` to be true or false',
    ],
    ['tables', { goals: { keys, select: 'id' } }, 'Expected `tables.goals.select` to be a list of column names'],
    ['tables', { goals: { keys, filter: { build: () => '' } } }, 'Expected `tables.goals.filter` to be a filter'],
    [
      'tables',
      { goals: { keys, broadcast: true } },
      'Expected `tables.goals.broadcast` to be an object { topic, event? }',
    ],
    ['broadcast', { topic: '' }, 'Expected `broadcast.topic` to be the name of a topic'],
    ['broadcast', { topic: 'a', event: 7 }, 'Expected `broadcast.event` to be the name of an event, got 7'],
    ['broadcast', { topic: 'a', private: 'no' }, 'Expected `broadcast.private` to be true or false'],
    ['broadcast', { topic: 'a', replay: 1 }, 'Expected `broadcast.replay` to be true or false'],
    ['broadcast', { topic: 'a', private: false, replay: true }, 'The server replays private topics only.'],
    ['replay', 'yes', 'Expected `replay` to be true or false'],
    ['channelConfig', 'private', 'Expected `channelConfig` to be an object'],
    ['channel', { topic: 'db' }, 'Expected `channel` to be a name, or a channel of the client'],
    [
      'channel',
      { topic: 'realtime:db', state: 'joined' },
      'Expected `channel` to be a channel that is not subscribed yet',
    ],
    ['firstCatchUp', true, 'Expected `firstCatchUp` to be one of'],
    ['backstopMs', '60s', 'Expected `backstopMs` to be a number of milliseconds'],
  ])('throws a TypeError that helps for a bad `%s`: %j', (name, value, message) => {
    expect(create({ [name]: value })).toThrow(TypeError)
    expect(create({ [name]: value })).toThrow(message)
  })

  it.each([
    ['firstCatchUp', 'always'],
    ['backstopMs', Number.NaN],
    ['backstopMs', -1],
    ['backstopMs', 0],
    ['backstopMs', Infinity],
    ['tables', { goals: { keys, keyOnlyDeletes: 'ignore' } }],
  ])('throws a RangeError for `%s` %j', (name, value) => {
    expect(create({ [name]: value })).toThrow(RangeError)
  })

  it.each([
    { schema: '*' },
    { tables: { '*': { keys } } },
    { tables: { 'audit.*': { keys } } },
    { tables: { '*.goals': { keys } } },
  ])('throws a RangeError for the wildcards of %j', (options) => {
    expect(create(options)).toThrow(RangeError)
    expect(create(options)).toThrow("got '*'.")
  })

  it.each(['filter', 'select', 'unfilteredUpdates'])('throws a TypeError for the `%s` of a broadcast table', (name) => {
    const value = { filter: 'id=eq.1', select: ['id'], unfilteredUpdates: true }[name]
    const tables = { goals: { keys, broadcast: { topic: 'a' }, [name]: value } }
    expect(create({ tables })).toThrow(`Expected \`tables.goals.${name}\` to be left out`)
  })

  it('throws a TypeError for a topic that is private and public, or is named like the channel', () => {
    const broadcast = { topic: 'a' }
    const goals = { keys, broadcast }
    const partners = { keys, broadcast: { ...broadcast, private: false } }
    expect(create({ tables: { goals, partners } })).toThrow("the same wherever 'a' is named")
    expect(create({ channel: 'a', tables: { goals, partners: { keys } } })).toThrow('another name than that of a topic')
    expect(create({ channel: 'a', tables: { goals } })).not.toThrow()
  })

  it('throws a TypeError without options', () => {
    expect(() => createRealtimeService(undefined as never)).toThrow('Expected `options` to be an object')
  })

  it('warns of an option there is none of, once, and works', () => {
    const warnings: string[] = []
    coalescer.stop()
    coalescer = createCoalescer({ onWarning: (warning) => warnings.push(warning) })
    const goals = { keys, fliter: 'id=eq.1', broadcast: { topic: 'a', evnt: 'INSERT' } }
    const misspelt = create({ chanel: 'db', tables: { goals, partners: { keys, broadcast: false } } })
    misspelt()
    misspelt()
    expect(warnings).toEqual([
      expect.stringContaining("Expected options of createRealtimeService(), got 'chanel', which is none"),
      expect.stringContaining("Expected options of `tables.goals`, got 'fliter', which is none"),
      expect.stringContaining("Expected options of `tables.goals.broadcast`, got 'evnt', which is none"),
    ])
  })

  it('takes a table that is undefined for one that is not there', () => {
    expect(create({ tables: { goals: { keys }, partners: undefined } })).not.toThrow()
  })
})

describe('filterColumns', () => {
  it.each([
    ['id=eq.1', ['id']],
    ['id=gt.0,id=lt.100', ['id', 'id']],
    ['status=in.(a,b),user_id=eq.7', ['status', 'user_id']],
    ['status=in.("a),b=",c),user_id=eq.7', ['status', 'user_id']],
    ['title=eq."a\\",b=c",id=eq.1', ['title', 'id']],
    ['title=eq.a=b', ['title']],
    ['title=not.in.(a,(b)),id=eq.1', ['title', 'id']],
  ])('of %s is %j', (filter, columns) => {
    expect(filterColumns(filter)).toEqual(columns)
  })
})
