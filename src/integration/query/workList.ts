import type { QueryRecord } from './ledger.ts'
import { isPaused } from './wanted.ts'

/** Where each query is on its way to the fetch it owes, and which fetches are looked after. */
export class WorkList {
  /** Fetches that the coalescer started. */
  readonly running = new Set<QueryRecord>()
  /** Marked stale, to be fetched by `hybrid`'s timer. */
  readonly marked = new Set<QueryRecord>()
  /** To be fetched as soon as a slot, the page and the main thread allow. */
  readonly queued = new Set<QueryRecord>()
  /** Fetching: the fetch that is owed, or an older one that it is to follow. */
  readonly awaiting = new Set<QueryRecord>()
  /** The running fetch does not answer all events, so that its end is looked after. */
  readonly noted = new Set<QueryRecord>()

  /** Fetches of ours that TanStack is running, paused ones not counted. */
  get inFlight(): number {
    let count = 0
    for (const record of this.running) if (!isPaused(record)) count += 1
    return count
  }

  /** Whether any of these is not waiting for the network or the page. */
  isMoving(records: Iterable<QueryRecord>): boolean {
    for (const record of records) if (!isPaused(record)) return true
    return false
  }

  /** Everything that owes a fetch or has one looked after. */
  all(): QueryRecord[] {
    return [...this.marked, ...this.queued, ...this.awaiting, ...this.running, ...this.noted]
  }

  move(record: QueryRecord, stage: 'marked' | 'queued' | 'awaiting'): void {
    if (record.stage === stage) return
    this.#leaveStage(record)
    record.stage = stage
    this[stage].add(record)
  }

  /** Owes the query nothing any more, and tells whoever waits. */
  settle(record: QueryRecord): void {
    record.wantedAt = 0
    record.inactiveWantedAt = 0
    record.direct = false
    this.#leaveStage(record)
    callWaiters(record)
  }

  unnote(record: QueryRecord): void {
    record.markedAt = 0
    record.ifShown = undefined
    this.noted.delete(record)
  }

  #leaveStage(record: QueryRecord): void {
    if (record.stage !== 'none') this[record.stage].delete(record)
    record.stage = 'none'
  }
}

export function callWaiters(record: QueryRecord): void {
  const { waiters } = record
  if (waiters.length === 0) return
  record.waiters = []
  for (const done of waiters) done()
}
