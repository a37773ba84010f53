// @vitest-environment happy-dom
import { QueryClient } from '@tanstack/react-query'
import { act, cleanup, render, renderHook } from '@testing-library/react'
import { CoalescerProvider, useRealtime, useRealtimeStatus } from 'realtime-coalescer/react'
import { afterEach, expect, it, vi } from 'vitest'
import { FakeRealtimeService, createWrapper } from './support.tsx'

afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

const wrapper = createWrapper(new QueryClient())
const rest = async () => act(async () => undefined)

it('joins once under StrictMode and leaves after unmount', async () => {
  const service = new FakeRealtimeService()
  const { unmount } = renderHook(() => useRealtime(service), { wrapper })
  await rest()
  expect(service.calls).toEqual(['initialize'])
  unmount()
  await rest()
  expect(service.calls).toEqual(['initialize', 'stop'])
  expect(service.listeners).toBe(0)
})

it('joins once for many components and leaves with the last', async () => {
  const service = new FakeRealtimeService()
  const Page = () => <p>{useRealtime(service)}</p>
  const { rerender, unmount } = render([<Page key="1" />, <Page key="2" />], { wrapper })
  await rest()
  rerender([<Page key="2" />])
  await rest()
  expect(service.calls).toEqual(['initialize'])
  unmount()
  await rest()
  expect(service.calls).toEqual(['initialize', 'stop'])
})

it('joins again when mounted again', async () => {
  const service = new FakeRealtimeService()
  const first = renderHook(() => useRealtime(service), { wrapper })
  first.unmount()
  await rest()
  renderHook(() => useRealtime(service), { wrapper })
  await rest()
  expect(service.calls).toEqual(['initialize', 'stop', 'initialize'])
})

it('joins again when the app itself has stopped the service in between', async () => {
  const service = new FakeRealtimeService()
  renderHook(() => useRealtime(service), { wrapper })
  await rest()
  act(() => service.stop())
  renderHook(() => useRealtime(service), { wrapper })
  await rest()
  expect(service.calls).toEqual(['initialize', 'stop', 'initialize'])
  expect(service.getStatus()).toBe('connecting')
})

it('moves to another service when the service changes', async () => {
  const services = [new FakeRealtimeService(), new FakeRealtimeService()] as const
  const { rerender } = renderHook(({ n }: { n: 0 | 1 }) => useRealtime(services[n]), {
    wrapper,
    initialProps: { n: 0 },
  })
  await rest()
  rerender({ n: 1 })
  await rest()
  expect(services.map((service) => service.calls)).toEqual([['initialize', 'stop'], ['initialize']])
})

it('shows the status as it changes, without joining', async () => {
  const service = new FakeRealtimeService()
  const { result } = renderHook(() => useRealtimeStatus(service), { wrapper })
  expect(result.current).toBe('idle')
  act(() => service.become('live'))
  expect(result.current).toBe('live')
  expect(service.calls).toEqual([])
})

it('joins with the query client of the CoalescerProvider where there is no QueryClientProvider', async () => {
  const queryClient = new QueryClient()
  const service = new FakeRealtimeService()
  const { unmount } = renderHook(() => useRealtime(service), {
    wrapper: ({ children }) => <CoalescerProvider queryClient={queryClient}>{children}</CoalescerProvider>,
  })
  expect(service.queryClient).toBe(queryClient)
  unmount()
  await rest()
})

it('asks for a QueryClientProvider', () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  expect(() => renderHook(() => useRealtime(new FakeRealtimeService()))).toThrow(/QueryClient/)
})

it.each([
  ['useRealtime', useRealtime],
  ['useRealtimeStatus', useRealtimeStatus],
] as const)('%s asks for a realtime service', (_, hook) => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  for (const service of [undefined, null, {}, 'db']) {
    expect(() => renderHook(() => hook(service as never), { wrapper })).toThrow(
      'Expected `service` to be a realtime service',
    )
  }
})
