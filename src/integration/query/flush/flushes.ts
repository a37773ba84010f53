import type { PendingKey } from '../../../actions/pendingKey.ts'
import type { FlushedRecord } from '../../../actions/types.ts'
import { flushKeys } from './flush.ts'
import { flushEachEvent } from './flushEachEvent.ts'
import type { FlushManner, FlushScope, Walk } from './scope.ts'

/** The flushes of a query cache. Code of the app that one calls may start another, or end it. */
export class Flushes {
  readonly #scope: FlushScope
  readonly #walks = new Set<Walk>()

  constructor(scope: FlushScope) {
    this.#scope = scope
  }

  /**
   * Applies pending keys to the query cache.
   *
   * @param mayRestart whether `direct` may fetch in place of a request that is running
   */
  apply(keys: readonly PendingKey[], manner: FlushManner, mayRestart: boolean): FlushedRecord {
    const walk: Walk = { keys, isOver: false }
    this.#walks.add(walk)
    const record =
      manner.reason === 'direct'
        ? flushEachEvent(this.#scope, walk, manner, mayRestart)
        : flushKeys(this.#scope, walk, manner)
    this.#walks.delete(walk)
    return record
  }

  /** Ends the flushes that are on their way; returns their keys, for whoever is to treat them. */
  interrupt(): PendingKey[] {
    const keys: PendingKey[] = []
    for (const walk of this.#walks) {
      if (!walk.isOver) keys.push(...walk.keys)
      walk.isOver = true
    }
    return keys
  }
}
