import { type Query, type QueryClient, type QueryKey, hashKey, partialMatchKey } from '@tanstack/react-query'
import { createKeyIndex } from '../../../actions/keyIndex.ts'
import type { Containment } from '../../../actions/containment.ts'
import { identifyUnhashed, identifyKey } from '../../../actions/queryKeys.ts'

type HashFn = (queryKey: QueryKey) => string

/** A key that queries are matched with. */
interface KeyToMatch {
  readonly queryKey: QueryKey
  readonly exact: boolean
}

/**
 * Matches many keys against many queries in one pass: the work grows with the queries and the length of their keys,
 * not with the number of keys.
 *
 * @param found called with each key that matches, by TanStack's own matching
 * @param failed told of a query whose `queryKeyHashFn` throws for a key
 * @returns matches one query
 */
export function createMatcher<Key extends KeyToMatch>(
  keys: readonly Key[],
  found: (key: Key) => void,
  failed: (error: unknown) => void,
): (query: Query) => void {
  const index = createKeyIndex<Key>()
  const exactKeys = keys.filter((key) => key.exact)
  for (const key of keys) if (!key.exact) index.add(key.queryKey, key)
  const byHashFn = new Map<HashFn, Map<string, Key[]>>()

  const exactByHash = (hashFn: HashFn): Map<string, Key[]> => {
    let byHash = byHashFn.get(hashFn)
    if (!byHash) {
      byHash = new Map()
      for (const key of exactKeys) {
        try {
          const hash = hashFn(key.queryKey)
          const sameHash = byHash.get(hash)
          if (sameHash) sameHash.push(key)
          else byHash.set(hash, [key])
        } catch (error) {
          // A key that it cannot hash, such as one of a bigint, is the key of none of its queries.
          if (hashFn !== hashKey) failed(error)
        }
      }
      byHashFn.set(hashFn, byHash)
    }
    return byHash
  }

  let queryKey: QueryKey
  const confirm = (key: Key): void => {
    if (partialMatchKey(queryKey, key.queryKey)) found(key)
  }
  const hasPartial = exactKeys.length < keys.length
  return (query) => {
    queryKey = query.queryKey
    if (hasPartial) index.visit(queryKey, confirm)
    if (exactKeys.length === 0) return
    for (const key of exactByHash(query.options.queryKeyHashFn ?? hashKey).get(query.queryHash) ?? []) found(key)
  }
}

/**
 * The identity of an exact key: exact keys match by the hash that a query has, and what the client's own hash leaves
 * out, a query's may tell apart.
 */
export function identifyExact(
  queryClient: QueryClient | undefined,
  queryKey: QueryKey,
  containment: Containment,
): string {
  const hashFn = queryClient?.getDefaultOptions().queries?.queryKeyHashFn ?? hashKey
  try {
    return hashFn(queryKey) + identifyUnhashed(queryKey)
  } catch (error) {
    const id = identifyKey(queryKey)
    if (hashFn !== hashKey) containment.failed(error)
    return id
  }
}
