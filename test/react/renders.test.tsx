// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, render } from '@testing-library/react'
import { createCoalescer } from 'realtime-coalescer'
import { CoalescerProvider, useCoalescerState } from 'realtime-coalescer/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

/** Three seconds of a stream over fifty keys, with a component that counts how often it renders. */
async function countRenders(
  useSelected: () => unknown,
): Promise<{ renders: number; snapshots: number; flushes: number }> {
  const queryClient = new QueryClient()
  const coalescer = createCoalescer({ queryClient })
  const rendered = vi.fn<() => void>()
  const Probe = () => {
    rendered()
    return <p>{JSON.stringify(useSelected())}</p>
  }
  render(
    <QueryClientProvider client={queryClient}>
      <CoalescerProvider coalescer={coalescer}>
        <Probe />
      </CoalescerProvider>
    </QueryClientProvider>,
  )
  rendered.mockClear()
  let snapshots = 0
  coalescer.subscribe(() => (snapshots += 1))
  for (let n = 0; n < 300; n += 1) {
    coalescer.scheduleInvalidate(['list', n % 50])
    await act(async () => vi.advanceTimersByTimeAsync(10))
  }
  const { flushes } = coalescer.getSnapshot().stats
  const counted = { renders: rendered.mock.calls.length, snapshots, flushes }
  coalescer.stop()
  return counted
}

it('an inline selector of an object renders nothing while the selected properties are equal', async () => {
  const { renders, snapshots } = await countRenders(() =>
    useCoalescerState(({ strategy, inFlight, stats }) => ({ strategy, inFlight, failed: stats.fetchesFailed })),
  )
  expect(snapshots).toBeGreaterThan(100)
  expect(renders).toBe(0)
})

it('and renders once for each change of one of them', async () => {
  const { renders, flushes } = await countRenders(() => useCoalescerState(({ stats }) => ({ flushes: stats.flushes })))
  expect(flushes).toBeGreaterThan(1)
  expect(renders).toBe(flushes)
})
