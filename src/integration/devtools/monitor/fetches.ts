import type { Query, QueryCacheNotifyEvent } from '@tanstack/react-query'
import type { QueryKey } from '../../../actions/types.ts'
import type { AnyCoalescer } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import { type Entry, isRunning, wantedAt } from '../../query/fetches/way.ts'
import type { RequestState, TimelineFetch, TimelineKey } from './timeline.ts'

/** A fetch as it goes on; `view` is another object whenever it shows something else. */
export interface FollowedFetch {
  view: TimelineFetch
  readonly owedAt: number
  readonly changed: () => void
}

/** Follows the fetches of flushes from the decision to their end. */
export class FetchFollower {
  readonly #coalescer: AnyCoalescer
  /** By query hash: the fetches that have not ended. */
  readonly #open = new Map<string, FollowedFetch[]>()

  constructor(coalescer: AnyCoalescer) {
    this.#coalescer = coalescer
  }

  /** Follows the fetch of a query that a flush has just decided on. */
  open(
    queryHash: string,
    causesOf: (queryKey: QueryKey) => readonly TimelineKey[],
    changed: () => void,
  ): FollowedFetch {
    const entry = internalsOf(this.#coalescer).entryOf(queryHash)
    const queryKey = entry?.query.queryKey ?? [queryHash]
    const view: TimelineFetch = {
      queryKey,
      causes: causesOf(queryKey),
      state: 'waiting',
      startedAtMs: undefined,
      tookMs: undefined,
    }
    const fetch: FollowedFetch = { view, owedAt: entry ? wantedAt(entry) || entry.startedAt : 0, changed }
    if (entry) {
      this.#open.set(queryHash, [...(this.#open.get(queryHash) ?? []), fetch])
      this.#follow(queryHash, fetch, entry)
    }
    return fetch
  }

  /** Takes what the cache tells. */
  note({ type, query }: QueryCacheNotifyEvent): void {
    if (type !== 'updated' && type !== 'removed') return
    const { queryHash } = query as Query
    const open = this.#open.get(queryHash)
    if (!open) return
    const entry = type === 'removed' ? undefined : internalsOf(this.#coalescer).entryOf(queryHash)
    for (const fetch of open) {
      if (entry) this.#follow(queryHash, fetch, entry)
      else this.#end(queryHash, fetch, 'cancelled')
    }
  }

  clear(): void {
    this.#open.clear()
  }

  #follow(queryHash: string, fetch: FollowedFetch, entry: Entry): void {
    const { owedAt, view } = fetch
    // A request counts as started once it asks, of which the cache tells nothing.
    if (isRunning(entry) && (entry.startedAt >= owedAt || !entry.hasAsked)) {
      const state = entry.query.state.fetchStatus === 'paused' ? 'paused' : 'fetching'
      this.#show(fetch, { state, startedAtMs: view.startedAtMs ?? Date.now() })
    } else if (!isRunning(entry) && entry.startedAt >= owedAt && entry.outcome) {
      this.#end(queryHash, fetch, entry.outcome)
    } else if (view.startedAtMs !== undefined && !isRunning(entry)) this.#end(queryHash, fetch, 'cancelled')
  }

  #end(queryHash: string, fetch: FollowedFetch, state: RequestState): void {
    const left = (this.#open.get(queryHash) ?? []).filter((other) => other !== fetch)
    if (left.length > 0) this.#open.set(queryHash, left)
    else this.#open.delete(queryHash)
    const { startedAtMs } = fetch.view
    this.#show(fetch, { state, tookMs: startedAtMs === undefined ? undefined : Date.now() - startedAtMs })
  }

  #show(fetch: FollowedFetch, shown: Partial<TimelineFetch>): void {
    const { view } = fetch
    if ((Object.keys(shown) as (keyof TimelineFetch)[]).every((name) => shown[name] === view[name])) return
    fetch.view = { ...view, ...shown }
    fetch.changed()
  }
}
