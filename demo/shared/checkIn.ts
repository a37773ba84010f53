import { mutationOptions } from '@tanstack/react-query'
import type { ApiResponse, CheckIn, Goal } from '../server/api/types.ts'
import { dailySummariesQueryKeys } from './queryKeys.ts'
import type { Session } from './session.ts'
import { keysOfTable } from './tables.ts'

/** What a check-in touches, by itself and by its triggers. */
export const keysOfCheckIn = [...keysOfTable.check_ins, dailySummariesQueryKeys.all]

/** What an app does once the check-in is answered. */
interface Afterwards {
  onSuccess(row: CheckIn): void
  onSettled(): unknown
}

/** The click of an app with the library: it says what it has written, and what that touches. */
export const checkInOptions = (session: Session) =>
  optimisticCheckIn(session, {
    onSuccess: (row) => session.own('check_ins', row),
    onSettled: () => keysOfCheckIn.forEach((queryKey) => session.coalescer.scheduleInvalidate(queryKey)),
  })

/** The same click as TanStack Query documents it. */
export const plainCheckInOptions = (session: Session) =>
  optimisticCheckIn(session, {
    onSuccess: () => undefined,
    onSettled: () => Promise.all(keysOfCheckIn.map((queryKey) => session.queryClient.invalidateQueries({ queryKey }))),
  })

/** Follows the check-ins that a goal shows, one after the other; `end` follows them no more. */
export function followCheckIns({ queries, queryClient }: Pick<Session, 'queries' | 'queryClient'>, goalId: number) {
  const shown: number[] = []
  const note = (): void => {
    const goals = queryClient.getQueryData(queries.goals.queryKey)?.data
    const count = goals?.find(({ id }) => id === goalId)?.check_ins_count
    if (count !== undefined && count !== shown.at(-1)) shown.push(count)
  }
  note()
  return { shown: shown as readonly number[], end: queryClient.getQueryCache().subscribe(note) }
}

/** Shows the check-in at its goal before it is written. */
function optimisticCheckIn({ api, queries, queryClient }: Session, { onSuccess, onSettled }: Afterwards) {
  const { queryKey } = queries.goals
  return mutationOptions({
    mutationFn: async ({ id }: Pick<Goal, 'id'>) => (await api.checkIn({ goalId: id, note: 'Done', mood: 4 })).data,
    onMutate: async ({ id }) => {
      await queryClient.cancelQueries({ queryKey })
      const before = queryClient.getQueryData(queryKey)
      const withCheckIn = (goal: Goal): Goal =>
        goal.id === id ? { ...goal, check_ins_count: goal.check_ins_count + 1 } : goal
      queryClient.setQueryData(
        queryKey,
        (old: ApiResponse<Goal[]> | undefined) => old && { ...old, data: old.data.map(withCheckIn) },
      )
      return { before }
    },
    onSuccess,
    onError: (_error, _goal, context) => queryClient.setQueryData(queryKey, context?.before),
    onSettled,
  })
}
