import { type Query, type QueryClient, notifyManager, partialMatchKey } from '@tanstack/react-query'
import { type ResolvedEffects, resolveEffects, sourceOf } from '../../../actions/effects.ts'
import type { ErrorReporter } from '../../../actions/report.ts'
import type {
  Change,
  ChangeHandler,
  HandlerFailedRecord,
  Patch,
  QueryKey,
  RefetchQueryType,
} from '../../../actions/types.ts'
import type { Ledger } from '../fetches/ledger.ts'
import type { Mutations } from '../fetches/mutations.ts'
import { isRunning } from '../fetches/way.ts'

export interface ChangesPort {
  readonly queryClient: QueryClient
  readonly ledger: Ledger
  readonly mutations: Pick<Mutations, 'apart'>
  readonly report: ErrorReporter
  handlerFailed(record: HandlerFailedRecord): void
}

/** Who is told what is left to do for a change once its cancels and patches are applied. */
export interface ChangeSink {
  invalidate(queryKeys: readonly QueryKey[], source: string): void
  refetch(queryKeys: readonly QueryKey[], queryType: RefetchQueryType, source: string): void
  /** Queries whose running fetch is older than the patch it would overwrite, or is cancelled before it has answered. */
  fetchLost(queryKeys: readonly QueryKey[], source: string): void
}

/**
 * Runs the handler of a change, applies its cancels and patches in one batch, and tells the rest. A throw is reported;
 * the rest still happens.
 *
 * @param cameAt when the change came, in logical time; a fetch that started since then brings more than its patch.
 */
export function applyChange(
  port: ChangesPort,
  change: Change,
  handler: ChangeHandler,
  sink: ChangeSink,
  cameAt = Infinity,
): void {
  let effects: ResolvedEffects
  try {
    effects = resolveEffects(handler, change)
  } catch (error) {
    port.handlerFailed({ change, error })
    return
  }
  const apply = () => {
    const unanswered = cancelFetches(port, effects)
    const { overtaken, failed } = applyPatches(port, effects, cameAt)
    return { lost: [...unanswered, ...overtaken], failed }
  }
  const { lost, failed } = notifyManager.batch(() => port.mutations.apart(apply))
  const source = sourceOf(change)
  // A failed patch is not in the data, so only a fetch can bring it there.
  const stale = [...effects.invalidate, ...failed]
  if (stale.length > 0) sink.invalidate(stale, source)
  for (const queryType of ['active', 'all'] as const) {
    const queryKeys = effects.refetch.filter(({ type }) => type === queryType).map(({ queryKey }) => queryKey)
    if (queryKeys.length > 0) sink.refetch(queryKeys, queryType, source)
  }
  // Under `direct` a query that is fetched already would be fetched a second time.
  const told = [...stale, ...effects.refetch.map(({ queryKey }) => queryKey)]
  const untold = lost.filter((queryKey) => !told.some((key) => partialMatchKey(queryKey, key)))
  if (untold.length > 0) sink.fetchLost(untold, source)
}

/** Returns the queries on screen that are left without data, or with stale data, and owe no fetch of ours. */
function cancelFetches({ queryClient, ledger, report }: ChangesPort, { cancel }: ResolvedEffects): QueryKey[] {
  const cache = queryClient.getQueryCache()
  const isUnanswered = (query: Query): boolean =>
    query.isActive() &&
    query.state.fetchStatus !== 'idle' &&
    (query.state.data === undefined || query.state.isInvalidated) &&
    ledger.entryOf(query).debt.at === 'nowhere'
  const unanswered: QueryKey[] = []
  for (const queryKey of cancel) {
    const queries = cache.findAll({ queryKey }).filter(isUnanswered)
    unanswered.push(...queries.map((query) => query.queryKey))
    try {
      queryClient.cancelQueries({ queryKey }).catch(() => undefined)
    } catch (error) {
      report(error, { type: 'patchFailed', queryKey })
    }
  }
  return unanswered
}

function applyPatches(port: ChangesPort, { patch: patches }: ResolvedEffects, cameAt: number) {
  const overtaken: QueryKey[] = []
  const failed: QueryKey[] = []
  for (const patch of patches) {
    try {
      if (applyPatch(port, patch, cameAt)) overtaken.push(patch.queryKey)
    } catch (error) {
      failed.push(patch.queryKey)
      port.report(error, { type: 'patchFailed', queryKey: patch.queryKey })
    }
  }
  return { overtaken, failed }
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
