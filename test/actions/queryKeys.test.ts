import { isDeepStrictEqual } from 'node:util'
import { hashKey, partialMatchKey } from '@tanstack/react-query'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyKey, identifyCalled, identifyUnhashed, identifyKey, isAsCopied } from '../../src/actions/queryKeys.ts'
import { queryKey, reverseProperties } from './arbitraries.ts'

it('two keys share an id exactly if they are equal but for property order', () => {
  const related = queryKey.chain((key) =>
    fc.tuple(fc.constant(key), fc.oneof(queryKey, fc.constant(reverseProperties(key) as unknown[]))),
  )
  fc.assert(
    fc.property(related, ([first, second]) => {
      expect(identifyKey(first) === identifyKey(second)).toBe(isDeepStrictEqual(first, second))
    }),
    { numRuns: 5000 },
  )
})

it('no two keys share an id by text that looks like the id of something else', () => {
  const text = fc.string({ unit: fc.constantFrom(',', ':', 's', '1', 'z', '{', '}', '[', ']', '!', '@'), maxLength: 4 })
  const part = fc.letrec((tie) => ({
    part: fc.oneof(
      { maxDepth: 2 },
      text,
      fc.constantFrom<unknown>(1, null, undefined, true),
      fc.array(tie('part'), { maxLength: 2 }),
      fc.dictionary(text, tie('part'), { maxKeys: 2 }),
    ),
  })).part
  fc.assert(
    fc.property(fc.array(fc.array(part, { maxLength: 2 }), { minLength: 200, maxLength: 400 }), (keys) => {
      const known = new Map<string, unknown[]>()
      for (const key of keys) {
        const id = identifyKey(key)
        expect(id.startsWith(':!') || id.startsWith(identifyCalled(''))).toBe(false)
        const other = known.get(id) ?? key
        expect(isDeepStrictEqual(structuredClone(other), structuredClone(key))).toBe(true)
        known.set(id, key)
      }
    }),
    { numRuns: 50 },
  )
})

describe('a copy of a key', () => {
  /** Changes every array and object of a key in its place. */
  const change = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    for (const inner of Object.values(part)) change(inner)
    if (Array.isArray(part)) part.push('more')
    else Reflect.set(part, 'more', true)
  }

  it('stays what the key was, whatever becomes of the key', () => {
    fc.assert(
      fc.property(queryKey, (key) => {
        const before = structuredClone(key)
        const copy = copyKey(key)
        expect(isAsCopied(key, copy)).toBe(true)
        change(key)
        expect(copy).toStrictEqual(before)
        expect(isAsCopied(key, copy)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('is told from any other key', () => {
    fc.assert(
      fc.property(queryKey, queryKey, (key, other) => {
        expect(isAsCopied(other, copyKey(key)) && identifyKey(other) !== identifyKey(key)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('leaves what is neither an array nor a plain object as it is', () => {
    const date = new Date(0)
    const bare: unknown = Object.assign(Object.create(null) as object, { a: 1 })
    const key = [date, bare, JSON.parse('{ "__proto__": { "a": 1 } }')]
    expect(copyKey(key)[0]).toBe(date)
    expect(copyKey(key)[1]).toBe(bare)
    expect(isAsCopied(key, copyKey(key))).toBe(true)
    expect(Object.keys(copyKey(key)[2] as object)).toEqual(['__proto__'])
  })
})

it.each([2, 12, 13, 40])('an object of %i properties has one id in whatever order they are', (count) => {
  const part = Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${(index * 7) % count}x`, index]))
  expect(identifyKey([reverseProperties(part)])).toBe(identifyKey([part]))
  expect(identifyKey([{ ...part, p0x: -1 }])).not.toBe(identifyKey([part]))
})

it('keys of one id match the same queries', () => {
  fc.assert(
    fc.property(queryKey, queryKey, (key, query) => {
      const same = reverseProperties(key) as unknown[]
      expect(identifyKey(same)).toBe(identifyKey(key))
      expect(partialMatchKey(query, same)).toBe(partialMatchKey(query, key))
    }),
    { numRuns: 2000 },
  )
})

it.each<[string, unknown[], unknown[]]>([
  ['undefined and nothing', [{ a: undefined }], [{}]],
  ['a number and its text', [1], ['1']],
  ['null and undefined', [null], [undefined]],
  ['a longer and a shorter key', ['a', undefined], ['a']],
  ['a bigint and a number', [1n], [1]],
  ['two bigints', [7n], [8n]],
  ['a number and its text inside of an array', [[1]], [['1']]],
  ['arrays that end alike', [['a', 'b']], ['a', ['b']]],
  ['an array and an object', [['a']], [{ 0: 'a' }]],
  ['text that looks like another id', [':s1:a'], ['a']],
  ['text that looks like two', ['a,b'], ['a', 'b']],
  ['text that looks like a number', [':1,'], [1]],
  ['text that looks like null', [':z'], [null]],
  ['a property and the end of an object', [{ a: {}, ':}': 1 }], [{ a: { ':}': 1 } }]],
  ['split text', ['ab', 'c'], ['a', 'bc']],
  ['two functions', [() => 1], [() => 1]],
  ['two symbols', [Symbol('a')], [Symbol('a')]],
])('%s have different ids', (_, first, second) => {
  expect(identifyKey(first)).not.toBe(identifyKey(second))
})

it('the same function, symbol or bigint has the same id, and 0 that of -0', () => {
  const run = (): void => undefined
  const symbol = Symbol('a')
  expect(identifyKey([run, symbol, 7n, 0])).toBe(identifyKey([run, symbol, 7n, -0]))
})

it('a key that refers to itself, or is too deep, is refused with a reason', () => {
  const circular: unknown[] = []
  circular.push({ circular })
  expect(() => identifyKey(circular)).toThrow(/^Expected a query key at most 100 levels deep/)
  expect(() => identifyUnhashed(circular)).toThrow(TypeError)
  let deep: unknown = 'bottom'
  for (let level = 0; level < 90; level += 1) deep = { deep }
  expect(identifyKey([deep])).toContain('bottom')
})

it('a part of a key may be 100 levels deep, and no deeper', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 'bottom' : { deep: nested(levels - 1) })
  for (const identify of [identifyKey, identifyUnhashed]) {
    expect(() => identify([nested(100)])).not.toThrow()
    expect(() => identify([nested(101)])).toThrow(TypeError)
  }
})

describe('identifyUnhashed', () => {
  it('tells Maps and Sets apart by what they hold, which a hash by JSON does not', () => {
    const key = (value: unknown): unknown[] => ['goals', { filter: value }]
    expect(hashKey(key(new Map([['a', 1]])))).toBe(hashKey(key(new Map([['a', 2]]))))
    expect(identifyUnhashed(key(new Map([['a', 1]])))).not.toBe(identifyUnhashed(key(new Map([['a', 2]]))))
    expect(identifyUnhashed(key(new Set([1])))).toBe(identifyUnhashed(key(new Set([1]))))
    expect(identifyUnhashed(key(new Set([1])))).not.toBe(identifyUnhashed(key(new Set([2]))))
  })

  it.each<[string, unknown, unknown]>([
    ['two functions', () => 1, () => 1],
    ['two symbols', Symbol('a'), Symbol('a')],
    ['NaN and null', Number.NaN, null],
    ['undefined and null', undefined, null],
    ['two regular expressions', /a/, /b/],
    ['two bigints', 1n, 2n],
  ])('tells %s apart', (_, first, second) => {
    expect(identifyUnhashed(['goals', first])).not.toBe(identifyUnhashed(['goals', second]))
  })

  it('adds nothing to keys that JSON can tell apart', () => {
    fc.assert(
      fc.property(queryKey, (key) => {
        expect(identifyUnhashed(JSON.parse(JSON.stringify(key)))).toBe('')
      }),
    )
    expect(identifyUnhashed(['goals', { page: undefined }])).toBe('')
  })
})
