import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { type FlushedRecord, createCoalescer } from 'realtime-coalescer'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SimulatedClock } from 'xstate'
import { drain } from '../support/simulatedTime.ts'
import { everyStrategy, flushDelayOf, timing } from './support.ts'

const goals = ['goals']

describe.each(everyStrategy)('G3 bounded under a simulated clock, %s', (strategy) => {
  afterEach(() => vi.useRealTimers())

  const setup = (options = {}) => {
    const clock = new SimulatedClock()
    const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, gcTime: Infinity } } })
    let requests = 0
    queryClient.setQueryData(goals, 0)
    const observer = new QueryObserver(queryClient, { queryKey: goals, queryFn: () => (requests += 1) })
    const unsubscribe = observer.subscribe(() => undefined)
    const coalescer = createCoalescer({ queryClient, strategy, clock, ...timing, ...options })
    const flushed: FlushedRecord[] = []
    coalescer.on('flushed', (record) => flushed.push(record))
    const end = (): void => {
      coalescer.stop()
      unsubscribe()
      queryClient.clear()
    }
    return { clock, coalescer, flushed, requests: () => requests, end }
  }

  it('the clock of the options alone decides when to flush', async () => {
    const { clock, coalescer, flushed, requests, end } = setup()
    coalescer.scheduleInvalidate(goals)
    clock.increment(Math.max(0, flushDelayOf(strategy) - 1))
    expect(flushed).toHaveLength(strategy === 'direct' ? 1 : 0)
    clock.increment(1)
    clock.increment(timing.refetchDelayMs)
    await drain()
    expect(flushed.map(({ waitedMs }) => waitedMs)).toEqual([flushDelayOf(strategy)])
    expect(requests()).toBe(1)
    end()
  })

  it('one jump of the clock over the whole burst flushes it once', async () => {
    const { clock, coalescer, flushed, end } = setup()
    coalescer.scheduleInvalidate(goals)
    clock.increment(60_000)
    clock.increment(timing.refetchDelayMs)
    await drain()
    expect(flushed).toHaveLength(1)
    end()
  })

  const refuse = (): never => {
    throw new Error('no time')
  }
  it.each([
    ['throws', refuse],
    ['is NaN', () => Number.NaN],
    ['is text', () => '5' as never],
  ])('a clock whose now() %s is reported once, and loses no event', async (_, now) => {
    vi.useFakeTimers({ now: 0 })
    const onError = vi.fn<(error: unknown, info: object) => void>()
    const timers = { setTimeout: (fn: () => void, ms: number) => setTimeout(fn, ms), clearTimeout, now }
    const { coalescer, requests, end } = setup({ clock: timers, onError })
    for (let event = 0; event < 3; event += 1) coalescer.scheduleInvalidate(goals)
    await vi.advanceTimersByTimeAsync(timing.maxWaitMs + timing.refetchDelayMs)
    expect(requests()).toBeGreaterThanOrEqual(1)
    expect(coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0 })
    expect(onError.mock.calls.map(([, info]) => info)).toEqual([{ type: 'optionFailed', option: 'clock.now' }])
    end()
  })

  it('a clock without now() reads Date.now()', () => {
    vi.useFakeTimers({ now: 0 })
    const timers = { setTimeout: (fn: () => void, ms: number) => setTimeout(fn, ms), clearTimeout }
    const { coalescer, flushed, end } = setup({ clock: timers })
    coalescer.scheduleInvalidate(goals)
    vi.advanceTimersByTime(flushDelayOf(strategy))
    expect(flushed.map(({ waitedMs }) => waitedMs)).toEqual([flushDelayOf(strategy)])
    end()
  })
})
