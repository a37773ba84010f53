import { QueryObserver } from '@tanstack/react-query'
import { queryNames } from './queries.ts'
import type { Session } from './session.ts'

/** Mounts every query of the app, as a page that shows them all would. */
export function mountAll({ queryClient, queries }: Session): () => void {
  queryClient.mount()
  const unsubscribes = queryNames.map((name) =>
    // Each name has its own data type; an observer that only keeps the query active needs none of them.
    new QueryObserver(
      queryClient,
      queries[name] as unknown as ConstructorParameters<typeof QueryObserver>[1],
    ).subscribe(() => undefined),
  )
  return () => {
    for (const unsubscribe of unsubscribes) unsubscribe()
    queryClient.unmount()
  }
}
