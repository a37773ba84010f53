import type { PendingKey } from './pendingKey.ts'
import type { FlushedRecord } from './types.ts'

/** Whoever watches what enters the queue and leaves it. Must not throw. */
export interface Onlooker {
  /** What enters the queue until `eventEnds` is due to one change of the feed, or with 0 rows to one event of the app. */
  eventBegins(rows: number): void
  eventEnds(): void
  /** An event for a pending key. */
  noteEvent(key: PendingKey, source: string | undefined): void
  /** These keys have been flushed. */
  flushed(record: FlushedRecord, keys: readonly PendingKey[]): void
}

/** All that watch. */
export class Onlookers {
  readonly #all = new Set<Onlooker>()

  add(onlooker: Onlooker): () => void {
    this.#all.add(onlooker)
    return () => void this.#all.delete(onlooker)
  }

  during<Result>(rows: number, run: () => Result): Result {
    for (const onlooker of this.#all) onlooker.eventBegins(rows)
    try {
      return run()
    } finally {
      for (const onlooker of this.#all) onlooker.eventEnds()
    }
  }

  noteEvent(key: PendingKey, source: string | undefined): void {
    for (const onlooker of this.#all) onlooker.noteEvent(key, source)
  }

  flushed(record: FlushedRecord, keys: readonly PendingKey[]): void {
    for (const onlooker of this.#all) onlooker.flushed(record, keys)
  }
}

/**
 * Has an onlooker told of what enters a queue and leaves it; returns a function that ends it. What does not watch does
 * not bundle how.
 */
export function watchQueue(queue: { onlookers: Onlookers | undefined }, onlooker: Onlooker): () => void {
  queue.onlookers ??= new Onlookers()
  return queue.onlookers.add(onlooker)
}
