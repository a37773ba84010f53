import type { Change, ChangeEffects, QueryKey } from 'realtime-coalescer'
import type { TablesOf } from 'realtime-coalescer/supabase'
import type { ApiResponse, Goal } from '../server/api/types.ts'
import type { Database } from './database.ts'
import {
  analyticsQueryKeys,
  checkInsQueryKeys,
  dailyMotivationsQueryKeys,
  dailySummariesQueryKeys,
  goalsQueryKeys,
  homeDashboardQueryKeys,
  partnersQueryKeys,
} from './queryKeys.ts'

/** Which queries show the rows of each table, or what is derived from them. */
export const keysOfTable = {
  goals: [goalsQueryKeys.all, homeDashboardQueryKeys.dashboard(), analyticsQueryKeys.all],
  check_ins: [
    checkInsQueryKeys.all,
    goalsQueryKeys.all,
    homeDashboardQueryKeys.dashboard(),
    analyticsQueryKeys.all,
    partnersQueryKeys.all,
  ],
  daily_motivations: [dailyMotivationsQueryKeys.today(), homeDashboardQueryKeys.dashboard()],
  daily_summaries: [dailySummariesQueryKeys.all, homeDashboardQueryKeys.dashboard(), analyticsQueryKeys.all],
  partners: [partnersQueryKeys.all, homeDashboardQueryKeys.dashboard()],
} satisfies Record<string, readonly QueryKey[]>

/** What a change of each table means for the app, as `createRealtimeService` takes it. */
const answers = {
  goals: { handle: handleGoal, catchUp: keysOfTable.goals },
  check_ins: { keys: () => keysOfTable.check_ins },
  daily_motivations: { keys: () => keysOfTable.daily_motivations },
  daily_summaries: { keys: () => keysOfTable.daily_summaries },
  partners: { keys: () => keysOfTable.partners },
} satisfies TablesOf<Database>

/** The demo has one user. What a topic carries is decided in the database, so there is nothing to filter by. */
export const userFilter = 'user_id=eq.7' as const

/** The tables as each feed takes them. */
export const tablesOf = {
  postgres_changes: {
    goals: { ...answers.goals, filter: userFilter },
    check_ins: { ...answers.check_ins, filter: userFilter },
    daily_motivations: { ...answers.daily_motivations, filter: userFilter },
    daily_summaries: { ...answers.daily_summaries, filter: userFilter },
    partners: { ...answers.partners, filter: userFilter },
  },
  broadcast: answers,
}

/** Shows the new row at once, and fetches what is derived from it. */
function handleGoal(change: Change<Goal>): ChangeEffects {
  if (change.eventType !== 'UPDATE') return { invalidate: keysOfTable.goals }
  const row = change.new
  return {
    invalidate: keysOfTable.goals,
    patch: [
      {
        queryKey: goalsQueryKeys.all,
        update: (old: ApiResponse<Goal[]> | undefined) =>
          old && {
            ...old,
            data: old.data.map((goal) => (goal.id === row.id && isNewer(row, goal) ? { ...goal, ...row } : goal)),
          },
      },
    ],
  }
}

/** A change can arrive after a response that was read later. */
function isNewer(row: Partial<Goal>, goal: Goal): boolean {
  return row.updated_at !== undefined && Date.parse(row.updated_at) > Date.parse(goal.updated_at)
}
