import { useQuery } from '@tanstack/react-query'
import { useDemo } from '../demo.ts'
import { formatTime } from '../ui/format.ts'
import { QueryCard } from './QueryCard.tsx'

const shown = 4

export function CheckInsCard() {
  const { session } = useDemo()
  return (
    <QueryCard
      title="Latest check-ins"
      queryKey={session.queries.checkIns.queryKey}
      query={useQuery(session.queries.checkIns)}
    >
      {(checkIns) => (
        <ul className="rows">
          {checkIns.slice(0, shown).map((checkIn) => (
            <li key={checkIn.id}>
              <span className="row-main">
                <strong>{checkIn.note || 'Check-in'}</strong>
                <small>
                  Goal {checkIn.goal_id} at {formatTime(checkIn.created_at)}
                </small>
              </span>
              <span className="mood">{checkIn.mood === null ? '–' : `mood ${checkIn.mood}`}</span>
            </li>
          ))}
        </ul>
      )}
    </QueryCard>
  )
}
