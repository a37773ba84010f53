import { type QueryCacheNotifyEvent, partialMatchKey } from '@tanstack/react-query'
import { type Onlooker, watchQueue } from '../../../actions/onlookers.ts'
import type { PendingKey } from '../../../actions/pendingKey.ts'
import type { FlushReason, FlushedRecord, QueryKey } from '../../../actions/types.ts'
import type { AnyCoalescer } from '../../query/coalescer.ts'
import type { Entry } from '../../query/fetches/way.ts'
import { internalsOf } from '../../query/internals.ts'
import type { RealtimeStatusSource } from '../../react/useRealtimeStatus.ts'
import { ArrivalCounter } from './arrivals.ts'
import type { RequestCause } from './causes.ts'
import { FetchFollower } from './fetches.ts'
import { formatError, formatTime, formatValue } from './format.ts'
import { GapWatcher } from './gaps.ts'
import type { LogLine, TimelineLog } from './log.ts'
import { type FollowedRequest, RequestWatcher } from './requests.ts'
import { type FlushEntry, type RequestsEntry, type TimelineKey, MAX_DETAILS } from './timeline.ts'
import { readWaits } from './waits.ts'

/** Requests of one kind within this time are one entry. */
const TOGETHER_MS = 50

/** Writes down what a coalescer does, and every request of its query cache. */
export class Recorder implements Onlooker {
  readonly arrivals = new ArrivalCounter()
  readonly #coalescer: AnyCoalescer
  readonly #log: TimelineLog
  readonly #changed: () => void
  readonly #fetches: FetchFollower
  readonly #requests: RequestWatcher
  readonly #gaps: GapWatcher
  readonly #names = new WeakMap<FlushedRecord, string>()
  #ends: (() => void)[] = []
  #endCache: (() => void) | undefined
  #together: { readonly line: LogLine; readonly requests: FollowedRequest[]; count: number } | undefined

  constructor(
    coalescer: AnyCoalescer,
    service: RealtimeStatusSource | undefined,
    log: TimelineLog,
    changed: () => void,
  ) {
    this.#coalescer = coalescer
    this.#log = log
    this.#changed = changed
    this.#fetches = new FetchFollower(coalescer)
    this.#requests = new RequestWatcher(coalescer, {
      started: (cause, request) => this.#addRequest(cause, request),
      nameOf: (record) => this.#names.get(record),
    })
    this.#gaps = new GapWatcher(service, (text) => this.#add({ type: 'feed', text }))
  }

  start(): void {
    const coalescer = this.#coalescer
    this.#guard(() => this.#gaps.start())
    this.#requests.causes.start()
    this.#ends = [
      watchQueue(internalsOf(coalescer).pending, this),
      coalescer.on('strategySwitched', (record) => this.#add({ type: 'switch', ...record })),
      coalescer.on('refetchFailed', ({ queryKey, error }) =>
        this.#add({ type: 'failure', what: `Fetch of ${formatValue(queryKey)}`, message: formatError(error) }),
      ),
      coalescer.on('handlerFailed', ({ change, error }) => {
        const what = `Handler of ${change.table}:${change.eventType}`
        this.#add({ type: 'failure', what, message: formatError(error) })
      }),
    ]
    this.listen()
  }

  /** Listens to the query cache, as soon as the coalescer has one. */
  listen(): void {
    this.#endCache ??= internalsOf(this.#coalescer)
      .queryClient()
      ?.getQueryCache()
      .subscribe((event) => this.#guard(() => this.#hear(event)))
  }

  stop(): void {
    for (const end of this.#ends) end()
    this.#ends = []
    this.#endCache?.()
    this.#endCache = undefined
    this.#requests.causes.stop()
    this.#gaps.stop()
    this.arrivals.clear()
    this.clear()
  }

  clear(): void {
    this.#fetches.clear()
    this.#requests.clear()
    this.#together = undefined
    this.#log.clear()
  }

  eventBegins(rows: number): void {
    this.arrivals.eventBegins(rows)
  }

  eventEnds(): void {
    this.arrivals.eventEnds()
  }

  noteEvent(key: PendingKey, source: string | undefined): void {
    this.arrivals.noteEvent(key, source)
  }

  flushed(record: FlushedRecord, keys: readonly PendingKey[]): void {
    this.#guard(() => {
      this.listen()
      this.#names.set(record, `the ${record.reason} flush of ${formatTime(Date.now())}`)
      this.#addFlush(record, keys)
    })
  }

  #addFlush(record: FlushedRecord, pending: readonly PendingKey[]): void {
    const internals = internalsOf(this.#coalescer)
    const nowMs = internals.now()
    const { timing } = this.#coalescer.actor.getSnapshot().context.strategy
    const describe = (key: PendingKey): TimelineKey => ({
      queryKey: key.queryKey,
      events: key.events,
      sources: this.arrivals.of(key).sources,
      reason: reasonOf(record.reason, key, timing, nowMs),
    })
    const causesOf = (queryKey: QueryKey): TimelineKey[] => {
      const matching = pending.filter((key) => partialMatchKey(queryKey, key.queryKey) || matches(key, queryKey))
      return matching.slice(0, MAX_DETAILS).map(describe)
    }
    let line: LogLine | undefined
    const changed = (): void => {
      if (!line) return
      this.#log.changed(line)
      this.#changed()
    }
    const fetches = record.fetched.slice(0, MAX_DETAILS).map((hash) => this.#fetches.open(hash, causesOf, changed))
    const gap = this.#gaps.describe(new Set(pending.flatMap(({ sources }) => [...(sources ?? [])])))
    const keys = pending.slice(0, MAX_DETAILS).map(describe)
    const { rowChanges, otherEvents } = this.arrivals.take(pending, internals.pending.size === 0)
    const marked = record.markedStale > 0 ? this.#markedBy(record) : []
    const isWindow = record.reason === 'quiet' || record.reason === 'maxWait'
    const waits = isWindow
      ? readWaits(
          this.#coalescer,
          record.keys.map(({ queryKey }) => queryKey),
        )
      : []
    const body = (): FlushEntry => ({
      type: 'flush',
      reason: record.reason,
      waitedMs: record.waitedMs,
      rowChanges,
      otherEvents,
      keyCount: pending.length,
      keys,
      fetchCount: record.fetched.length,
      fetches: fetches.map(({ view }) => view),
      skippedFresh: record.skippedFresh,
      markedStale: record.markedStale,
      marked,
      waits,
      gap,
    })
    line = this.#log.add(body(), body)
    this.#changed()
  }

  /** The first of the queries that a flush has marked. */
  #markedBy(record: FlushedRecord): QueryKey[] {
    const { queryClient, entryOf } = internalsOf(this.#coalescer)
    const marked: QueryKey[] = []
    const most = Math.min(record.markedStale, MAX_DETAILS)
    for (const { queryHash, queryKey } of queryClient()?.getQueryCache().getAll() ?? []) {
      if (marked.length === most) break
      if (entryOf(queryHash)?.markedBy === record) marked.push(queryKey)
    }
    return marked
  }

  #addRequest(cause: RequestCause, request: FollowedRequest): void {
    let group = this.#together
    const isTogether =
      group &&
      group.line === this.#log.last &&
      (group.line.body as RequestsEntry).cause === cause &&
      Date.now() - group.line.atMs <= TOGETHER_MS
    if (!group || !isTogether) {
      const requests: FollowedRequest[] = []
      const line = this.#log.add({ type: 'requests', cause, requestCount: 0, requests: [] })
      const opened = (group = this.#together = { line, requests, count: 0 })
      line.refresh = () => ({
        type: 'requests',
        cause,
        requestCount: opened.count,
        requests: requests.map(({ view }) => view),
      })
    }
    const { line, requests } = group
    group.count += 1
    const changed = (): void => {
      this.#log.changed(line)
      this.#changed()
    }
    if (requests.length < MAX_DETAILS) {
      requests.push(request)
      request.changed = changed
    }
    changed()
  }

  #add(body: Parameters<TimelineLog['add']>[0]): void {
    this.#log.add(body)
    this.#changed()
  }

  #hear(event: QueryCacheNotifyEvent): void {
    // Every update of every observer is told of, too.
    if (event.type === 'observerResultsUpdated') return
    this.#requests.note(event)
    this.#fetches.note(event)
  }

  /** What fails in here must not reach the app, whose call it may be. */
  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#add({ type: 'failure', what: 'The panel', message: formatError(error) })
    }
  }
}

/** Why a key was flushed: one that shares the flush with keys that have been quiet need not have been so itself. */
function reasonOf(
  reason: FlushReason,
  { firstAtMs, lastAtMs }: PendingKey,
  { quietMs, maxWaitMs }: { readonly quietMs: number; readonly maxWaitMs: number },
  nowMs: number,
): FlushReason {
  if (reason !== 'quiet') return reason
  return nowMs - firstAtMs >= maxWaitMs || nowMs - lastAtMs < quietMs ? 'maxWait' : 'quiet'
}

/** Whether filters have matched a query when they were called. */
function matches({ matched }: PendingKey, queryKey: QueryKey): boolean {
  for (const target of matched?.keys() ?? []) if ((target as Entry).query.queryKey === queryKey) return true
  return false
}
