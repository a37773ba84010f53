import { QueryClient } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

describe('onWarning', () => {
  const warn = (options: object, before: () => void = () => undefined): ReturnType<typeof vi.fn> => {
    const onWarning = vi.fn<(warning: unknown) => void>()
    before()
    const coalescer = createCoalescer({ queryClient: new QueryClient(), onWarning, ...options })
    onTestFinished(() => coalescer.stop())
    return onWarning
  }
  const messageOf = (onWarning: ReturnType<typeof vi.fn>): string => String(onWarning.mock.calls[0]?.[0])

  it('is told once of an option that there is none of, by its name', () => {
    const onWarning = warn({ quietMS: 10 })
    expect(onWarning).toHaveBeenCalledTimes(1)
    expect(messageOf(onWarning)).toContain('quietMS')
  })

  it('is told once of timing that there is none of, also at a switch', () => {
    const onWarning = warn({ strategy: { name: 'debounce', quiteMs: 10 } })
    expect(messageOf(onWarning)).toContain('quiteMs')
    const atSwitch = vi.fn<(warning: unknown) => void>()
    const coalescer = createCoalescer({ queryClient: new QueryClient(), onWarning: atSwitch })
    onTestFinished(() => coalescer.stop())
    for (let time = 0; time < 2; time += 1) coalescer.switchStrategy({ name: 'batch', maxWait: 10 } as never)
    expect([onWarning.mock.calls.length, atSwitch.mock.calls.length]).toEqual([1, 1])
    expect(messageOf(atSwitch)).toContain('maxWait')
  })

  it('is told of a quiet window longer than the longest wait', () => {
    const onWarning = warn({ quietMs: 500, maxWaitMs: 100 })
    expect(onWarning).toHaveBeenCalledTimes(1)
    expect(messageOf(onWarning)).toMatch(/quietMs.*maxWaitMs/s)
  })

  it('is told once of such a window at a switch, under whichever strategies', () => {
    const onWarning = vi.fn<(warning: unknown) => void>()
    const coalescer = createCoalescer({ queryClient: new QueryClient(), onWarning, quietMs: 50 })
    onTestFinished(() => coalescer.stop())
    coalescer.switchStrategy({ name: 'batch', quietMs: 500, maxWaitMs: 100 })
    expect(messageOf(onWarning)).toMatch(/quietMs 500 and maxWaitMs 100 for 'batch'/)
    coalescer.switchStrategy({ name: 'perKey', quietMs: 500, maxWaitMs: 100 })
    coalescer.switchStrategy({ name: 'batch', quietMs: 500, maxWaitMs: 100 })
    coalescer.switchStrategy('debounce')
    expect(onWarning).toHaveBeenCalledTimes(1)
    coalescer.send({ type: 'SWITCH_STRATEGY', strategy: { name: 'debounce', maxWaitMs: 40 } })
    expect(onWarning).toHaveBeenCalledTimes(2)
  })

  it('is told of a second running coalescer on one client, and not once the first has stopped', () => {
    const queryClient = new QueryClient()
    const first = createCoalescer({ queryClient })
    const onWarning = warn({ queryClient })
    expect(onWarning).toHaveBeenCalledTimes(1)
    first.stop()
    const other = new QueryClient()
    createCoalescer({ queryClient: other }).stop()
    expect(warn({ queryClient: other })).not.toHaveBeenCalled()
  })

  it('is told nothing of good options', () => {
    const options = {
      strategy: 'debounce',
      quietMs: 100,
      maxWaitMs: 500,
      whenHidden: 'defer',
      isHidden: () => false,
      whileMutating: 'defer',
      maxMutationHoldMs: 10_000,
      stuckAfterMs: 30_000,
      maxConcurrentRefetches: 4,
      jitterMs: 0,
      leading: false,
      onError: () => undefined,
    }
    expect(warn(options)).not.toHaveBeenCalled()
  })

  it('that throws breaks nothing', () => {
    expect(() =>
      createCoalescer({
        queryClient: new QueryClient(),
        ...{ quietMS: 10 },
        onWarning: () => {
          throw new Error('onWarning')
        },
      }).stop(),
    ).not.toThrow()
  })
})
