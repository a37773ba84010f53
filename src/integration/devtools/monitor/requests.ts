import type { Query, QueryCacheNotifyEvent } from '@tanstack/react-query'
import type { FlushedRecord } from '../../../actions/types.ts'
import type { AnyCoalescer } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import { isOwnRun } from '../../query/fetches/way.ts'
import { CauseFinder, type RequestCause } from './causes.ts'
import { formatError, formatValue } from './format.ts'
import type { RequestState, TimelineRequest } from './timeline.ts'

/** A request as it goes on. */
export interface FollowedRequest {
  view: TimelineRequest
  changed: () => void
}

export interface RequestListener {
  /** A request has started that the timeline does not show with a flush. */
  started(cause: RequestCause, request: FollowedRequest): void
  /** How the flush is called that has marked a query, if the timeline shows it. */
  nameOf(record: FlushedRecord): string | undefined
}

/** Finds the requests of the query cache that are not those of a flush, and follows them to their end. */
export class RequestWatcher {
  readonly causes = new CauseFinder()
  readonly #coalescer: AnyCoalescer
  readonly #listener: RequestListener
  readonly #open = new Map<Query, FollowedRequest>()
  /** The queries that each flush is known to have fetched: what follows is a repetition. */
  readonly #fetched = new WeakMap<FlushedRecord, Set<string>>()

  constructor(coalescer: AnyCoalescer, listener: RequestListener) {
    this.#coalescer = coalescer
    this.#listener = listener
  }

  /** Takes what the cache tells. */
  note(event: QueryCacheNotifyEvent): void {
    const { query } = event
    if (event.type === 'removed') return this.#end(query, 'cancelled')
    if (event.type !== 'updated') return this.causes.note(event)
    switch (event.action.type) {
      case 'invalidate':
        return this.causes.note(event)
      case 'fetch':
        return this.#start(query)
      case 'failed':
        return this.#retry(query, event.action.failureCount, event.action.error)
      case 'pause':
        return this.#show(query, { state: 'paused' })
      case 'continue':
        return this.#show(query, { state: 'fetching' })
      case 'success':
        return event.action.manual ? undefined : this.#end(query, 'success')
      case 'error':
        return this.#end(query, 'error')
      case 'setState':
        return query.state.fetchStatus === 'idle' ? this.#end(query, 'cancelled') : undefined
    }
  }

  clear(): void {
    this.#open.clear()
  }

  #start(query: Query): void {
    const entry = internalsOf(this.#coalescer).entryOf(query.queryHash)
    this.#end(query, 'cancelled')
    if (!entry || !isOwnRun(entry)) {
      const cause = this.causes.causeOf(query)
      const markedBy = query.state.isInvalidated ? entry?.markedBy : undefined
      const flush = cause === 'mount' && markedBy ? this.#listener.nameOf(markedBy) : undefined
      return this.#tell(query, cause, flush && `marked stale by ${flush}`)
    }
    const { cause } = entry
    const fetched = cause && (this.#fetched.get(cause) ?? new Set<string>())
    const isRepeated = !fetched || fetched.has(query.queryHash)
    if (cause && fetched) this.#fetched.set(cause, fetched.add(query.queryHash))
    if (isRepeated) return this.#tell(query, 'repeat', cause && this.#listener.nameOf(cause))
    // A flush is told of once it has run.
    queueMicrotask(() => {
      if (cause && this.#listener.nameOf(cause) === undefined) this.#tell(query, 'earlierFlush', describe(cause))
    })
  }

  #retry(query: Query, failureCount: number, error: unknown): void {
    this.#end(query, 'error')
    this.#tell(query, 'retry', `attempt ${failureCount + 1}, after: ${formatError(error)}`)
  }

  #tell(query: Query, cause: RequestCause, note: string | undefined): void {
    const state = query.state.fetchStatus === 'paused' ? 'paused' : 'fetching'
    const view = { queryKey: query.queryKey, state, startedAtMs: Date.now(), tookMs: undefined, note } as const
    const request: FollowedRequest = { view, changed: () => undefined }
    this.#open.set(query, request)
    this.#listener.started(cause, request)
  }

  #end(query: Query, state: RequestState): void {
    const request = this.#open.get(query)
    if (!request) return
    this.#open.delete(query)
    request.view = { ...request.view, state, tookMs: Date.now() - (request.view.startedAtMs ?? Date.now()) }
    request.changed()
  }

  #show(query: Query, shown: Partial<TimelineRequest>): void {
    const request = this.#open.get(query)
    if (!request) return
    request.view = { ...request.view, ...shown }
    request.changed()
  }
}

const describe = ({ reason, keys }: FlushedRecord): string =>
  `${reason}: ${keys
    .slice(0, 3)
    .map(({ queryKey }) => formatValue(queryKey))
    .join(', ')}`
