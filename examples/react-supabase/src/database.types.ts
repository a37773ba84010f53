/** In the shape that `supabase gen types typescript` writes. */
export type Database = {
  public: {
    Tables: {
      goals: {
        Row: { id: number; title: string; status: string }
        Insert: { id?: number; title: string; status?: string }
        Update: { id?: number; title?: string; status?: string }
        Relationships: []
      }
    }
    Views: Record<never, never>
    Functions: Record<never, never>
  }
}
