import { type SupabaseClient, createClient, postgresChangesFilter } from '@supabase/supabase-js'
import { createCoalescer } from 'realtime-coalescer'
import {
  type Change,
  type RealtimeStatus,
  createRealtimeService,
  createRealtimeServiceWith,
  shareAcrossTabs,
} from 'realtime-coalescer/supabase'
import { expectTypeOf } from 'vitest'

interface Goal {
  id: number
  user_id: number
  title: string
}

interface Table<Row> {
  Row: { [Column in keyof Row]: Row[Column] }
  Insert: { [Column in keyof Row]?: Row[Column] }
  Update: { [Column in keyof Row]?: Row[Column] }
  Relationships: []
}

interface Schema<Tables> {
  Tables: Tables
  Views: Record<never, never>
  Functions: Record<never, never>
}

interface Database {
  public: Schema<{ goals: Table<Goal>; daily_summaries: Table<{ user_id: number; day: string; mood: number }> }>
  audit: Schema<{ entries: Table<{ id: string; action: string }> }>
}

declare const typed: SupabaseClient<Database>
declare const untyped: SupabaseClient
/** Names a rule; the compiler checks it, nothing runs. */
const holds = (_rule: string, _check: () => void): void => undefined
const coalescer = createCoalescer()
const common = { supabase: typed, coalescer, channel: 'db' } as const
const keys = () => [['goals']]
const handle = () => ({})
const catchUp = [['goals']]

holds('with a client typed by a generated Database', () => {
  holds('a handler receives the rows of its table', () => {
    createRealtimeService({
      ...common,
      schema: 'public',
      tables: {
        goals: {
          filter: `user_id=eq.${7}`,
          catchUp,
          handle(change) {
            expectTypeOf(change).toEqualTypeOf<Change<Goal>>()
            expectTypeOf(change.new.title).toEqualTypeOf<string | undefined>()
            // @ts-expect-error -- goals have no such column
            void change.new.nope
            return { invalidate: [['goals', change.new.id]] }
          },
        },
        daily_summaries: {
          primaryKey: ['user_id', 'day'],
          keys: (change) => [['daily-summaries', change?.new.day]],
        },
      },
    })
  })

  holds('the type of an event tells the type of its row', () => {
    createRealtimeService({
      ...common,
      tables: {
        goals: {
          catchUp,
          handle({ eventType, new: row, old }) {
            if (eventType === 'DELETE') expectTypeOf(row).toEqualTypeOf<Partial<Goal>>()
            else expectTypeOf(row).toEqualTypeOf<Goal>()
            expectTypeOf(old).toEqualTypeOf<Partial<Goal>>()
            return {}
          },
        },
      },
    })
  })

  holds('takes what createClient returns', () => {
    createRealtimeService({ ...common, supabase: createClient<Database>('url', 'key'), tables: { goals: { keys } } })
  })

  holds('own() takes rows of a table that the client knows', () => {
    const realtime = createRealtimeService({ ...common, tables: { goals: { keys } } })
    realtime.own('goals', { id: 1, title: 'Run' })
    realtime.own('goals', [{ id: 1 }])
    realtime.own('goals', null)
    // @ts-expect-error -- there is no such table
    realtime.own('nope', { id: 1 })
    // @ts-expect-error -- goals have no such column
    realtime.own('goals', { id: 1, nope: 2 })
    // @ts-expect-error -- a title is a text
    realtime.own('goals', [{ id: 1, title: 7 }])
  })

  holds('the schema is public unless told otherwise', () => {
    createRealtimeService({ ...common, schema: 'audit', tables: { entries: { keys, filter: 'action=eq.delete' } } })
    // @ts-expect-error -- entries are not in public
    createRealtimeService({ ...common, tables: { entries: { keys } } })
    // @ts-expect-error -- goals are not in audit
    createRealtimeService({ ...common, schema: 'audit', tables: { goals: { keys } } })
    // @ts-expect-error -- there is no such schema
    createRealtimeService({ ...common, schema: 'nope', tables: { goals: { keys } } })
  })

  holds('an unknown table is an error', () => {
    // @ts-expect-error -- there is no such table
    createRealtimeService({ ...common, schema: 'public', tables: { goals: { keys }, nope: { keys } } })
  })

  holds('an unknown column in a filter or a primary key is an error', () => {
    // @ts-expect-error -- there is no such column
    createRealtimeService({ ...common, tables: { goals: { keys, filter: 'nope=eq.7' } } })
    // @ts-expect-error -- there is no such column
    createRealtimeService({ ...common, tables: { goals: { handle, catchUp, filter: 'nope=eq.7' } } })
    // @ts-expect-error -- there is no such column
    createRealtimeService({ ...common, tables: { goals: { keys, primaryKey: ['nope'] } } })
    createRealtimeService({
      ...common,
      tables: { goals: { keys, needs: ['id', 'title'], concerns: ({ old }) => old.title !== undefined } },
    })
    // @ts-expect-error -- no such column
    createRealtimeService({ ...common, tables: { goals: { keys, needs: ['nope'] } } })
    // @ts-expect-error -- no such column
    createRealtimeService({ ...common, tables: { goals: { keys, concerns: ({ old }) => old.nope } } })
  })

  holds('a table of another schema has its name before its own', () => {
    createRealtimeService({
      ...common,
      tables: {
        goals: { keys },
        'audit.entries': {
          catchUp,
          handle(change) {
            expectTypeOf(change).toEqualTypeOf<Change<{ id: string; action: string }>>()
            return {}
          },
        },
      },
    })
    // @ts-expect-error -- there is no such table
    createRealtimeService({ ...common, tables: { 'audit.nope': { keys } } })
    // @ts-expect-error -- there is no such column
    createRealtimeService({ ...common, tables: { 'audit.entries': { keys, filter: 'nope=eq.7' } } })
  })

  holds('what postgresChangesFilter() builds is a filter, and columns are those of the table', () => {
    const filter = postgresChangesFilter().eq('user_id', 7)
    createRealtimeService({ ...common, tables: { goals: { keys, filter, select: ['id', 'title'] } } })
    // @ts-expect-error -- there is no such column
    createRealtimeService({ ...common, tables: { goals: { keys, select: ['nope'] } } })
  })

  holds('a table may come through a topic', () => {
    createRealtimeService({ ...common, broadcast: { topic: 'a' }, tables: { goals: { keys, broadcast: false } } })
    createRealtimeService({ ...common, tables: { goals: { keys, broadcast: { topic: 'a', event: 'INSERT' } } } })
    // @ts-expect-error -- a topic has a name
    createRealtimeService({ ...common, tables: { goals: { keys, broadcast: {} } } })
  })

  holds('a channel of the client will do for a name', () => {
    createRealtimeService({
      ...common,
      channel: typed.channel('db', { config: { private: true } }),
      tables: { goals: { keys } },
    })
  })

  holds('a filter on several columns names the first of them', () => {
    createRealtimeService({ ...common, tables: { goals: { keys, filter: 'user_id=eq.7,title=like.%a%' } } })
  })
})

holds('with an untyped client', () => {
  holds('any table, schema and filter will do', () => {
    const filter: string = ['user_id', 'eq.7'].join('=')
    createRealtimeService({
      supabase: untyped,
      coalescer,
      channel: 'db',
      schema: 'private',
      tables: {
        anything: { keys, filter },
        goals: {
          catchUp,
          handle(change) {
            expectTypeOf(change.new).toEqualTypeOf<Record<string, unknown> | Partial<Record<string, unknown>>>()
            return { patch: [{ queryKey: ['goals'], update: (goals: Goal[]) => goals }], refetch: [['goals']] }
          },
        },
      },
    })
  })
})

holds('a table', () => {
  holds('with a handler says what to catch up with', () => {
    // @ts-expect-error -- catchUp is missing
    createRealtimeService({ ...common, tables: { goals: { handle } } })
    // @ts-expect-error -- catchUp is missing
    createRealtimeService({ ...common, supabase: untyped, tables: { goals: { handle } } })
  })

  holds('has keys or a handler, not both', () => {
    // @ts-expect-error -- both
    createRealtimeService({ ...common, tables: { goals: { keys, handle, catchUp } } })
    // @ts-expect-error -- neither
    createRealtimeService({ ...common, tables: { goals: { filter: 'id=eq.1' } } })
    // @ts-expect-error -- keys() is its own catch-up
    createRealtimeService({ ...common, tables: { goals: { keys, catchUp } } })
  })

  holds('has a handler that returns effects', () => {
    // @ts-expect-error -- a key is a list
    createRealtimeService({ ...common, tables: { goals: { catchUp, handle: () => ({ invalidate: ['goals'] }) } } })
    // @ts-expect-error -- keys are lists
    createRealtimeService({ ...common, tables: { goals: { keys: () => ['goals'] } } })
  })
})

holds('the service', () => {
  holds('tells one of six statuses', () => {
    const realtime = createRealtimeService({ ...common, tables: { goals: { keys } } })
    expectTypeOf(realtime.getStatus()).toEqualTypeOf<
      'idle' | 'connecting' | 'attaching' | 'live' | 'interrupted' | 'closed'
    >()
    expectTypeOf<RealtimeStatus>().toEqualTypeOf(realtime.getStatus())
  })

  holds('takes only what it knows', () => {
    // @ts-expect-error -- there is no such policy
    createRealtimeService({ ...common, firstCatchUp: 'always', tables: { goals: { keys } } })
    // @ts-expect-error -- a number of milliseconds
    createRealtimeService({ ...common, backstopMs: '60s', tables: { goals: { keys } } })
    // @ts-expect-error -- the coalescer is missing
    createRealtimeService({ supabase: typed, channel: 'db', tables: { goals: { keys } } })
  })
})

holds('a service takes the options of the parts it is given', () => {
  createRealtimeServiceWith({ shareAcrossTabs }, { ...common, tables: { goals: { keys } }, shareAcrossTabs: true })
  createRealtimeServiceWith({}, { ...common, tables: { goals: { keys } }, shareAcrossTabs: false })
  const realtime = createRealtimeServiceWith({}, { ...common, tables: { goals: { keys } } })
  realtime.own('goals', { id: 1, title: 'run' })
  // @ts-expect-error -- goals have no such column
  realtime.own('goals', { nope: 1 })
  // @ts-expect-error -- without the part there is no such option
  createRealtimeServiceWith({}, { ...common, tables: { goals: { keys } }, shareAcrossTabs: true })
  // @ts-expect-error -- the client has no such table
  createRealtimeServiceWith({}, { ...common, tables: { goal: { keys } } })
})
