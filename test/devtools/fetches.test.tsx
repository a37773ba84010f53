// @vitest-environment happy-dom
import { cleanup } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { advance, openEntries, openPanel } from './support.tsx'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

it.each(['debounce', 'batch', 'perKey', 'hybrid', 'direct'] as const)(
  'no fetch of %s stays under way in the timeline after all has settled, though flushes came meanwhile',
  async (strategy) => {
    const { coalescer, container } = await openPanel({}, { strategy })
    for (let n = 0; n < 4; n += 1) {
      coalescer.scheduleInvalidate(['goals'], { urgent: true })
      coalescer.flush()
      await advance(10)
    }
    await advance(3000)
    await coalescer.settled()
    await advance(1000)
    openEntries()
    const states = [...container.querySelectorAll('.rtc-fetch')].map((one) => one.getAttribute('data-state'))
    expect(states.length).toBeGreaterThan(1)
    expect(states.filter((state) => state !== 'success' && state !== 'cancelled')).toEqual([])
    coalescer.stop()
  },
)
