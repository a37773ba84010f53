import type { QueryKey, UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ApiResponse } from '../../server/api/types.ts'
import { useIsBehind } from '../demo.ts'
import { Card } from '../ui/Card.tsx'

interface QueryCardProps<Data> {
  readonly title: string
  readonly queryKey: QueryKey
  readonly query: UseQueryResult<ApiResponse<Data>>
  readonly children: (data: Data) => ReactNode
  readonly action?: ReactNode
  readonly className?: string
}

const titles = {
  failed: 'The last request failed. The next change fetches it again.',
  behind: 'The database has changed since this was read, and no newer answer is here yet.',
  fetching: 'A request is on its way.',
  stale: 'Marked stale: it is fetched when it is shown again.',
  fresh: 'No change is known that this data does not show.',
}

/** A card that shows one query: its data, and whether that is fresh, behind the database, stale or on its way. */
export function QueryCard<Data>({ title, queryKey, query, children, action, className = '' }: QueryCardProps<Data>) {
  const isBehind = useIsBehind(queryKey)
  const calmState = query.isFetching ? 'fetching' : query.isStale ? 'stale' : 'fresh'
  const state = query.isError ? 'failed' : isBehind ? 'behind' : calmState
  const aside = (
    <span
      className={`query-state is-${state} ${query.isFetching ? 'is-fetching' : ''}`}
      title={titles[state]}
      data-updated-at={query.dataUpdatedAt}
    >
      <i aria-hidden="true" />
      {state}
    </span>
  )
  return (
    <Card title={title} aside={aside} className={`query-card ${className}`}>
      {/* A new key starts the animation anew and leaves the focus in the body alone. */}
      <span className="flash" key={query.dataUpdatedAt} aria-hidden="true" />
      <div className="query-body">
        {query.data && children(query.data.data)}
        {query.isPending && <p className="muted">Loading …</p>}
        {query.isError && (
          <p className="muted query-failure">
            {query.data ? 'Shown is what was read before. ' : 'Nothing could be read. '}
            The API: {query.error.message}
            <button type="button" className="button small" onClick={() => void query.refetch()}>
              Try again
            </button>
          </p>
        )}
      </div>
      {action}
    </Card>
  )
}
