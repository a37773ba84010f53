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

/** Costs nothing while nobody watches. */
export class Onlookers {
  readonly #all = new Set<Onlooker>()

  get isAny(): boolean {
    return this.#all.size > 0
  }

  add(onlooker: Onlooker): () => void {
    this.#all.add(onlooker)
    return () => void this.#all.delete(onlooker)
  }

  /** Runs what one change, or one event of the app, leads to. */
  during<Result>(rows: number, run: () => Result): Result {
    if (!this.isAny) return run()
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
