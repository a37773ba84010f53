import { QueryClient } from '@tanstack/react-query'
import { coalesceQueryClient, createCoalescer, debounce, defineStrategy } from 'realtime-coalescer'
import { createLocalInspector, createSocketInspector, createStatelyInspector } from 'realtime-coalescer/inspect'
import { broadcastSql } from 'realtime-coalescer/sql'
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

describe('an option that a call does not take', () => {
  const goals = ['goals']
  const typo = (options: object): never => options as never

  it.each<[string, (client: QueryClient, coalescer: ReturnType<typeof createCoalescer>) => unknown]>([
    ['scheduleInvalidate', (_, coalescer) => coalescer.scheduleInvalidate(goals, typo({ refetchTyp: 'none' }))],
    ['scheduleRefetch', (_, coalescer) => coalescer.scheduleRefetch(goals, typo({ refetchTyp: 'all' }))],
    ['flush', (_, coalescer) => coalescer.flush(typo({ refetchTyp: goals }))],
    ['stop', (_, coalescer) => coalescer.stop(typo({ refetchTyp: 'drop' }))],
    ['coalesceQueryClient', (client, coalescer) => coalesceQueryClient(client, coalescer, typo({ refetchTyp: true }))],
  ])('of %s is told of once, to onWarning', (name, call) => {
    const onWarning = vi.fn<(warning: string) => void>()
    const queryClient = new QueryClient()
    const coalescer = createCoalescer({ queryClient, onWarning })
    onTestFinished(() => coalescer.stop())
    for (let time = 0; time < 2; time += 1) void call(queryClient, coalescer)
    expect(onWarning.mock.calls).toEqual([[expect.stringMatching(`${name}\\(\\), got 'refetchTyp', which is none`)]])
  })

  it('of scheduleInvalidate changes nothing about the event', () => {
    const onWarning = vi.fn<(warning: string) => void>()
    const coalescer = createCoalescer({ queryClient: new QueryClient(), onWarning })
    onTestFinished(() => coalescer.stop())
    coalescer.scheduleInvalidate(goals, typo({ type: 'REFETCH', queryKeys: [] }))
    expect(coalescer.getSnapshot().pendingKeys).toBe(1)
    expect(onWarning).toHaveBeenCalledTimes(2)
  })

  const target = { inspect: { next: () => undefined } }
  const topic = { prefix: 'user:', column: 'user_id' }
  const rule = { machine: debounce.machineFor('throttle'), quietMs: 10 }
  it.each<[string, () => unknown]>([
    ['properties of a strategy', () => defineStrategy({ ...rule, ...({ quiteMs: 5 } as object) })],
    ['options of createStatelyInspector()', () => createStatelyInspector(typo({ quiteMs: 5 }))],
    ['options of createSocketInspector()', () => createSocketInspector(target, typo({ quiteMs: 5 }))],
    ['options of createLocalInspector()', () => createLocalInspector(typo({ quiteMs: 5 }))],
    ['options of broadcastSql()', () => broadcastSql({ tables: ['goals'], ...({ quiteMs: 5 } as object) })],
    ['options of `tables[0]`', () => broadcastSql({ tables: [typo({ name: 'goals', quiteMs: 5 })] })],
    [
      'options of `topic`',
      () => broadcastSql({ tables: ['goals'], topic: { ...topic, ...({ quiteMs: 5 } as object) } }),
    ],
    [
      'options of `topic.members`',
      () =>
        broadcastSql({
          tables: ['goals'],
          topic: { ...topic, members: typo({ table: 'members', column: 'a', user: 'b', quiteMs: 5 }) },
        }),
    ],
  ])('is told of in the console: %s', (expected, call) => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    onTestFinished(() => warned.mockRestore())
    call()
    expect(warned.mock.calls).toEqual([[expect.stringContaining(`Expected ${expected}, got 'quiteMs'`)]])
  })

  it('is told of where there are some, and nowhere else', () => {
    const onWarning = vi.fn<(warning: string) => void>()
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    onTestFinished(() => warned.mockRestore())
    const queryClient = new QueryClient()
    const coalescer = createCoalescer({ queryClient, onWarning })
    coalescer.scheduleInvalidate(goals, { exact: true, refetchType: 'none', urgent: true, source: 'a' })
    coalescer.scheduleRefetch(goals, { type: 'all', source: 'a' })
    coalesceQueryClient(queryClient, coalescer, { urgentInMutations: true })
    void coalescer.flush({ queryKey: goals })
    coalescer.stop({ pending: 'drop' })
    const windows = (): never => undefined as never
    defineStrategy({ windows, quietMs: 5, options: ['quietMs'], buffersChanges: true, description: 'x' })
    createLocalInspector({ maxSteps: 5, maxEventsPerSecond: 5, sanitizeEvent: (event) => event })
    createSocketInspector(target, { repeatEveryMessages: 5, sanitizeContext: (context) => context })
    createStatelyInspector({ url: '/x', connectTimeoutMs: 5, maxBufferedEvents: 5, onStatus: () => undefined })
    broadcastSql({ tables: [{ schema: 'a', name: 'b', primaryKey: ['c'], topic }], send: 'rows', topic: 'x' })
    expect([onWarning.mock.calls, warned.mock.calls]).toEqual([[], []])
  })
})
