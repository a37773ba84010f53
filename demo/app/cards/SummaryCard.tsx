import { useQuery } from '@tanstack/react-query'
import { useDemo } from '../demo.ts'
import { QueryCard } from './QueryCard.tsx'

export function SummaryCard() {
  const { session } = useDemo()
  return (
    <QueryCard
      title="Today so far"
      queryKey={session.queries.summary.queryKey}
      query={useQuery(session.queries.summary)}
    >
      {(summary) => (
        <dl className="facts">
          <div>
            <dt>Check-ins</dt>
            <dd>{summary?.check_ins_count ?? 0}</dd>
          </div>
          <div>
            <dt>Average mood</dt>
            <dd>{summary?.average_mood ?? '–'}</dd>
          </div>
        </dl>
      )}
    </QueryCard>
  )
}
