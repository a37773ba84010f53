import { type Query, type QueryClient, type QueryKey, hashKey, partialMatchKey } from '@tanstack/react-query'
import { createKeyIndex } from '../../../actions/keyIndex.ts'
import type { PendingKey } from '../../../actions/pendingKey.ts'
import { identifyCollections, identifyKey } from '../../../actions/queryKeys.ts'
import type { Containment } from '../../../actions/containment.ts'

type HashFn = (queryKey: QueryKey) => string

/**
 * Matches many pending keys against many queries in one pass: the work grows with the queries and the length of
 * their keys, not with the number of pending keys.
 *
 * @param found called with each pending key that matches, by TanStack's own matching
 * @param failed told of a query whose `queryKeyHashFn` throws for a pending key
 * @returns matches one query
 */
export function createMatcher(
  keys: readonly PendingKey[],
  found: (key: PendingKey) => void,
  failed: (error: unknown) => void,
): (query: Query) => void {
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

  let queryKey: QueryKey
  const confirm = (key: PendingKey): void => {
    if (partialMatchKey(queryKey, key.queryKey)) found(key)
  }
  const hasPartial = exactKeys.length < keys.length
  return (query) => {
    queryKey = query.queryKey
    if (hasPartial) index.visit(queryKey, confirm)
    if (exactKeys.length > 0) {
      const key = exactByHash(query.options.queryKeyHashFn ?? hashKey).get(query.queryHash)
      if (key) found(key)
    }
  }
}

/** The identity of an exact key: exact keys match by the hash that the client's queries have. */
export function identifyExact(
  queryClient: QueryClient | undefined,
  queryKey: QueryKey,
  containment: Containment,
): string {
  try {
    const hash = (queryClient?.getDefaultOptions().queries?.queryKeyHashFn ?? hashKey)(queryKey)
    return hash + identifyCollections(queryKey)
  } catch (error) {
    const id = identifyKey(queryKey)
    containment.failed(error)
    return id
  }
}
