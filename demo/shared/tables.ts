import type { Change, ChangeEffects, QueryKey } from 'realtime-coalescer'
import type { ApiResponse, Goal } from '../server/api/types.ts'
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

/** The demo has one user. */
const filter = 'user_id=eq.7' as const

/** What a change of each table means for the app, as `createRealtimeService` takes it. */
export const tables = {
  goals: { filter, handle: handleGoal, catchUp: keysOfTable.goals },
  check_ins: { filter, keys: () => keysOfTable.check_ins },
  daily_motivations: { filter, keys: () => keysOfTable.daily_motivations },
  daily_summaries: { filter, keys: () => keysOfTable.daily_summaries },
  partners: { filter, keys: () => keysOfTable.partners },
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
