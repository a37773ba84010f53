import { type PendingKey, addWants, createAsks } from './pendingKey.ts'
import type { PendingQueue } from './pendingQueue.ts'
import type { QueryKey } from './types.ts'
import type { Wants } from './wants.ts'

/** A query that filters have matched, and what the call asks of it. */
export interface Matched {
  /** Stands for the query. */
  readonly target: object
  /** What the query is called when it counts by its own key. */
  readonly id: string
  readonly queryKey: QueryKey
  readonly wants: Wants
}

/** The key that a call of the coalesced client counts by. */
export interface CalledKey {
  readonly id: string
  readonly queryKey: QueryKey
  readonly exact: boolean
}

/** A call of the coalesced client, its filters judged. */
export interface JudgedFilters {
  /** When it was made, in logical time. */
  readonly seq: number
  /** The key its filters name, if they name nothing else; without one, each query it matched counts by its own. */
  readonly filter: CalledKey | undefined
  readonly matched: readonly Matched[]
  readonly cancels: boolean
}

/** The same on its way to the queue. It enters by itself, so that who makes no such calls does not bundle how. */
export interface FilterCall {
  /** Notes what the filters have matched; returns the ids of the keys this touches. */
  enter(queue: PendingQueue, atMs: number): readonly string[]
  /** What an inspector shows of it. */
  toJSON(): unknown
}

/** What calls have asked of each query that a key has matched. */
type Asked = NonNullable<PendingKey['matched']>

export function createFilterCall({ seq, filter, matched, cancels }: JudgedFilters): FilterCall {
  return {
    enter(queue, atMs) {
      const ids: string[] = []
      const touch = ({ id, queryKey }: Pick<CalledKey, 'id' | 'queryKey'>, exact: boolean): Asked => {
        ids.push(id)
        const key = queue.touch(id, queryKey, atMs, exact)
        key.cancels ||= cancels
        return (key.matched ??= new Map())
      }
      const called = filter && touch(filter, filter.exact)
      for (const one of matched) addMatched(called ?? touch(one, true), one, seq)
      return ids
    },
    toJSON: () => ({ seq, queryKeys: filter ? [filter.queryKey] : matched.map(({ queryKey }) => queryKey) }),
  }
}

/** Notes what a call asks of a query it has matched. */
function addMatched(asked: Asked, { target, wants }: Matched, seq: number): void {
  let asks = asked.get(target)
  if (!asks) asked.set(target, (asks = createAsks()))
  addWants(asks, wants, seq)
}
