import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type BundleSize, measureSizes, sizeLimits } from '../../bench/support/bundle.ts'

let sizes: Record<string, BundleSize>
beforeAll(async () => {
  sizes = await measureSizes(join(import.meta.dirname, '../..'))
}, 60_000)

describe('the bundle of each entry point', () => {
  it.each(Object.entries(sizeLimits))('%s stays within %i bytes, minified and gzipped', (name, limit) => {
    expect(sizes[name]?.gzipped).toBeLessThanOrEqual(limit)
    // An empty bundle would be within every limit.
    expect(sizes[name]?.gzipped).toBeGreaterThan(limit / 2)
  })

  it('has a limit for every entry point', () => {
    expect(Object.keys(sizeLimits).toSorted()).toEqual(Object.keys(sizes).toSorted())
  })

  it('drops the strategies that createCoalescerWith is not given', () => {
    const { 'createCoalescer alone': all, 'createCoalescerWith({ debounce })': one } = sizes
    expect(one?.minified).toBeLessThan((all?.minified ?? 0) - 4000)
  })

  it('drops what createCoalescer does not need', () => {
    expect(sizes['createCoalescer alone']?.minified).toBeLessThan(sizes['realtime-coalescer']?.minified ?? 0)
  })
})
