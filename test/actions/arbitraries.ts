import fc from 'fast-check'

const primitive = fc.oneof(
  fc.constantFrom<unknown>('a', 'b', '', 'a,b', '1', 0, 1, -1, 1.5, true, false, null, undefined, 'undefined', 'null'),
  fc.string({ maxLength: 3 }),
  fc.integer({ min: -2, max: 2 }).map((value) => value + 0),
)

const names = fc.constantFrom('a', 'b', 'page', 'filter', '0', '1', 'length')

/** Key parts out of few values, so that keys often match each other. */
export const keyPart: fc.Arbitrary<unknown> = fc.letrec<{ part: unknown }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: primitive },
    { weight: 2, arbitrary: fc.dictionary(names, tie('part'), { maxKeys: 3, noNullPrototype: true }) },
    { weight: 1, arbitrary: fc.array(tie('part'), { maxLength: 2 }) },
  ),
})).part

export const queryKey: fc.Arbitrary<unknown[]> = fc.array(keyPart, { maxLength: 4 })

/** The same value with the properties of its objects in the opposite order. */
export function reverseProperties(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseProperties)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, part]) => [name, reverseProperties(part)] as const)
      .toReversed(),
  )
}
