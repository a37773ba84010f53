import { type Query, type QueryClient, type QueryKey, hashKey, partialMatchKey } from '@tanstack/react-query'
import { createKeyIndex } from '../../actions/keyIndex.ts'
import type { Containment } from '../../actions/containment.ts'
import { identifyUnhashed, identifyKey } from '../../actions/queryKeys.ts'

type HashFn = (queryKey: QueryKey) => string

/** A key that queries are matched with. */
interface KeyToMatch {
  readonly queryKey: QueryKey
  /** By which the queue knows it; that of an exact key may tell its hash. */
  readonly id?: string
  readonly exact: boolean
}

/** Exact keys by hash. */
interface Hashed<Key> {
  readonly last: Map<string, Key>
  /** The key before one of the same hash. */
  readonly before: Map<Key, Key>
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
  const byHashFn = new Map<HashFn, Hashed<Key>>()

  const exactByHash = (hashFn: HashFn): Hashed<Key> => {
    let hashed = byHashFn.get(hashFn)
    if (!hashed) {
      hashed = { last: new Map(), before: new Map() }
      for (const key of exactKeys) {
        try {
          const hash = hashOf(key, hashFn)
          const before = hashed.last.get(hash)
          if (before) hashed.before.set(key, before)
          hashed.last.set(hash, key)
        } catch (error) {
          // A key that it cannot hash, such as one of a bigint, is the key of none of its queries.
          if (hashFn !== hashKey) failed(error)
        }
      }
      byHashFn.set(hashFn, hashed)
    }
    return hashed
  }

  let queryKey: QueryKey
  const confirm = (key: Key, isSure: boolean): void => {
    if (isSure || partialMatchKey(queryKey, key.queryKey)) found(key)
  }
  const hasPartial = exactKeys.length < keys.length
  return (query) => {
    queryKey = query.queryKey
    if (hasPartial) index.visit(queryKey, confirm)
    if (exactKeys.length === 0) return
    const { last, before } = exactByHash(query.options.queryKeyHashFn ?? hashKey)
    for (let key = last.get(query.queryHash); key; key = before.get(key)) found(key)
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
    const hash = hashFn(queryKey)
    const unhashed = identifyUnhashed(queryKey)
    return hashFn === hashKey && unhashed === '' ? hash : `${NO_HASH}${hash}${unhashed}`
  } catch (error) {
    const id = identifyKey(queryKey)
    if (hashFn !== hashKey) containment.failed(error)
    return `${NO_HASH}${id}`
  }
}

/** What the identity of an exact key begins with that is not just its hash by TanStack's own function. */
const NO_HASH = '?'

/** The hash of an exact key, which takes longer to find than anything else about it. */
const hashOf = ({ id, queryKey }: KeyToMatch, hashFn: HashFn): string =>
  hashFn === hashKey && id?.startsWith(':![') ? id.slice(2) : hashFn(queryKey)
