import { QueryClient, QueryClientProvider, focusManager, onlineManager } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { CoalescerProvider, useCoalescer, useCoalescerState, useRealtime, useStrategy } from 'realtime-coalescer/react'
import { renderToString } from 'react-dom/server'
import { afterEach, expect, it, vi } from 'vitest'
import { FakeRealtimeService } from './support.tsx'

afterEach(() => void vi.restoreAllMocks())

const service = new FakeRealtimeService()
const Page = () => {
  useCoalescer()
  const [strategy] = useStrategy()
  return `${strategy} ${useCoalescerState((snapshot) => snapshot.phase)} ${useRealtime(service)}`
}

it('renders on a server without a timer, a subscription or a join', () => {
  const touched = [
    vi.spyOn(globalThis, 'setTimeout'),
    vi.spyOn(globalThis, 'setInterval'),
    vi.spyOn(focusManager, 'subscribe'),
    vi.spyOn(onlineManager, 'subscribe'),
  ]
  const html = renderToString(
    <QueryClientProvider client={new QueryClient()}>
      <CoalescerProvider strategy="hybrid">
        <Page />
      </CoalescerProvider>
    </QueryClientProvider>,
  )
  expect(html).toBe('hybrid idle idle')
  for (const spy of touched) expect(spy).not.toHaveBeenCalled()
  expect(service.calls).toEqual([])
})

it('renders an existing coalescer on a server', () => {
  const queryClient = new QueryClient()
  const coalescer = createCoalescer({ queryClient, strategy: 'batch' })
  const html = renderToString(
    <QueryClientProvider client={queryClient}>
      <CoalescerProvider coalescer={coalescer}>
        <Page />
      </CoalescerProvider>
    </QueryClientProvider>,
  )
  expect(html).toBe('batch idle idle')
  coalescer.stop()
})
