import { partialMatchKey } from '@tanstack/react-query'
import type { QueryKey } from '../../actions/types.ts'
import type { Answer } from './answer.ts'

type Source = Pick<Answer, 'catchUpKeys'>

/** When the feed last told of changes, by what these may touch. */
export class HeardLog {
  /** By the clock that TanStack Query dates data with. */
  readonly #lastAtMs = new Map<Source, number>()

  note(source: Source): void {
    this.#lastAtMs.set(source, Date.now())
  }

  /** Whether the feed has told of something since a time that can touch a query. */
  hasTold(queryKey: QueryKey, sinceMs: number): boolean {
    for (const [source, atMs] of this.#lastAtMs) {
      if (atMs > sinceMs && source.catchUpKeys().some((key) => partialMatchKey(queryKey, key))) return true
    }
    return false
  }
}
