import { type Query, type QueryKey, hashKey, partialMatchKey } from '@tanstack/react-query'
import { createKeyIndex } from '../../actions/keyIndex.ts'
import type { PendingKey } from '../../actions/pendingQueue.ts'

type HashFn = (queryKey: QueryKey) => string

export interface KeyMatcher {
  /** Calls back with each pending key that matches the query, by TanStack's own matching. */
  match(query: Query, found: (key: PendingKey) => void): void
}

/**
 * Matches many pending keys against many queries in one pass: the work grows with the queries and the length of
 * their keys, not with the number of pending keys.
 *
 * @param failed told of a query whose `queryKeyHashFn` throws for a pending key
 */
export function createKeyMatcher(keys: readonly PendingKey[], failed: (error: unknown) => void): KeyMatcher {
  const index = createKeyIndex<PendingKey>()
  const exactKeys = keys.filter((key) => key.exact)
  for (const key of keys) if (!key.exact) index.add(key.queryKey, key)
  const byHashFn = new Map<HashFn, Map<string, PendingKey>>()

  const exactByHash = (hashFn: HashFn): Map<string, PendingKey> => {
    let byHash = byHashFn.get(hashFn)
    if (!byHash) {
      byHash = new Map()
      for (const key of exactKeys) {
        try {
          byHash.set(hashFn(key.queryKey), key)
        } catch (error) {
          failed(error)
        }
      }
      byHashFn.set(hashFn, byHash)
    }
    return byHash
  }

  let query: Query
  let found: (key: PendingKey) => void
  const confirm = (key: PendingKey): void => {
    if (partialMatchKey(query.queryKey, key.queryKey)) found(key)
  }
  const hasPartial = exactKeys.length < keys.length
  return {
    match(candidate, callback) {
      query = candidate
      found = callback
      if (hasPartial) index.visit(query.queryKey, confirm)
      if (exactKeys.length > 0) {
        const key = exactByHash(query.options.queryKeyHashFn ?? hashKey).get(query.queryHash)
        if (key) found(key)
      }
    },
  }
}
