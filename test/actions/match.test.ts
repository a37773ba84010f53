import { type Query, QueryClient, type QueryKey, type QueryOptions, hashKey, matchQuery } from '@tanstack/react-query'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PendingKey } from '../../src/actions/pendingKey.ts'
import { PendingQueue } from '../../src/actions/pendingQueue.ts'
import { createMatcher } from '../../src/integration/query/match.ts'
import { queryKey, reverseProperties } from './arbitraries.ts'

const wants = { fetchActive: true, fetchInactive: false }

const buildQuery = (client: QueryClient, options: QueryOptions & { queryKey: QueryKey }): Query =>
  client.getQueryCache().build(client, options)

const caseless = (key: readonly unknown[]): string => hashKey(key).toLowerCase()

const filter = fc.record({ queryKey, exact: fc.boolean() })

function pendingKeys(filters: readonly { queryKey: unknown[]; exact: boolean }[]): readonly PendingKey[] {
  const queue = new PendingQueue({ value: 0 }, hashKey)
  for (const one of filters) {
    queue.add(queue.idOf(one.queryKey, one.exact), one.queryKey, wants, 0, one.exact, undefined)
  }
  return queue.takeKeys()
}

const matchesOf = (keys: readonly PendingKey[], query: Query): PendingKey[] => {
  const found: PendingKey[] = []
  const match = createMatcher(
    keys,
    (key) => found.push(key),
    (error) => {
      throw error
    },
  )
  match(query)
  return found
}

it('matches the queries that TanStack Query would, for keys, exact keys and own hash functions', () => {
  const queries = fc.array(fc.record({ key: queryKey, isCaseless: fc.boolean() }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.array(filter, { maxLength: 8 }), queries, (filters, described) => {
      const cache = new QueryClient().getQueryCache()
      const client = new QueryClient({ queryCache: cache })
      for (const { key, isCaseless } of described) {
        cache.build(client, { queryKey: key, ...(isCaseless && { queryKeyHashFn: caseless }) })
      }
      const keys = pendingKeys(filters)
      for (const query of cache.getAll()) {
        const expected = filters.some((one) => matchQuery(one, query))
        expect(matchesOf(keys, query).length > 0).toBe(expected)
      }
    }),
    { numRuns: 1000 },
  )
})

it('every pending key that matches a query is found, and only once', () => {
  fc.assert(
    fc.property(fc.array(queryKey, { maxLength: 8 }), queryKey, (filters, key) => {
      const client = new QueryClient()
      const query = buildQuery(client, { queryKey: key })
      const keys = pendingKeys(filters.map((one) => ({ queryKey: one, exact: false })))
      const expected = keys.filter((pending) => matchQuery({ queryKey: pending.queryKey }, query))
      expect(new Set(matchesOf(keys, query))).toEqual(new Set(expected))
      expect(matchesOf(keys, query)).toHaveLength(expected.length)
    }),
    { numRuns: 1000 },
  )
})

it('property order does not matter, neither for keys nor for exact ones', () => {
  fc.assert(
    fc.property(queryKey, fc.boolean(), (key, exact) => {
      const client = new QueryClient()
      const query = buildQuery(client, { queryKey: key })
      const keys = pendingKeys([{ queryKey: reverseProperties(key) as unknown[], exact }])
      expect(matchesOf(keys, query)).toHaveLength(1)
    }),
    { numRuns: 500 },
  )
})

it('a hash function that throws is told of and its query is not matched', () => {
  const client = new QueryClient()
  let isBroken = false
  const query = buildQuery(client, {
    queryKey: ['goals'],
    queryKeyHashFn: (key) => {
      if (isBroken) throw new Error('hash')
      return hashKey(key)
    },
  })
  isBroken = true
  const errors: unknown[] = []
  const found: PendingKey[] = []
  const match = createMatcher(
    pendingKeys([{ queryKey: ['goals'], exact: true }]),
    (key) => found.push(key),
    (error) => errors.push(error),
  )
  match(query)
  expect(errors).toEqual([new Error('hash')])
  expect(found).toEqual([])
})
