/** What every GET answers. */
export interface ApiResponse<Data> {
  data: Data
  /**
   * How new the data is: it contains every transaction whose `transactionId` is smaller. A response is fresh with
   * regard to a mutation when `response.version > mutation.transactionId`.
   */
  version: number
  /** When it was read, in milliseconds by the clock of the database: it contains what was committed before that. */
  readAtMs: number
}

/** What every mutation answers. */
export interface MutationResponse<Data = null> {
  data: Data
  transactionId: number
}

export interface Goal {
  id: number
  user_id: number
  title: string
  target_per_week: number
  check_ins_count: number
  status: 'active' | 'paused' | 'done'
  last_check_in_at: string | null
  created_at: string
  updated_at: string
}

export interface CheckIn {
  id: number
  user_id: number
  goal_id: number
  note: string
  mood: number | null
  created_at: string
  updated_at: string
}

export interface DailyMotivation {
  id: number
  user_id: number
  day: string
  message: string
  created_at: string
  updated_at: string
}

export interface DailySummary {
  id: number
  user_id: number
  day: string
  check_ins_count: number
  average_mood: number | null
  created_at: string
  updated_at: string
}

export interface Partner {
  id: number
  user_id: number
  partner_id: number
  display_name: string
  check_ins_seen: number
  last_activity_at: string | null
  created_at: string
  updated_at: string
}

export interface HomeDashboard {
  display_name: string
  active_goals: number
  check_ins_today: number
  motivation: string | null
  latest_partner_activity_at: string | null
}

export interface Analytics {
  total_check_ins: number
  average_mood: number | null
  check_ins_by_day: { day: string; check_ins_count: number }[]
  check_ins_by_goal: { goal_id: number; title: string; check_ins_count: number }[]
}
