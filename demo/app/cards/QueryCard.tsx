import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Card } from '../ui/Card.tsx'

interface QueryCardProps<Data> {
  readonly title: string
  readonly query: UseQueryResult<{ data: Data; version: number }>
  readonly children: (data: Data) => ReactNode
  readonly action?: ReactNode
  readonly className?: string
}

/** A card that shows one query: its data, and whether that is fresh, stale or on its way. */
export function QueryCard<Data>({ title, query, children, action, className = '' }: QueryCardProps<Data>) {
  const state = query.isError ? 'failed' : query.isFetching ? 'fetching' : query.isStale ? 'stale' : 'fresh'
  const aside = (
    <span className={`query-state is-${state}`} data-updated-at={query.dataUpdatedAt}>
      <i aria-hidden="true" />
      {state}
    </span>
  )
  return (
    <Card title={title} aside={aside} className={`query-card ${className}`}>
      {/* A new key starts the animation anew and leaves the focus in the body alone. */}
      <span className="flash" key={query.dataUpdatedAt} aria-hidden="true" />
      <div className="query-body">
        {query.data ? children(query.data.data) : <p className="muted">{query.error?.message ?? 'Loading …'}</p>}
      </div>
      {action}
    </Card>
  )
}
