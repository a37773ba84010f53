import type { QueryClient } from '@tanstack/react-query'
import { type ResolvedEffects, resolveEffects } from '../../../actions/effects.ts'
import type { ErrorReporter } from '../../../actions/report.ts'
import type { Change, ChangeHandler, HandlerFailedRecord, Patch, QueryKey } from '../../../actions/types.ts'
import type { Ledger } from '../fetches/ledger.ts'
import { isRunning } from '../fetches/way.ts'

export interface ChangesPort {
  readonly queryClient: QueryClient
  readonly ledger: Ledger
  readonly report: ErrorReporter
  handlerFailed(record: HandlerFailedRecord): void
}

/** What is left to do for a change once its cancels and patches are applied. */
export interface AppliedChange extends Pick<ResolvedEffects, 'invalidate' | 'refetch'> {
  /** Queries whose running fetch is older than the patch it would overwrite. */
  readonly overtaken: readonly QueryKey[]
}

const nothing: AppliedChange = { invalidate: [], refetch: [], overtaken: [] }

/**
 * Runs the handler of a change and applies its cancels and patches. A throw is reported; the rest still happens.
 *
 * @param cameAt when the change came, in logical time; a fetch that started since then brings more than its patch.
 */
export function applyChange(
  port: ChangesPort,
  change: Change,
  handler: ChangeHandler,
  cameAt = Infinity,
): AppliedChange {
  let effects: ResolvedEffects
  try {
    effects = resolveEffects(handler, change)
  } catch (error) {
    port.handlerFailed({ change, error })
    return nothing
  }
  for (const queryKey of effects.cancel) {
    try {
      port.queryClient.cancelQueries({ queryKey }).catch(() => undefined)
    } catch (error) {
      port.report(error, { type: 'patchFailed', queryKey })
    }
  }
  const overtaken: QueryKey[] = []
  const failed: QueryKey[] = []
  for (const patch of effects.patch) {
    try {
      if (applyPatch(port, patch, cameAt)) overtaken.push(patch.queryKey)
    } catch (error) {
      // The change is not in the data, so only a fetch can bring it there.
      failed.push(patch.queryKey)
      port.report(error, { type: 'patchFailed', queryKey: patch.queryKey })
    }
  }
  return { invalidate: [...effects.invalidate, ...failed], refetch: effects.refetch, overtaken }
}

/** Returns whether a fetch is running that may bring back the data from before the patch. */
function applyPatch({ queryClient, ledger }: ChangesPort, { queryKey, update }: Patch, cameAt: number): boolean {
  const cache = queryClient.getQueryCache()
  const { queryHash } = queryClient.defaultQueryOptions({ queryKey })
  const before = cache.get(queryHash)
  const wasInvalidated = before?.state.isInvalidated === true
  queryClient.setQueryData(queryKey, update)
  const query = before ?? cache.get(queryHash)
  if (!query) return false
  // A patch renews one row, not the rest of what was stale.
  if (wasInvalidated) query.invalidate()
  const entry = ledger.entryOf(query)
  return isRunning(entry) && entry.startedAt < cameAt
}
