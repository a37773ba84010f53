import type { CheckIn, DailyMotivation, DailySummary, Goal, Partner } from '../server/api/types.ts'

interface Table<Row> {
  /** A mapped type, because interfaces have no index signature and the client asks for one. */
  Row: { [Column in keyof Row]: Row[Column] }
  Insert: { [Column in keyof Row]?: Row[Column] }
  Update: { [Column in keyof Row]?: Row[Column] }
  Relationships: []
}

/** The tables the page listens to, in the shape of the types Supabase generates for a project. */
export interface Database {
  public: {
    Tables: {
      goals: Table<Goal>
      check_ins: Table<CheckIn>
      daily_motivations: Table<DailyMotivation>
      daily_summaries: Table<DailySummary>
      partners: Table<Omit<Partner, 'display_name'>>
    }
    Views: Record<never, never>
    Functions: Record<never, never>
  }
}
