import { type Query, type QueryCache, type QueryKey, replaceEqualDeep } from '@tanstack/react-query'
import type { CoalescerInternals } from '../query/internals.ts'
import type { HeardLog } from './heardLog.ts'

/** How long the requests of a sweep are waited for. */
const LONGEST_SWEEP_MS = 30_000
/** How much later than a request that shows it a change may arrive: the server looks for changes twice a second. */
const GRACE_MS = 3_000

/** Finds out, by the data a sweep brings, whether the feed has told what it should have. */
export interface SweepWatch {
  /** To be called before a sweep of these keys. */
  begin(queryKeys: readonly QueryKey[]): void
  end(): void
}

/**
 * Watches sweeps. `dead` is called, once for a sweep, if it has brought changed data that the feed told nothing of.
 */
export function createSweepWatch(internals: CoalescerInternals, heard: HeardLog, dead: () => void): SweepWatch {
  const clock = internals.actorOptions.clock ?? globalThis
  /** Ends each sweep that is not judged yet: they may follow each other faster than that. */
  const ends = new Set<() => void>()

  function begin(queryKeys: readonly QueryKey[]): void {
    const cache = internals.queryClient()?.getQueryCache()
    // What waits for a flush may bring changes that the feed has told of.
    if (!cache || internals.pending.size > 0) return
    const judged = settledQueries(cache, queryKeys).filter((query) => !isWrittenOver(query))
    const before = new Map(judged.map((query) => [query, query.state]))
    if (before.size === 0) return
    const waitedFor = new Set(before.keys())
    const changed: Query[] = []
    let timer: unknown

    function judge(): void {
      const untold = changed.filter((query) => !heard.hasTold(query.queryKey, before.get(query)?.dataUpdatedAt ?? 0))
      end()
      if (untold.length > 0) dead()
    }

    function wait(ms: number): void {
      clock.clearTimeout(timer as never)
      timer = clock.setTimeout(judge, ms)
    }

    const unsubscribe = cache.subscribe((event) => {
      const query: Query = event.query
      if (!waitedFor.has(query)) return
      if (event.type === 'updated' && event.action.type === 'success' && event.action.manual !== true) {
        const { data } = before.get(query) ?? {}
        if (replaceEqualDeep(data, event.action.data) !== data) changed.push(query)
      } else if (event.type !== 'removed' && !(event.type === 'updated' && event.action.type === 'error')) return
      waitedFor.delete(query)
      if (waitedFor.size === 0) wait(GRACE_MS)
    })
    const end = (): void => {
      unsubscribe()
      clock.clearTimeout(timer as never)
      ends.delete(end)
    }
    ends.add(end)
    wait(LONGEST_SWEEP_MS)
  }

  /** What the app has written itself since the last answer, such as an optimistic row, differs from the next without a loss. */
  function isWrittenOver({ queryHash, state }: Query): boolean {
    const answer = internals.entryOf(queryHash)?.answer
    return answer !== undefined && answer !== state.data
  }

  return {
    begin,
    end() {
      for (const end of ends) end()
    },
  }
}

/** The queries on screen whose data the sweep will bring anew, and nothing else is about to. */
function settledQueries(cache: QueryCache, queryKeys: readonly QueryKey[]): Query[] {
  const queries = new Set(queryKeys.flatMap((queryKey) => cache.findAll({ queryKey, type: 'active' })))
  return [...queries].filter(
    ({ state }) => state.status === 'success' && state.fetchStatus === 'idle' && !state.isInvalidated,
  )
}
