import { useQuery } from '@tanstack/react-query'
import { useDemo } from '../demo.ts'
import { formatTime } from '../ui/format.ts'
import { QueryCard } from './QueryCard.tsx'

export function DashboardCard() {
  const { session } = useDemo()
  return (
    <QueryCard
      title="Dashboard"
      queryKey={session.queries.dashboard.queryKey}
      query={useQuery(session.queries.dashboard)}
    >
      {(dashboard) => (
        <dl className="facts">
          <div>
            <dt>Active goals</dt>
            <dd>{dashboard.active_goals}</dd>
          </div>
          <div>
            <dt>Check-ins today</dt>
            <dd>{dashboard.check_ins_today}</dd>
          </div>
          <div>
            <dt>Partners last seen</dt>
            <dd>{dashboard.latest_partner_activity_at ? formatTime(dashboard.latest_partner_activity_at) : 'never'}</dd>
          </div>
        </dl>
      )}
    </QueryCard>
  )
}
