import type { QueryClient } from '@tanstack/react-query'
import type { Change, QueryKey } from '../../actions/types.ts'
import type { ErrorReporter } from '../../actions/report.ts'
import type { ResolvedTable } from './resolveTable.ts'

export interface ForeignDeletePort {
  readonly queryClient: QueryClient
  readonly report: ErrorReporter
  /** Whether changes wait for their handlers, whose patches may still bring the row. */
  hasBufferedChanges(): boolean
}

/**
 * Whether a change deletes a row that, as the app says, nothing of this client shows. A row on its way is not asked
 * about, because the app cannot know of it yet.
 *
 * @param queryKeys what changes of the table touch; asked only when a DELETE may be foreign.
 */
export function isForeignDelete(
  { queryClient, report, hasBufferedChanges }: ForeignDeletePort,
  change: Change,
  { name, primaryKey, concerns }: Pick<ResolvedTable, 'concerns' | 'name' | 'primaryKey'>,
  queryKeys: () => readonly QueryKey[],
): boolean {
  if (change.eventType !== 'DELETE' || concerns === undefined) return false
  const old: Readonly<Record<string, unknown>> = change.old
  if (primaryKey.some((column) => old[column] === undefined)) return false
  if (hasBufferedChanges() || queryKeys().some((queryKey) => queryClient.isFetching({ queryKey }) > 0)) return false
  try {
    return !concerns(change)
  } catch (error) {
    report(error, {
      type: 'feedFailed',
      message: `concerns() of table ${name} threw: the DELETE is answered as one that concerns this client.`,
    })
    return false
  }
}
