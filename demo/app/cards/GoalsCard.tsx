import { useMutation, useQuery } from '@tanstack/react-query'
import type { Goal } from '../../server/api/types.ts'
import { checkInOptions } from '../../shared/checkIn.ts'
import { useDemo } from '../demo.ts'
import { QueryCard } from './QueryCard.tsx'

export function GoalsCard() {
  const { session, run } = useDemo()
  const query = useQuery(session.queries.goals)
  const checkIn = useMutation(checkInOptions(session))
  const click = (goal: Goal) => {
    run.begin('Check-in')
    checkIn.mutate(goal)
  }
  return (
    <QueryCard title="Goals" queryKey={session.queries.goals.queryKey} query={query} className="wide">
      {(goals) => (
        <ul className="rows">
          {goals.map((goal) => (
            <li key={goal.id}>
              <span className="row-main">
                <strong>{goal.title}</strong>
                <small>
                  {goal.check_ins_count} check-ins, target {goal.target_per_week} a week
                </small>
              </span>
              <button
                type="button"
                className="button small"
                aria-label={`Check in: ${goal.title}`}
                onClick={() => click(goal)}
              >
                Check in
              </button>
            </li>
          ))}
        </ul>
      )}
    </QueryCard>
  )
}
