import type { SupabaseClient } from '@supabase/supabase-js'
import { createCoalescer } from 'realtime-coalescer'
import { type Change, type TablesOf, createRealtimeService } from 'realtime-coalescer/supabase'
import { expectTypeOf } from 'vitest'

type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

/** In the shape that `supabase gen types typescript` writes. */
type Database = {
  __InternalSupabase: {
    PostgrestVersion: '13.0.5'
  }
  public: {
    Tables: {
      check_ins: {
        Row: { goal_id: number; id: number; payload: Json | null }
        Insert: { goal_id: number; id?: never; payload?: Json | null }
        Update: { goal_id?: number; id?: never; payload?: Json | null }
        Relationships: [
          {
            foreignKeyName: 'check_ins_goal_id_fkey'
            columns: ['goal_id']
            isOneToOne: false
            referencedRelation: 'goals'
            referencedColumns: ['id']
          },
        ]
      }
      goals: {
        Row: { id: number; title: string; user_id: string }
        Insert: { id?: never; title: string; user_id: string }
        Update: { id?: never; title?: string; user_id?: string }
        Relationships: []
      }
      jobs: {
        Row: { id: number; run_at: string }
        Insert: { id?: never; run_at: string }
        Update: { id?: never; run_at?: string }
        Relationships: []
      }
    }
    Views: { [_ in never]: never }
    Functions: { [_ in never]: never }
    Enums: { mood: 'good' | 'bad' }
    CompositeTypes: { [_ in never]: never }
  }
  audit: {
    Tables: {
      entries: {
        Row: { action: string; id: string }
        Insert: { action: string; id?: string }
        Update: { action?: string; id?: string }
        Relationships: []
      }
    }
    Views: { [_ in never]: never }
    Functions: { [_ in never]: never }
    Enums: { [_ in never]: never }
    CompositeTypes: { [_ in never]: never }
  }
}

declare const supabase: SupabaseClient<Database>
/** Names a rule; the compiler checks it, nothing runs. */
const holds = (_rule: string, _check: () => void): void => undefined
const goalKeys = { all: ['goals'] as const, one: (id: number) => ['goals', id] as const }
const goals = { keys: () => [goalKeys.all] }
const checkIns = { keys: () => [['check-ins']] }
const jobs = { keys: () => [['jobs']] }

holds('tables that are all answered are complete, and what createRealtimeService takes', () => {
  const tables = { goals, check_ins: checkIns, jobs } satisfies TablesOf<Database>
  createRealtimeService({ supabase, coalescer: createCoalescer(), channel: 'db', tables })
})

holds('a table that no key answers is an error', () => {
  // @ts-expect-error -- jobs are not answered
  void ({ goals, check_ins: checkIns } satisfies TablesOf<Database>)
  // @ts-expect-error -- goals are not answered
  void ({ check_ins: checkIns } satisfies TablesOf<Database, 'jobs'>)
  // @ts-expect-error -- nothing answers for the table
  void ({ goals: {}, check_ins: checkIns } satisfies TablesOf<Database, 'jobs'>)
})

holds('a table that is ignored needs no answer, and has none', () => {
  const tables = { goals, check_ins: checkIns } satisfies TablesOf<Database, 'jobs'>
  createRealtimeService({ supabase, coalescer: createCoalescer(), channel: 'db', tables })
  void ({ goals } satisfies TablesOf<Database, 'jobs' | 'check_ins'>)
  // @ts-expect-error -- jobs are ignored and answered
  void ({ goals, check_ins: checkIns, jobs } satisfies TablesOf<Database, 'jobs'>)
})

holds('a table that is not in the schema is an error, answered or ignored', () => {
  // @ts-expect-error -- there is no such table
  void ({ goals, check_ins: checkIns, jobs, nope: jobs } satisfies TablesOf<Database>)
  // @ts-expect-error -- there is no such table
  void ({ goals, check_ins: checkIns, jobs } satisfies TablesOf<Database, 'nope'>)
})

holds('another schema is named', () => {
  const entries = { keys: () => [['audit']] }
  void ({ entries } satisfies TablesOf<Database, never, 'audit'>)
  // @ts-expect-error -- entries are not answered
  void ({} satisfies TablesOf<Database, never, 'audit'>)
  // @ts-expect-error -- there is no such schema
  void ({ entries } satisfies TablesOf<Database, never, 'nope'>)
})

holds('handlers, keys and filters are typed by the rows of their table', () => {
  void ({
    goals: {
      filter: 'user_id=eq.7',
      catchUp: [goalKeys.all],
      handle(change) {
        expectTypeOf(change).toEqualTypeOf<Change<Database['public']['Tables']['goals']['Row']>>()
        return { invalidate: change.new.id === undefined ? [goalKeys.all] : [goalKeys.one(change.new.id)] }
      },
    },
    check_ins: {
      keys(change) {
        expectTypeOf(change?.new.goal_id).toEqualTypeOf<number | undefined>()
        return [['check-ins']]
      },
    },
  } satisfies TablesOf<Database, 'jobs'>)
  // @ts-expect-error -- there is no such column
  void ({ goals: { keys: () => [['goals']], filter: 'nope=eq.7' }, check_ins: checkIns } satisfies TablesOf<
    Database,
    'jobs'
  >)
})
