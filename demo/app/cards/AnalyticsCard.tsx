import { useQuery } from '@tanstack/react-query'
import { useDemo } from '../demo.ts'
import { formatWeekday } from '../ui/format.ts'
import { QueryCard } from './QueryCard.tsx'

const shownDays = 7

export function AnalyticsCard() {
  const { session } = useDemo()
  return (
    <QueryCard
      title="Analytics"
      queryKey={session.queries.analytics.queryKey}
      query={useQuery(session.queries.analytics)}
      className="wide"
    >
      {({ total_check_ins: total, average_mood: mood, check_ins_by_day: byDay }) => {
        const days = byDay.slice(-shownDays)
        const most = Math.max(1, ...days.map((day) => day.check_ins_count))
        return (
          <>
            <p className="muted">
              {total} check-ins, average mood {mood ?? '–'}
            </p>
            <ol className="days">
              {days.map(({ day, check_ins_count: count }) => (
                <li key={day}>
                  <span className="day-count">{count}</span>
                  <span className="day-bar" style={{ blockSize: `${(count / most) * 3}rem` }} />
                  <small>{formatWeekday(day)}</small>
                </li>
              ))}
            </ol>
          </>
        )
      }}
    </QueryCard>
  )
}
