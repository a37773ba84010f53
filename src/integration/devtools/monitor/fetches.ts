import type { QueryCacheNotifyEvent } from '@tanstack/react-query'
import type { AnyCoalescer } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import { type Entry, isRunning, wantedAt } from '../../query/fetches/way.ts'
import { formatValue } from './format.ts'
import { type TimelineFetch, describeKeys } from './timeline.ts'

/** Follows the fetches of the timeline from the flush that decided on them to their end. */
export class FetchFollower {
  readonly #coalescer: AnyCoalescer
  readonly #changed: () => void
  /** By query hash: the latest fetch that has not ended, and the logical time from which a start is its own. */
  readonly #open = new Map<string, { fetch: TimelineFetch; owedAt: number }>()
  #unsubscribe: (() => void) | undefined

  constructor(coalescer: AnyCoalescer, changed: () => void) {
    this.#coalescer = coalescer
    this.#changed = changed
  }

  /** Describes the fetch of a query that a flush has just decided on. */
  open(queryHash: string): TimelineFetch {
    this.#listen()
    const record = this.#recordOf(queryHash)
    const fetch: TimelineFetch = {
      text: record ? formatValue(record.query.queryKey) : queryHash,
      causes: describeKeys(this.#coalescer.explain(queryHash)?.keys ?? []),
      state: 'waiting',
      startedAtMs: undefined,
      tookMs: undefined,
    }
    if (record) {
      this.#open.set(queryHash, { fetch, owedAt: wantedAt(record) || record.startedAt })
      this.#update(queryHash, record)
    }
    return fetch
  }

  /** Lets go of fetches that the timeline no longer shows. */
  close(fetches: readonly TimelineFetch[]): void {
    for (const [queryHash, { fetch }] of this.#open) if (fetches.includes(fetch)) this.#open.delete(queryHash)
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#open.clear()
  }

  #listen(): void {
    this.#unsubscribe ??= internalsOf(this.#coalescer)
      .queryClient()
      ?.getQueryCache()
      .subscribe((event: QueryCacheNotifyEvent) => {
        if (event.type !== 'updated' && event.type !== 'removed') return
        const { queryHash } = event.query
        const open = this.#open.get(queryHash)
        if (!open) return
        if (event.type === 'removed') this.#end(queryHash, 'cancelled')
        else {
          const record = this.#recordOf(queryHash)
          if (record) this.#update(queryHash, record)
        }
      })
  }

  #recordOf(queryHash: string): Entry | undefined {
    return internalsOf(this.#coalescer).entryOf(queryHash)
  }

  #update(queryHash: string, record: Entry): void {
    const open = this.#open.get(queryHash)
    if (!open) return
    const { fetch, owedAt } = open
    // A request counts as started once it asks, of which the cache tells nothing.
    if (isRunning(record) && (record.startedAt >= owedAt || !record.hasAsked)) {
      fetch.state = record.query.state.fetchStatus === 'paused' ? 'paused' : 'fetching'
      fetch.startedAtMs ??= Date.now()
    } else if (!isRunning(record) && record.startedAt >= owedAt && record.outcome) this.#end(queryHash, record.outcome)
    else if (fetch.startedAtMs !== undefined && !isRunning(record)) this.#end(queryHash, 'cancelled')
    this.#changed()
  }

  #end(queryHash: string, state: TimelineFetch['state']): void {
    const fetch = this.#open.get(queryHash)?.fetch
    this.#open.delete(queryHash)
    if (!fetch) return
    fetch.state = state
    if (fetch.startedAtMs !== undefined) fetch.tookMs = Date.now() - fetch.startedAtMs
    this.#changed()
  }
}
