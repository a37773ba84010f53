import { partialMatchKey } from '@tanstack/react-query'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createKeyIndex } from '../../src/actions/keyIndex.ts'
import { queryKey } from './arbitraries.ts'

const foundSurely = (filters: readonly unknown[][], key: unknown[]): Map<unknown[], boolean> => {
  const index = createKeyIndex<unknown[]>()
  for (const filter of filters) index.add(filter, filter)
  const matches = new Map<unknown[], boolean>()
  index.visit(key, (filter, isSure) => matches.set(filter, isSure))
  return matches
}

const found = (filters: readonly unknown[][], key: unknown[]): unknown[][] => [...foundSurely(filters, key).keys()]

it('finds every filter that matches a key as TanStack Query matches, whatever the parts are', () => {
  fc.assert(
    fc.property(fc.array(queryKey, { maxLength: 12 }), queryKey, (filters, key) => {
      const matches = found(filters, key)
      const missed = filters.filter((filter) => partialMatchKey(key, filter) && !matches.includes(filter))
      expect(missed).toEqual([])
    }),
    { numRuns: 3000 },
  )
})

it('is sure only of filters that match', () => {
  fc.assert(
    fc.property(fc.array(queryKey, { maxLength: 12 }), queryKey, (filters, key) => {
      const sure = [...foundSurely([...filters, key, key.slice(0, -1)], key)].filter(([, isSure]) => isSure)
      expect(sure.filter(([filter]) => !partialMatchKey(key, filter))).toEqual([])
    }),
    { numRuns: 3000 },
  )
})

it.each<[string, unknown[], unknown[], boolean]>([
  ['text, numbers, null', ['a', 1, null, true], ['a', 1, null, true, 'b'], true],
  ['an object of them', ['a', { id: 1, status: null }], ['a', { id: 1, status: null, page: 2 }], true],
  ['NaN, which is not equal to itself', ['a', NaN], ['a', NaN], false],
  ['NaN in an object', ['a', { id: NaN }], ['a', { id: NaN }], false],
  ['undefined, which some ways to match take for nothing', ['a', undefined], ['a'], false],
  ['an undefined property', ['a', { id: 1, page: undefined }], ['a', { id: 1, page: 2 }], false],
  ['an array, whose length may count', ['a', [1, 2]], ['a', { 0: 1, 1: 2 }], false],
  ['an object in an object', ['a', { page: {} }], ['a', { page: 1 }], false],
])('is sure of what is plain, %s', (_, filter, key, isSure) => {
  expect(foundSurely([filter], key).get(filter) ?? false).toBe(isSure)
})

it('finds each filter at most once', () => {
  fc.assert(
    fc.property(fc.array(queryKey, { maxLength: 12 }), queryKey, (filters, key) => {
      const index = createKeyIndex<unknown[]>()
      for (const filter of filters) index.add(filter, filter)
      const matches: unknown[][] = []
      index.visit(key, (filter) => matches.push(filter))
      expect(new Set(matches).size).toBe(matches.length)
    }),
    { numRuns: 1000 },
  )
})

it('every key is found by itself and by each of its prefixes', () => {
  fc.assert(
    fc.property(queryKey, (key) => {
      const prefixes = Array.from({ length: key.length + 1 }, (_, length) => key.slice(0, length))
      expect(found(prefixes, key)).toHaveLength(prefixes.length)
    }),
    { numRuns: 1000 },
  )
})

it('does not try the filters of other prefixes', () => {
  const filters = Array.from({ length: 1000 }, (_, id): unknown[] => ['goals', id, { page: id }])
  expect(found(filters, ['goals', 7, { page: 7, done: true }])).toEqual([filters[7]])
  expect(found(filters, ['partners', 7])).toEqual([])
})

it.each<[string, unknown[], unknown[], boolean]>([
  ['an object demands its properties', ['a', { page: 1 }], ['a', { page: 1, done: true }], true],
  [
    'a nested object demands its own',
    ['a', { filter: { done: true } }],
    ['a', { filter: { done: true, by: 7 } }],
    true,
  ],
  ['another value does not do', ['a', { page: 1 }], ['a', { page: 2 }], false],
  ['a primitive in the place of an object does not do', ['a', { page: 1 }], ['a', 1], false],
  ['undefined matches what is not there', ['a', { page: undefined }], ['a', {}], true],
  ['an array is matched by its items', ['a', [1]], ['a', [1, 2]], true],
  ['no filter part matches everything below', [], ['a', 1], true],
])('%s', (_, filter, key, isMatch) => {
  const matches = found([filter], key).filter((match) => partialMatchKey(key, match))
  expect(matches).toHaveLength(isMatch ? 1 : 0)
  expect(partialMatchKey(key, filter)).toBe(isMatch)
})

it('leaves out filters that demand another value, wherever in an object they demand it', () => {
  const index = createKeyIndex<string>()
  index.add(['goals', { status: 'open', page: { number: 1 } }], 'open, page 1')
  index.add(['goals', { page: { number: 2 } }], 'page 2')
  index.add(['goals', { status: 'done' }], 'done')
  index.add(['goals', {}], 'any')
  index.add(['goals', { status: undefined }], 'without a status')
  const findFor = (filter: object): string[] => {
    const found: string[] = []
    index.visit(['goals', filter], (entry) => found.push(entry))
    return found.filter((entry) => entry !== 'without a status').toSorted()
  }
  expect(findFor({ status: 'open', page: { number: 1 }, sort: 'date' })).toEqual(['any', 'open, page 1'])
  expect(findFor({ page: { number: 2 }, status: 'done' })).toEqual(['any', 'done', 'page 2'])
  expect(findFor({ page: { number: 3 }, status: 'late' })).toEqual(['any'])
  expect(findFor({})).toEqual(['any'])
})
