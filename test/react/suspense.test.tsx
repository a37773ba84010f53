// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider, useSuspenseQuery } from '@tanstack/react-query'
import { act, cleanup, render } from '@testing-library/react'
import { createCoalescer } from 'realtime-coalescer'
import { StrictMode, Suspense } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { everyStrategy } from '../promises/support.ts'
import { SimulatedServer } from '../support/simulatedServer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

const advance = async (ms: number) => {
  for (let passed = 0; passed < ms; passed += 10) await act(async () => vi.advanceTimersByTimeAsync(10))
}

const server = new SimulatedServer()

function Version() {
  const { data } = useSuspenseQuery({ queryKey: ['goals'], queryFn: server.queryFn })
  return <p>version {data.version}</p>
}

it.each(everyStrategy)('%s: an event while a component is suspended is on the screen in the end', async (strategy) => {
  const queryClient = new QueryClient()
  const coalescer = createCoalescer({ queryClient, strategy })
  const { container } = render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <Suspense fallback="loading">
          <Version />
        </Suspense>
      </QueryClientProvider>
    </StrictMode>,
  )
  await advance(50)
  expect(container.textContent).toBe('loading')
  server.write(['goals'])
  coalescer.scheduleInvalidate(['goals'])
  const written = server.versionOf(['goals'])
  await advance(2000)
  expect(container.textContent).toBe(`version ${written}`)
  coalescer.stop()
  queryClient.clear()
})
