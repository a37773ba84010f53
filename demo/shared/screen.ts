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

/** How new the data is that the screen shows, by query: the smallest decides whether anything is stale. */
export function versionsOnScreen({ queryClient, queries }: Session): Record<string, number> {
  return Object.fromEntries(
    queryNames.map((name) => [
      name,
      queryClient.getQueryData<{ version: number }>(queries[name].queryKey)?.version ?? 0,
    ]),
  )
}
