// @vitest-environment happy-dom
import { QueryClient } from '@tanstack/react-query'
import { act } from '@testing-library/react'
import { createCoalescer } from 'realtime-coalescer'
import { CoalescerProvider, useCoalescerState } from 'realtime-coalescer/react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'

const Phase = () => useCoalescerState(({ phase, stats }) => `${phase} ${stats.eventsReceived}`)

it('a page is hydrated as the server rendered it, and then shows what has happened since', async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  const coalescer = createCoalescer({ queryClient: new QueryClient() })
  const tree = (
    <CoalescerProvider coalescer={coalescer}>
      <Phase />
    </CoalescerProvider>
  )
  const container = document.createElement('div')
  coalescer.scheduleInvalidate(['goals'])
  container.innerHTML = renderToString(tree)
  expect(container.textContent).toBe('idle 0')
  const onRecoverableError = vi.fn<() => void>()
  await act(async () => {
    hydrateRoot(container, tree, { onRecoverableError })
  })
  expect(onRecoverableError).not.toHaveBeenCalled()
  expect(container.textContent).toBe('collecting 1')
  coalescer.stop()
  vi.unstubAllGlobals()
})
