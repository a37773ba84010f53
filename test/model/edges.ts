import { MutationObserver, focusManager } from '@tanstack/react-query'
import {
  type CoalescerEvent,
  type CoalescerOptions,
  type ErrorInfo,
  type StrategyName,
  coalesceQueryClient,
} from 'realtime-coalescer'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Fetches } from '../../src/integration/query/fetches/fetches.ts'
import { strategyNames } from '../../src/machines/strategies.ts'
import { drain } from '../support/simulatedTime.ts'
import { surroundingsOf } from '../support/surroundings.ts'
import { System } from './system.ts'

const key = ['goals']

/** What no model of one well-behaved app reaches: late timers, malformed events, a strategy that dies. */
export function testEdges(timing: CoalescerOptions, windowStrategies: readonly StrategyName[]): void {
  const createSystem = (options: CoalescerOptions = {}): System & { errors: ErrorInfo[] } => {
    const errors: ErrorInfo[] = []
    const system = new System([key], { ...timing, onError: (_error, info) => errors.push(info), ...options })
    onTestFinished(() => system.stop())
    return Object.assign(system, { errors })
  }

  /** Lets time pass without a timer, as in a background tab. */
  const throttle = (ms: number): void => void vi.setSystemTime(Date.now() + ms)

  it.each([
    { type: 'INVALIDATE', queryKeys: 'goals' },
    { type: 'REFETCH', queryKeys: [7] },
    { type: 'CHANGE', change: undefined },
    { type: 'SWITCH_STRATEGY', strategy: 'no-such-strategy' },
    { type: 'REFRESH' },
  ])('a malformed event to the actor is reported and changes nothing: $type', async (event) => {
    const system = createSystem()
    const before = system.coalescer.getSnapshot()
    system.coalescer.actor.send(event as unknown as CoalescerEvent)
    await drain()
    expect(system.errors.map((info) => info.type)).toEqual(['badEvent'])
    expect(system.coalescer.getSnapshot()).toBe(before)
  })

  it('a refetch is flushed like an invalidation', async () => {
    const system = createSystem()
    system.write(key)
    system.coalescer.scheduleRefetch(key)
    await system.pass(timing.quietMs ?? 0)
    await system.endAll()
    expect([system.takeReasons(), system.isFresh(key)]).toEqual([['quiet'], true])
  })

  it('a call of a coalesced client is flushed like an event', async () => {
    const system = createSystem()
    system.write(key)
    void coalesceQueryClient(system.queryClient, system.coalescer).invalidateQueries({ queryKey: key })
    await system.pass(timing.quietMs ?? 0)
    await system.endAll()
    expect([system.takeReasons(), system.isFresh(key)]).toEqual([['quiet'], true])
  })

  it('a mutation shows in the chart while fetches wait for its end', async () => {
    const system = createSystem()
    const ownWrites = (): string => surroundingsOf(system.coalescer).ownWrites
    let end = (): void => undefined
    const mutation = new MutationObserver(system.queryClient, {
      onMutate: () => system.queryClient.cancelQueries({ queryKey: key }),
      mutationFn: () => new Promise<void>((resolve) => (end = resolve)),
    })
    void mutation.mutate()
    await drain()
    await system.invalidate(key, true)
    expect([ownWrites(), system.requestsOf(key)]).toEqual(['holding', 0])
    end()
    await system.pass(0)
    await system.endAll()
    expect([ownWrites(), system.requestsOf(key)]).toEqual(['free', 1])
  })

  it('a fetch that the app cancels is owed again', async () => {
    const system = createSystem()
    await system.invalidate(key, true)
    await system.queryClient.cancelQueries({ queryKey: key })
    await system.pass(timing.quietMs ?? 0)
    await system.endAll()
    expect([system.takeReasons(), system.isFresh(key), system.requestsOf(key)]).toEqual([['urgent', 'quiet'], true, 2])
  })

  it('repeated news of the visibility of the page changes nothing', async () => {
    const system = createSystem()
    focusManager.onFocus()
    await system.setVisible(false)
    await system.invalidate(key)
    focusManager.onFocus()
    await system.pass(1000)
    expect([system.takeReasons(), system.errors]).toEqual([[], []])
  })

  it('a timer of hybrid that is late to refetch is made up for at the next event', async () => {
    const system = createSystem({ strategy: 'hybrid' })
    await system.invalidate(key)
    await system.pass(timing.quietMs ?? 0)
    expect(system.requestsOf(key)).toBe(0)
    throttle(timing.refetchDelayMs ?? 0)
    await system.invalidate(['partners'])
    expect(system.requestsOf(key)).toBe(1)
  })

  it('batch is idle again when changes read while hidden turn out to ask for nothing', async () => {
    const system = createSystem({ strategy: 'batch', maxBufferedChanges: 2 })
    await system.setVisible(false)
    await system.change(key, () => ({}))
    await system.pass(timing.quietMs ?? 0)
    await system.change(key, () => ({}))
    expect(system.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0 })
  })

  describe.each(windowStrategies)('%s', (strategy) => {
    it('makes up for a late timer at the next event', async () => {
      const system = createSystem({ strategy })
      await system.invalidate(key)
      throttle(timing.maxWaitMs ?? 0)
      await system.invalidate(key)
      expect(system.takeReasons()).toEqual(['maxWait'])
    })

    it('flushes at once what has waited too long under the strategy before', async () => {
      const system = createSystem({ strategy: { name: strategy === 'debounce' ? 'perKey' : 'debounce', quietMs: 100 } })
      await system.invalidate(key)
      await system.pass(60)
      await system.switchTo({ name: strategy, quietMs: 100, maxWaitMs: 50 })
      expect(system.takeReasons()).toEqual(['maxWait'])
    })

    it('collects an event that comes during a flush for the next one', async () => {
      const system = createSystem({ strategy })
      const end = system.coalescer.on('flushed', () => {
        end()
        void system.invalidate(key)
      })
      await system.invalidate(key, true)
      expect(system.coalescer.getSnapshot()).toMatchObject({ phase: 'collecting', pendingKeys: 1 })
      // Of a root that nothing is known of yet, `adaptive` waits twice as long.
      await system.pass(2 * (timing.quietMs ?? 0))
      expect(system.takeReasons()).toEqual(['urgent', expect.stringMatching(/quiet|maxWait/)])
    })
  })

  it.each<StrategyName>(strategyNames)(
    '%s falls back to direct when it dies, and the event is not lost',
    async (strategy) => {
      const system = createSystem({ strategy })
      const isFocused = vi.spyOn(focusManager, 'isFocused').mockImplementationOnce(() => {
        throw new Error('broken focus manager')
      })
      onTestFinished(() => isFocused.mockRestore())
      await system.invalidate(key)
      await system.endAll()
      expect(system.errors.map((info) => info.type)).toEqual(['actorDied'])
      expect([system.coalescer.getSnapshot().strategy, system.isFresh(key)]).toEqual(['direct', true])
    },
  )

  it('direct is not tried for ever: the coalescer goes on without an actor, and fetches once it can', async () => {
    const system = createSystem({ strategy: 'debounce' })
    const isFocused = vi.spyOn(focusManager, 'isFocused').mockImplementation(() => {
      throw new Error('broken focus manager')
    })
    onTestFinished(() => isFocused.mockRestore())
    await system.invalidate(key)
    expect(new Set(system.errors.map((info) => info.type))).toEqual(new Set(['actorDied', 'queryFailed']))
    isFocused.mockRestore()
    await system.invalidate(key)
    await system.endAll()
    expect([system.coalescer.actor.getSnapshot().value, system.isFresh(key)]).toEqual(['dead', true])
  })

  it('without a chart of its surroundings the coalescer goes on without an actor', async () => {
    const system = createSystem()
    const release = vi.spyOn(Fetches.prototype, 'releaseDeferred')
    onTestFinished(() => release.mockRestore())
    release.mockImplementationOnce(() => {
      throw new Error('broken chart')
    })
    await system.setVisible(false)
    expect([system.errors.map((info) => info.type), system.coalescer.actor.getSnapshot().value]).toEqual([
      ['actorDied'],
      'dead',
    ])
    await system.setVisible(true)
    await system.invalidate(key)
    await system.endAll()
    expect([system.isFresh(key), system.requestsOf(key)]).toEqual([true, 1])
  })
}
