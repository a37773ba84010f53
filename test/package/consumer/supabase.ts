import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { type SupabaseClient, createClient } from '@supabase/supabase-js'
import { createCoalescer } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'

interface Database {
  public: {
    Tables: {
      goals: {
        Row: { id: number; title: string }
        Insert: { id?: number; title: string }
        Update: { id?: number; title?: string }
        Relationships: []
      }
    }
    Views: Record<never, never>
    Functions: Record<never, never>
  }
}

/** Node 20 has no WebSocket. Nothing is joined here, so any function will do. */
const NoSocket = function (): void {}

const supabase: SupabaseClient<Database> = createClient<Database>('http://127.0.0.1:1', 'key', {
  realtime: { transport: NoSocket as unknown as typeof WebSocket },
})
const queryClient = new QueryClient()
const coalescer = createCoalescer({ queryClient, quietMs: 5 })
const realtime = createRealtimeService({
  supabase,
  coalescer,
  channel: 'db',
  tables: {
    goals: {
      filter: 'id=eq.1',
      handle: ({ new: goal }) => ({
        patch: [{ queryKey: ['titles'], update: (old: string[] = []) => [...old, goal.title] }],
      }),
      catchUp: [['goals']],
    },
  },
})

// @ts-expect-error -- not a table
createRealtimeService({ supabase, coalescer, channel: 'db', tables: { goal: { keys: () => [] } } })

const titles = new QueryObserver(queryClient, { queryKey: ['titles'], queryFn: () => ['old'], enabled: false })
const unmount = titles.subscribe(() => undefined)
realtime.handleChange({
  schema: 'public',
  table: 'goals',
  eventType: 'INSERT',
  commit_timestamp: '2026-01-01T00:00:00.000Z',
  new: { id: 1, title: 'Run' },
  old: {},
  errors: null,
})
const { data } = titles.getCurrentResult()
if (data?.join() !== 'Run') throw new Error(`A change was patched to ${JSON.stringify(data)}`)
if (realtime.getStatus() !== 'idle') throw new Error(`The status is ${realtime.getStatus()}`)
realtime.stop()
coalescer.stop()
unmount()
queryClient.clear()
console.log('supabase works')
process.exit(0)
