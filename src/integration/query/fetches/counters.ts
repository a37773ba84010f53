import type { PendingKey } from '../../../actions/pendingKey.ts'
import type { CoalescerStats } from '../../../actions/types.ts'
import { type Entry, noteTried } from './way.ts'

/** Counts what the coalescer does. */
export class Counters {
  flushes = 0
  started = 0
  failed = 0
  /** Fetches a flush per event would have started. */
  would = 0
  longestWaitMs = 0

  /** One that comes again without an event, as after a cancellation, does so under `direct`, too. */
  fetchStarted(entry: Entry): void {
    this.started += 1
    const isAgain = noteTried(entry)
    if (isAgain || entry.direct) this.would += 1
  }

  /** Notes how long the oldest of these keys has waited, and returns it. */
  noteWait(keys: readonly PendingKey[], nowMs: number): number {
    let waitedMs = 0
    for (const key of keys) waitedMs = Math.max(waitedMs, nowMs - key.firstAtMs)
    this.longestWaitMs = Math.max(this.longestWaitMs, waitedMs)
    return waitedMs
  }

  stats(eventsReceived: number): CoalescerStats {
    return {
      eventsReceived,
      flushes: this.flushes,
      fetchesStarted: this.started,
      fetchesSaved: this.would - this.started,
      fetchesFailed: this.failed,
      longestWaitMs: this.longestWaitMs,
    }
  }
}
