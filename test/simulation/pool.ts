import type { QueryKey } from '@tanstack/react-query'

export type QueryKind = 'plain' | 'infinite' | 'static'

/** A query that a trace may mount. */
export interface PoolQuery {
  readonly queryKey: QueryKey
  readonly kind: QueryKind
}

/** Queries that share prefixes and object parts, so that one key matches several of them. */
export const pool: readonly PoolQuery[] = [
  { queryKey: ['goals'], kind: 'plain' },
  { queryKey: ['goals', 1], kind: 'plain' },
  { queryKey: ['goals', { page: 1, filter: 'done' }], kind: 'plain' },
  { queryKey: ['goals', { page: 2 }], kind: 'plain' },
  { queryKey: ['partners', 7], kind: 'plain' },
  { queryKey: ['feed'], kind: 'infinite' },
  { queryKey: ['constants'], kind: 'static' },
]

/** Keys that events name: prefixes, whole keys, partial objects, one that matches nothing, and all. */
const prefixKeys: readonly QueryKey[] = [
  ['goals'],
  ['goals', 1],
  ['goals', { page: 1 }],
  ['goals', { filter: 'done', page: 1 }],
  ['goals', {}],
  ['partners'],
  ['feed'],
  ['constants'],
  ['nobody'],
  [],
]

/** A key as an event names it. The object of the key is unique, so records can be traced back to it. */
export interface EventKey {
  readonly queryKey: QueryKey
  readonly exact: boolean
}

export const eventKeys: readonly EventKey[] = [
  ...prefixKeys.map((queryKey) => ({ queryKey, exact: false })),
  ...pool.map(({ queryKey }) => ({ queryKey: [...queryKey], exact: true })),
]

/** Finds the key of an event by its object; a query's own key stands for exactly that query. */
export const eventKeyOf = new Map<QueryKey, EventKey>([
  ...eventKeys.map((key) => [key.queryKey, key] as const),
  ...pool.map(({ queryKey }) => [queryKey, { queryKey, exact: true }] as const),
])
