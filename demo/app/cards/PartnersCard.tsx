import { useQuery } from '@tanstack/react-query'
import { useDemo } from '../demo.ts'
import { formatTime } from '../ui/format.ts'
import { QueryCard } from './QueryCard.tsx'

export function PartnersCard() {
  const { session } = useDemo()
  return (
    <QueryCard title="Partners" queryKey={session.queries.partners.queryKey} query={useQuery(session.queries.partners)}>
      {(partners) => (
        <ul className="rows">
          {partners.map((partner) => (
            <li key={partner.id}>
              <span className="avatar" aria-hidden="true">
                {partner.display_name.slice(0, 1)}
              </span>
              <span className="row-main">
                <strong>{partner.display_name}</strong>
                <small>
                  {partner.check_ins_seen} seen
                  {partner.last_activity_at ? `, last at ${formatTime(partner.last_activity_at)}` : ''}
                </small>
              </span>
            </li>
          ))}
        </ul>
      )}
    </QueryCard>
  )
}
