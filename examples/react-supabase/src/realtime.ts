import { createClient } from '@supabase/supabase-js'
import { QueryClient } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import type { Database } from './database.types.ts'

export const supabase = createClient<Database>(
  import.meta.env.VITE_SUPABASE_URL,
  import.meta.env.VITE_SUPABASE_ANON_KEY,
)

export const queryClient = new QueryClient()

export const coalescer = createCoalescer({ queryClient })

export const realtime = createRealtimeService({
  supabase,
  coalescer,
  channel: 'db',
  tables: { goals: { keys: () => [['goals']] } },
})
