import { expect, it } from 'vitest'
import { FrameFilter } from '../../src/actions/frameFilter.ts'

/** What is left of what the callbacks of bindings get: `[binding, payload]` each. */
function heard(...calls: (readonly [number, unknown])[]) {
  const filter = new FrameFilter()
  return calls.filter(([binding, payload]) => !filter.isHeardAlready(payload, binding)).map(([, payload]) => payload)
}

it('one frame that several bindings match is heard once', () => {
  expect(heard([0, { n: 1 }], [1, { n: 1 }], [2, { n: 1 }])).toEqual([{ n: 1 }])
})

it('equal frames of rows that have no key are each heard', () => {
  expect(heard([0, { n: 1 }], [1, { n: 1 }], [0, { n: 1 }], [1, { n: 1 }], [0, { n: 1 }])).toHaveLength(3)
})

it('different frames are each heard, whichever binding gets them', () => {
  expect(heard([0, { n: 1 }], [1, { n: 2 }], [1, { n: 2 }])).toHaveLength(3)
})

it('what JSON cannot hold is heard', () => {
  expect(heard([0, { n: 1n }], [1, { n: 1n }])).toHaveLength(2)
})
