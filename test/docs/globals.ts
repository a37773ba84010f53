import type { QueryClient } from '@tanstack/react-query'
import type { SupabaseClient } from '@supabase/supabase-js'
import type { Coalescer } from 'realtime-coalescer'
import type { RealtimeService } from 'realtime-coalescer/supabase'

export interface Goal {
  id: number
  user_id: number
  title: string
  done: boolean
}

export interface Message {
  id: number
  room: string
  text: string
}

interface Table<Row> {
  Row: Row & Record<string, unknown>
  Insert: Partial<Row> & Record<string, unknown>
  Update: Partial<Row> & Record<string, unknown>
  Relationships: []
}

/** In the shape that Supabase generates. */
export interface AppDatabase {
  public: {
    Tables: {
      goals: Table<Goal>
      check_ins: Table<{ id: number; user_id: number; goal_id: number; note: string }>
      messages: Table<Message>
    }
    Views: Record<string, never>
    Functions: Record<string, never>
  }
}

/** What the pages speak of without defining it again in each block. */
declare global {
  interface ImportMeta {
    /** As Vite has it. */
    readonly hot?: { dispose(callback: () => void): void }
  }
  type Database = AppDatabase
  const queryClient: QueryClient
  const coalescer: Coalescer
  const supabase: SupabaseClient<Database>
  const realtime: RealtimeService<{ goals: Goal }>
  function fetchGoals(): Promise<Goal[]>
  function saveGoal(goal: { id: number; title: string }): Promise<Goal>
}
