// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider, focusManager, useQuery } from '@tanstack/react-query'
import { act, cleanup, render, renderHook } from '@testing-library/react'
import { type Coalescer, coalesceQueryClient, createCoalescer } from 'realtime-coalescer'
import { CoalescerProvider, useCoalescer, useCoalescerState, useStrategy } from 'realtime-coalescer/react'
import { Activity, type ReactNode, StrictMode, useEffect } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createWrapper } from './support.tsx'

let queryClient: QueryClient
beforeEach(() => {
  vi.useFakeTimers()
  queryClient = new QueryClient()
})
afterEach(() => {
  cleanup()
  queryClient.clear()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const rest = async () => act(async () => vi.advanceTimersByTimeAsync(0))

/** Every observer that `focusManager` holds, by the subscriptions made less those ended. */
function countFocusListeners(): () => number {
  let count = 0
  const subscribe = focusManager.subscribe.bind(focusManager)
  vi.spyOn(focusManager, 'subscribe').mockImplementation((listener) => {
    count += 1
    const unsubscribe = subscribe(listener)
    return () => {
      count -= 1
      unsubscribe()
    }
  })
  return () => count
}

function renderOwn(read: (coalescer: Coalescer) => unknown) {
  const Reader = () => {
    const coalescer = useCoalescer()
    const phase = useCoalescerState((snapshot) => snapshot.phase)
    useEffect(() => void read(coalescer))
    return <p>{phase}</p>
  }
  return render(
    <StrictMode>
      <CoalescerProvider queryClient={queryClient} quietMs={50}>
        <Reader />
      </CoalescerProvider>
    </StrictMode>,
  )
}

describe('CoalescerProvider with an existing coalescer', () => {
  it('gives that very object to the hooks and leaves it running after unmount', async () => {
    const coalescer = createCoalescer({ queryClient })
    const Wrapper = createWrapper(queryClient)
    const { result, unmount } = renderHook(useCoalescer, {
      wrapper: ({ children }) => (
        <Wrapper>
          <CoalescerProvider coalescer={coalescer}>{children}</CoalescerProvider>
        </Wrapper>
      ),
    })
    expect(result.current).toBe(coalescer)
    unmount()
    await rest()
    expect(() => coalescer.scheduleInvalidate(['goals'])).not.toThrow()
    coalescer.stop()
  })

  it('refuses what createCoalescer did not make', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    expect(() => render(<CoalescerProvider coalescer={{} as Coalescer} />)).toThrow(/createCoalescer\(\) returned/)
  })
})

describe('CoalescerProvider with options', () => {
  it('takes the query client from the provider above and flushes by its timing', async () => {
    const queryFn = vi.fn<() => Promise<string>>(async () => 'goals')
    const Wrapper = createWrapper(queryClient)
    let coalescer: Coalescer | undefined
    const Page = () => {
      const own = useCoalescer()
      useEffect(() => {
        coalescer = own
      }, [own])
      return <p>{useQuery({ queryKey: ['goals'], queryFn, staleTime: Infinity }).data}</p>
    }
    render(
      <Wrapper>
        <CoalescerProvider quietMs={50}>
          <Page />
        </CoalescerProvider>
      </Wrapper>,
    )
    await rest()
    expect(queryFn).toHaveBeenCalledTimes(1)
    act(() => {
      for (let n = 0; n < 10; n += 1) coalescer?.scheduleInvalidate(['goals'])
    })
    await act(async () => vi.advanceTimersByTimeAsync(49))
    expect(queryFn).toHaveBeenCalledTimes(1)
    await act(async () => vi.advanceTimersByTimeAsync(1))
    expect(queryFn).toHaveBeenCalledTimes(2)
  })

  it('has one coalescer under StrictMode and stops it after unmount', async () => {
    const listeners = countFocusListeners()
    const seen = new Set<Coalescer>()
    const { unmount } = renderOwn((coalescer) => seen.add(coalescer))
    await rest()
    expect(seen.size).toBe(1)
    expect(listeners()).toBe(1)
    unmount()
    await rest()
    expect(listeners()).toBe(0)
    for (const coalescer of seen) expect(() => coalescer.scheduleInvalidate(['goals'])).toThrow(/after stop\(\)/)
  })

  it('keeps what a child schedules in its first effect, through the double mount', async () => {
    let flushed = 0
    renderOwn((coalescer) => {
      coalescer.on('flushed', () => (flushed += 1))
      coalescer.scheduleInvalidate(['goals'])
    })
    await act(async () => vi.advanceTimersByTimeAsync(60))
    expect(flushed).toBeGreaterThan(0)
  })

  it('shows the phase as it changes', async () => {
    let coalescer: Coalescer | undefined
    const { container } = renderOwn((own) => (coalescer = own))
    await rest()
    expect(container.textContent).toBe('idle')
    await act(async () => coalescer?.scheduleInvalidate(['goals']))
    expect(container.textContent).toBe('collecting')
    await act(async () => vi.advanceTimersByTimeAsync(60))
    expect(container.textContent).toBe('idle')
  })

  it('reports a bad option while rendering', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    expect(() => render(<CoalescerProvider quietMs={-1} />)).toThrow(RangeError)
  })

  it('is a coalescer to the rest of the library', async () => {
    let own: Coalescer | undefined
    renderOwn((coalescer) => (own = coalescer))
    await rest()
    const client = coalesceQueryClient(queryClient, own as Coalescer)
    void client.invalidateQueries({ queryKey: ['goals'] })
    expect(own?.getSnapshot().pendingKeys).toBe(1)
  })

  it('rests while it is hidden and works again when it is shown', async () => {
    let coalescer: Coalescer | undefined
    const Reader = () => {
      const own = useCoalescer()
      useEffect(() => {
        coalescer = own
      }, [own])
      return <p>{useCoalescerState((snapshot) => snapshot.phase)}</p>
    }
    const tree = (mode: 'visible' | 'hidden') => (
      <StrictMode>
        <Activity mode={mode}>
          <CoalescerProvider queryClient={queryClient}>
            <Reader />
          </CoalescerProvider>
        </Activity>
      </StrictMode>
    )
    const listeners = countFocusListeners()
    const { rerender, container } = render(tree('visible'))
    await rest()
    rerender(tree('hidden'))
    await rest()
    expect(listeners()).toBe(0)
    rerender(tree('visible'))
    await rest()
    expect(listeners()).toBe(1)
    await act(async () => coalescer?.scheduleInvalidate(['goals']))
    expect(container.textContent).toBe('collecting')
  })

  it('starts anew when mounted again', async () => {
    const Wrapper = createWrapper(queryClient)
    const run = vi.fn<(coalescer: Coalescer) => void>((coalescer) => coalescer.scheduleInvalidate(['goals']))
    const Reader = () => {
      const coalescer = useCoalescer()
      useEffect(() => run(coalescer), [coalescer])
      return null
    }
    const tree = (key: number) => (
      <Wrapper>
        <CoalescerProvider key={key}>
          <Reader />
        </CoalescerProvider>
      </Wrapper>
    )
    const { rerender } = render(tree(1))
    await rest()
    rerender(tree(2))
    await rest()
    expect(new Set(run.mock.calls.map(([coalescer]) => coalescer)).size).toBe(2)
  })
})

describe('hooks', () => {
  it('say what to do outside a provider', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const hooks: (() => unknown)[] = [useCoalescer, useStrategy, () => useCoalescerState(({ phase }) => phase)]
    for (const hook of hooks) {
      expect(() => renderHook(hook)).toThrow(/Wrap the app in <CoalescerProvider/)
    }
  })

  it('useStrategy switches and shows the switch, with a function that lasts', async () => {
    const coalescer = createCoalescer({ queryClient })
    const { result } = renderHook(useStrategy, {
      wrapper: ({ children }) => (
        <StrictMode>
          <CoalescerProvider coalescer={coalescer}>{children}</CoalescerProvider>
        </StrictMode>
      ),
    })
    const [, switchStrategy] = result.current
    expect(result.current[0]).toBe('debounce')
    await act(async () => switchStrategy({ name: 'hybrid', refetchDelayMs: 10 }))
    expect(result.current[0]).toBe('hybrid')
    expect(result.current[1]).toBe(switchStrategy)
    expect(() => switchStrategy('fast' as 'direct')).toThrow(RangeError)
    coalescer.stop()
  })

  it('useCoalescerState renders again only for what its selector reads, objects by their properties', async () => {
    const coalescer = createCoalescer({ queryClient })
    let renders = 0
    renderHook(
      () => {
        renders += 1
        return useCoalescerState(({ strategy, inFlight }) => ({ strategy, inFlight }))
      },
      { wrapper: ({ children }) => <CoalescerProvider coalescer={coalescer}>{children}</CoalescerProvider> },
    )
    const before = renders
    await act(async () => coalescer.scheduleInvalidate(['goals']))
    expect(coalescer.getSnapshot().pendingKeys).toBe(1)
    expect(renders).toBe(before)
    await act(async () => coalescer.switchStrategy('direct'))
    expect(renders).toBeGreaterThan(before)
    coalescer.stop()
  })

  it('useCoalescerState asks for a selector', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const coalescer = createCoalescer({ queryClient })
    const wrapper = ({ children }: { children: ReactNode }) => (
      <CoalescerProvider coalescer={coalescer}>{children}</CoalescerProvider>
    )
    expect(() => renderHook(() => useCoalescerState('phase' as never), { wrapper })).toThrow(
      "Expected `selector` to be a function of the snapshot, got 'phase'",
    )
    coalescer.stop()
  })

  it('ends its subscriptions with the component', async () => {
    const coalescer = createCoalescer({ queryClient })
    const ends: (() => void)[] = []
    const subscribe = vi.spyOn(coalescer, 'subscribe').mockImplementation(() => {
      const end = vi.fn<() => void>()
      ends.push(end)
      return end
    })
    const { unmount } = render(
      <QueryClientProvider client={queryClient}>
        <StrictMode>
          <CoalescerProvider coalescer={coalescer}>
            <Phase />
          </CoalescerProvider>
        </StrictMode>
      </QueryClientProvider>,
    )
    unmount()
    expect(subscribe.mock.calls.length).toBeGreaterThan(0)
    for (const end of ends) expect(end).toHaveBeenCalledTimes(1)
    coalescer.stop()
  })
})

const Phase = () => <p>{useCoalescerState((snapshot) => snapshot.phase)}</p>
