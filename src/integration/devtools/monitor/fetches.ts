import type { QueryCacheNotifyEvent } from '@tanstack/react-query'
import type { AnyCoalescer } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import { type Entry, isRunning, wantedAt } from '../../query/fetches/way.ts'
import { formatValue } from './format.ts'
import { type TimelineFetch, describeKeys } from './timeline.ts'

interface Open {
  readonly fetch: TimelineFetch
  readonly owedAt: number
}

/** Follows the fetches of the timeline from the flush that decided on them to their end. */
export class FetchFollower {
  readonly #coalescer: AnyCoalescer
  readonly #changed: () => void
  /** By query hash: the fetches that have not ended, and the logical times from which a start is their own. */
  readonly #open = new Map<string, Open[]>()
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
      const open = { fetch, owedAt: wantedAt(record) || record.startedAt }
      this.#open.set(queryHash, [...(this.#open.get(queryHash) ?? []), open])
      this.#update(queryHash, record)
    }
    return fetch
  }

  /** Lets go of fetches that the timeline no longer shows. */
  close(fetches: readonly TimelineFetch[]): void {
    for (const [queryHash, open] of this.#open) {
      for (const one of open) if (fetches.includes(one.fetch)) this.#drop(queryHash, one)
    }
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
        if (event.type === 'removed') for (const one of open) this.#end(queryHash, one, 'cancelled')
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
    for (const one of this.#open.get(queryHash) ?? []) this.#follow(queryHash, one, record)
    this.#changed()
  }

  #follow(queryHash: string, one: Open, record: Entry): void {
    const { fetch, owedAt } = one
    // A request counts as started once it asks, of which the cache tells nothing.
    if (isRunning(record) && (record.startedAt >= owedAt || !record.hasAsked)) {
      fetch.state = record.query.state.fetchStatus === 'paused' ? 'paused' : 'fetching'
      fetch.startedAtMs ??= Date.now()
    } else if (!isRunning(record) && record.startedAt >= owedAt && record.outcome) {
      this.#end(queryHash, one, record.outcome)
    } else if (fetch.startedAtMs !== undefined && !isRunning(record)) this.#end(queryHash, one, 'cancelled')
  }

  #end(queryHash: string, one: Open, state: TimelineFetch['state']): void {
    this.#drop(queryHash, one)
    const { fetch } = one
    fetch.state = state
    if (fetch.startedAtMs !== undefined) fetch.tookMs = Date.now() - fetch.startedAtMs
    this.#changed()
  }

  #drop(queryHash: string, one: Open): void {
    const left = (this.#open.get(queryHash) ?? []).filter((other) => other !== one)
    if (left.length > 0) this.#open.set(queryHash, left)
    else this.#open.delete(queryHash)
  }
}
