import { useMutation, useQuery } from '@tanstack/react-query'
import { useDemo } from '../demo.ts'
import { formatTime } from '../ui/format.ts'
import { QueryCard } from './QueryCard.tsx'

export function MotivationCard() {
  const { session, run } = useDemo()
  const query = useQuery(session.queries.motivation)
  const regenerate = useMutation({ mutationFn: session.api.regenerate, onMutate: () => run.begin('Regenerate') })
  return (
    <QueryCard
      title="Today’s motivation"
      queryKey={session.queries.motivation.queryKey}
      query={query}
      className="wide motivation"
      action={
        <button type="button" className="button" onClick={() => regenerate.mutate()}>
          Regenerate
        </button>
      }
    >
      {(motivation) =>
        motivation === null ? (
          <p className="muted">No motivation for today yet.</p>
        ) : (
          <figure>
            <blockquote>{motivation.message}</blockquote>
            <figcaption className="muted">
              Row {motivation.id}, written at {formatTime(motivation.created_at)}
            </figcaption>
          </figure>
        )
      }
    </QueryCard>
  )
}
