import type { Entry } from './ledger.ts'
import { isPaused } from './owed.ts'

/** Where each query is on its way to the fetch it owes, and which fetches are looked after. */
export class WorkList {
  /** Fetches that the coalescer started. */
  readonly running = new Set<Entry>()
  /** Marked stale, to be fetched by `hybrid`'s timer. */
  readonly marked = new Set<Entry>()
  /** To be fetched as soon as a slot, the page and the main thread allow. */
  readonly queued = new Set<Entry>()
  /** Fetching: the fetch that is owed, or an older one that it is to follow. */
  readonly awaiting = new Set<Entry>()
  /** The running fetch does not answer all events, so that its end is looked after. */
  readonly noted = new Set<Entry>()

  /** Fetches of ours that TanStack is running, paused ones not counted. */
  get inFlight(): number {
    let count = 0
    for (const entry of this.running) if (!isPaused(entry)) count += 1
    return count
  }

  /** Whether any of these is not waiting for the network or the page. */
  isMoving(entries: Iterable<Entry>): boolean {
    for (const entry of entries) if (!isPaused(entry)) return true
    return false
  }

  /** Everything that owes a fetch or has one looked after. */
  all(): Entry[] {
    return [...this.marked, ...this.queued, ...this.awaiting, ...this.running, ...this.noted]
  }

  move(entry: Entry, stage: 'marked' | 'queued' | 'awaiting'): void {
    if (entry.stage === stage) return
    this.#leaveStage(entry)
    entry.stage = stage
    this[stage].add(entry)
  }

  /** Owes the query nothing any more, and tells whoever waits. */
  settle(entry: Entry): void {
    entry.wantedAt = 0
    entry.inactiveWantedAt = 0
    entry.direct = false
    this.#leaveStage(entry)
    callWaiters(entry)
  }

  unnote(entry: Entry): void {
    entry.markedAt = 0
    entry.ifShown = undefined
    this.noted.delete(entry)
  }

  #leaveStage(entry: Entry): void {
    if (entry.stage !== 'none') this[entry.stage].delete(entry)
    entry.stage = 'none'
  }
}

export function callWaiters(entry: Entry): void {
  const { waiters } = entry
  if (waiters.length === 0) return
  entry.waiters = []
  for (const done of waiters) done()
}
