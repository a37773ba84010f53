import fc from 'fast-check'
import type { StrategyName } from 'realtime-coalescer'
import { expect, it, vi } from 'vitest'
import { changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { advance, drain, endSimulatedTime, startSimulatedTime } from '../support/simulatedTime.ts'

const strategies: readonly StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'direct']

/** A feed whose server delivers a write if it is attached, and loses it otherwise. */
function createUnreliableFeed(strategy: StrategyName) {
  const world = createFeedWorld({ strategy, firstCatchUp: 'refetch', endsWithTest: false, mounted: false })
  const { supabase, realtime, queryClient, server } = world
  /** The channel objects that are joined, and those to which the server delivers. */
  const joined = new Set<object>()
  const attached = new Set<object>()
  let returns = 0
  let lateReturns = 0
  let joinedAtMs = 0

  const isOpen = (): boolean => supabase.opened.length > 0 && supabase.getChannels().includes(supabase.current)
  const isLive = (): boolean => isOpen() && attached.has(supabase.current)
  const lose = (tell: () => void): void => {
    if (!isOpen()) return
    attached.delete(supabase.current)
    tell()
  }
  const write = (): void => {
    server.write(['goals'])
    const payload = changeOf(server.versionOf(['goals']) % 2 === 0 ? 'DELETE' : 'UPDATE')
    if (isLive()) supabase.current.change(payload)
  }
  const attach = (): void => {
    if (!isOpen() || !joined.has(supabase.current)) return
    attached.add(supabase.current)
    returns += 1
    if (Date.now() - joinedAtMs > 400) lateReturns += 1
    joinedAtMs = Infinity
    supabase.current.system('ok')
  }

  const happenings = {
    write,
    attach,
    join: () => {
      if (!isOpen()) return
      joined.add(supabase.current)
      joinedAtMs = Date.now()
      lose(() => supabase.current.tell('SUBSCRIBED'))
    },
    loseTheSocket: () => {
      if (isOpen()) joined.delete(supabase.current)
      lose(() => supabase.current.tell('CHANNEL_ERROR', new Error('socket closed: 1006')))
    },
    timeOut: () => {
      if (isOpen() && !joined.has(supabase.current)) lose(() => supabase.current.tell('TIMED_OUT'))
    },
    refuse: () => {
      if (isOpen() && joined.has(supabase.current)) lose(() => supabase.current.system('error', 'no such table'))
    },
    close: () => lose(() => supabase.current.tell('CLOSED')),
    dropSilently: () => {
      if (!isOpen() || !attached.delete(supabase.current)) return
      write()
      attach()
    },
    sayMoreOfAnOldChannel: () => {
      const old = supabase.opened.at(-2)
      // Not CLOSED, upon which the client drops all channels of that name.
      for (const tell of [() => old?.goLive(), () => old?.tell('CHANNEL_ERROR'), () => old?.system('error')]) tell()
    },
    initialize: () => realtime.initialize(queryClient),
    stop: () => {
      if (isOpen()) attached.delete(supabase.current)
      realtime.stop()
    },
    hide: world.hide,
    unhide: world.unhide,
    goOffline: world.goOffline,
    goOnline: world.goOnline,
  }
  return {
    ...world,
    happenings,
    isLive,
    /** How often the feed came to life. */
    returns: () => returns,
    /** How often it did so late after a join, so that it is caught up with once more. */
    lateReturns: () => lateReturns,
  }
}

type Happening = keyof ReturnType<typeof createUnreliableFeed>['happenings']

const happening = fc.constantFrom<Happening[]>(
  ...(['write', 'write', 'write', 'join', 'join', 'attach', 'attach', 'attach', 'initialize', 'initialize'] as const),
  ...(['loseTheSocket', 'timeOut', 'refuse', 'close', 'dropSilently', 'sayMoreOfAnOldChannel', 'stop'] as const),
  ...(['hide', 'unhide', 'goOffline', 'goOnline'] as const),
)
const waitMs = fc.constantFrom(0, 5, 100, 400, 900, 3_000, 31_000)

it('whatever happens to the feed, its status is right, and the screen ends up fresh with at most one catch-up for each return of the feed, and nothing is left', async () => {
  const property = async (strategy: StrategyName, steps: readonly (readonly [Happening, number])[]): Promise<void> => {
    startSimulatedTime()
    try {
      const feed = createUnreliableFeed(strategy)
      const goals = await feed.showLoaded(['goals'])
      for (const [name, ms] of steps) {
        feed.happenings[name]()
        expect(feed.realtime.getStatus() === 'live').toBe(feed.isLive())
        await advance(ms)
      }
      feed.unhide()
      feed.goOnline()
      feed.realtime.initialize(feed.queryClient)
      while (feed.realtime.getStatus() !== 'live') {
        await drain()
        feed.happenings.join()
        feed.happenings.attach()
        await advance(1_000)
      }
      await advance(12_000)
      expect(goals.version()).toBe(feed.server.versionOf(['goals']))
      for (let writes = 0; writes < 2; writes += 1) {
        feed.happenings.write()
        await advance(2_000)
        expect(goals.version()).toBe(feed.server.versionOf(['goals']))
      }
      const catchUps = feed.flushed.filter(({ keys }) =>
        keys.some(({ sources }) => sources.includes('realtime:catchUp')),
      )
      expect(catchUps.length).toBeLessThanOrEqual(feed.returns() + feed.lateReturns())
      feed.realtime.stop()
      feed.end()
      expect([feed.supabase.getChannels(), vi.getTimerCount()]).toEqual([[], 0])
    } finally {
      endSimulatedTime()
    }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...strategies),
      fc.array(fc.tuple(happening, waitMs), { maxLength: 60, size: 'max' }),
      property,
    ),
    { numRuns: 150 },
  )
})
