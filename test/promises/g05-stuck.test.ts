import { MutationObserver, type QueryKey, hashKey } from '@tanstack/react-query'
import { coalesceQueryClient, createCoalescer } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { helpOf } from '../support/help.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import type { World } from '../support/world.ts'
import { announce, everyStrategy, fetchDelayOf, startsOf, timing, watchEnd, watchPromise, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']
const partners = ['partners']
const stuckAfterMs = 1000

/** What was reported of a query. */
const reportsOf = ({ errors }: World, queryKey: QueryKey): unknown[] =>
  errors.filter(({ info }) => 'queryHash' in info && info.queryHash === hashKey(queryKey))

/** Advances until a query has started so many requests. */
async function untilRequest(world: World, queryKey: QueryKey, count: number): Promise<void> {
  for (let ms = 0; startsOf(world, queryKey).length < count; ms += 1) {
    if (ms > 1000) throw new Error('Expected a request within a second.')
    await advance(1)
  }
}

describe.each(everyStrategy)('G5 a request that never ends, %s', (strategy) => {
  it('gives its slot back: with every slot stuck, the others become fresh', async () => {
    const world = worldOf(strategy, { stuckAfterMs, maxConcurrentRefetches: 2 })
    const hung = [await world.showLoaded(['a']), await world.showLoaded(['b'])]
    const others = [await world.showLoaded(['c']), await world.showLoaded(['d'])]
    let isDown = true
    world.server.hangs = ([name]) => isDown && (name === 'a' || name === 'b')
    world.change([])
    await advance(stuckAfterMs + 500)
    expect(others.map((one) => one.version())).toEqual([1, 1])
    for (let second = 0; second < 10; second += 1) {
      world.change([])
      await advance(1000)
    }
    // What hangs takes its slots again and again, but never both for longer than a request may be stuck.
    for (const one of others) expect(one.version()).toBeGreaterThanOrEqual(8)
    expect(reportsOf(world, ['a']).length).toBeGreaterThan(0)
    expect(reportsOf(world, ['b']).length).toBeGreaterThan(0)
    expect(reportsOf(world, ['c'])).toEqual([])
    expect(startsOf(world, ['a']).length).toBeLessThanOrEqual(13)
    isDown = false
    world.change([])
    await advance(2 * stuckAfterMs + 1000)
    expect([...hung, ...others].map((one) => one.version())).toEqual([12, 12, 12, 12])
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 0 })
  })

  it('is reported once, after 30 s unless told otherwise, and gives its slot back then', async () => {
    const world = worldOf(strategy, { maxConcurrentRefetches: 1 })
    await world.showLoaded(goals)
    const other = await world.showLoaded(partners)
    world.server.hangs = ([name]) => name === 'goals'
    world.change(goals)
    await untilRequest(world, goals, 2)
    world.change(partners)
    await advance(29_500)
    expect([reportsOf(world, goals).length, other.version()]).toEqual([0, 0])
    await advance(1000)
    expect([reportsOf(world, goals).length, other.version()]).toEqual([1, 1])
    await advance(120_000)
    expect(reportsOf(world, goals)).toHaveLength(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('stops counting for flush() and settled(), and in the snapshot', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    await world.showLoaded(goals)
    world.server.hangs = () => true
    world.change(goals)
    const ends = watchEnd(world)
    await advance(stuckAfterMs - 50)
    expect(ends()).toEqual([false, false])
    await advance(500)
    expect(ends()).toEqual([true, true])
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 0 })
  })

  it('stops counting for an awaited invalidation', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    await world.showLoaded(goals)
    world.server.hangs = () => true
    const call = watchPromise(client.invalidateQueries({ queryKey: goals }))
    await advance(stuckAfterMs - 50)
    expect(call.isResolved).toBe(false)
    await advance(500)
    expect(call.isResolved).toBe(true)
  })

  it('a mutation that awaits an invalidation succeeds, and the new request shows the new data', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    const shown = await world.showLoaded(goals)
    world.server.hangs = () => true
    world.change(goals)
    await untilRequest(world, goals, 2)
    world.server.hangs = () => false
    await advance(100)
    const mutation = new MutationObserver(client, {
      mutationFn: () => Promise.resolve(world.server.write(goals)),
      onSuccess: () => client.invalidateQueries({ queryKey: goals }),
    })
    void mutation.mutate()
    await advance(stuckAfterMs + 500)
    expect(mutation.getCurrentResult().status).toBe('success')
    expect(shown.version()).toBe(2)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('is not replaced as long as the query owes no fetch, and is at once for the next event', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    const shown = await world.showLoaded(goals)
    world.server.hangs = () => true
    world.change(goals)
    await advance(10 * stuckAfterMs)
    expect(startsOf(world, goals)).toHaveLength(2)
    world.server.hangs = () => false
    world.change(goals)
    const atMs = Date.now()
    await advance(1000)
    expect(shown.version()).toBe(2)
    expect(startsOf(world, goals).slice(2)).toEqual([atMs + fetchDelayOf(strategy)])
  })

  it('is replaced once it counts as stuck if an event came meanwhile', async () => {
    const world = worldOf(strategy === 'direct' ? 'debounce' : strategy, { stuckAfterMs })
    const shown = await world.showLoaded(goals)
    world.server.hangs = () => true
    world.change(goals)
    await untilRequest(world, goals, 2)
    const atMs = Date.now()
    world.server.hangs = () => false
    await advance(300)
    world.change(goals)
    await advance(stuckAfterMs - 320)
    expect(startsOf(world, goals)).toHaveLength(2)
    await advance(500)
    expect(shown.version()).toBe(2)
    const [, , replacedAtMs = 0, ...more] = startsOf(world, goals)
    expect(replacedAtMs - atMs).toBeGreaterThanOrEqual(stuckAfterMs - 1)
    expect(replacedAtMs - atMs).toBeLessThanOrEqual(stuckAfterMs + 300)
    expect(more).toEqual([])
  })

  it('that the app has started (a mount) is replaced for an event, too', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    world.server.hangs = () => true
    const shown = world.show(goals)
    await advance(10)
    world.server.hangs = () => false
    announce(world, 'INVALIDATE', goals)
    await advance(stuckAfterMs + 500)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('a late answer that nothing has replaced is shown, and one that has been replaced is not', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    const shown = await world.showLoaded(goals)
    world.server.hangs = () => true
    world.change(goals)
    await advance(3 * stuckAfterMs)
    world.server.release()
    await advance(10)
    expect(shown.version()).toBe(1)
    world.change(goals)
    await advance(3 * stuckAfterMs)
    world.server.hangs = () => false
    world.change(goals)
    await advance(1000)
    expect(shown.version()).toBe(3)
    world.server.release()
    await advance(1000)
    expect(shown.version()).toBe(3)
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', inFlight: 0 })
  })

  it('a replacement that hangs is reported and replaced in its turn: never more than one request per stuckAfterMs', async () => {
    const world = worldOf(strategy === 'direct' ? 'debounce' : strategy, { stuckAfterMs })
    const shown = await world.showLoaded(goals)
    world.server.hangs = () => true
    const before = startsOf(world, goals).length
    for (let event = 0; event < 100; event += 1) {
      world.change(goals)
      await advance(100)
    }
    const requests = startsOf(world, goals).length - before
    expect(requests).toBeGreaterThanOrEqual(6)
    expect(requests).toBeLessThanOrEqual(11)
    world.server.hangs = () => false
    await advance(3 * stuckAfterMs)
    expect(shown.version()).toBe(100)
  })

  it('a query whose requests take long is given four times the longest of them', async () => {
    const world = worldOf(strategy === 'direct' ? 'debounce' : strategy, { stuckAfterMs })
    world.server.latencyMs = () => 500
    const shown = await world.showLoaded(goals)
    world.server.latencyMs = () => 1900
    world.change(goals)
    await untilRequest(world, goals, 2)
    world.change(goals)
    await advance(1850)
    expect(startsOf(world, goals)).toHaveLength(2)
    await advance(5000)
    expect(shown.version()).toBe(2)
    expect(startsOf(world, goals)).toHaveLength(3)
    expect(reportsOf(world, goals)).toEqual([])
    // By now 1900 ms is the longest.
    world.server.hangs = () => true
    world.change(goals)
    await untilRequest(world, goals, 4)
    await advance(7500)
    expect(reportsOf(world, goals)).toEqual([])
    await advance(200)
    expect(reportsOf(world, goals)).toHaveLength(1)
  })

  it('a ladder of retries whose attempts end is none', async () => {
    const world = worldOf(strategy, { stuckAfterMs, queries: { retry: 4, retryDelay: 700 } })
    await world.showLoaded(goals)
    world.server.fails = () => true
    world.change(goals)
    const ends = watchEnd(world)
    await advance(2500)
    world.server.fails = () => false
    world.change(goals)
    await advance(5000)
    expect(reportsOf(world, goals)).toEqual([])
    expect(world.queryClient.getQueryData(goals)).toEqual({ version: 2 })
    expect(ends()).toEqual([true, true])
    expect(startsOf(world, goals).length).toBeLessThanOrEqual(strategy === 'direct' ? 7 : 6)
  })

  it('a fetch that waits for the network is none', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    const shown = await world.showLoaded(goals)
    world.goOffline()
    world.change(goals)
    await advance(60_000)
    expect(world.errors).toEqual([])
    world.goOnline()
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(2)
  })

  it('an urgent event and flush() reach the others, and replace it once it is stuck', async () => {
    const world = worldOf(strategy, { stuckAfterMs, maxConcurrentRefetches: 1 })
    const shown = [await world.showLoaded(goals), await world.showLoaded(partners)]
    world.server.hangs = () => true
    world.change(goals)
    await untilRequest(world, goals, 2)
    world.server.hangs = () => false
    await advance(2 * stuckAfterMs)
    world.change(partners, { urgent: true })
    await advance(100)
    expect(shown[1]?.version()).toBe(1)
    world.server.write(goals)
    world.coalescer.scheduleInvalidate(goals)
    const flushed = watchPromise(world.coalescer.flush())
    await advance(100)
    expect(shown[0]?.version()).toBe(2)
    expect(flushed.isResolved).toBe(true)
  })

  it('that the app cancels after all owes its event a fetch again', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    const shown = await world.showLoaded(goals)
    world.server.hangs = () => true
    world.change(goals)
    await advance(2 * stuckAfterMs)
    world.server.hangs = () => false
    await world.queryClient.cancelQueries({ queryKey: goals })
    await advance(1000)
    expect(shown.version()).toBe(1)
    expect(startsOf(world, goals)).toHaveLength(3)
  })

  it('that the app cancels owes an event a fetch that was flushed once it was stuck', async () => {
    const world = worldOf(strategy, { stuckAfterMs: timing.quietMs / 2 })
    const shown = await world.showLoaded(goals)
    world.server.hangs = () => true
    world.hide()
    world.change(goals)
    void shown.observer.refetch()
    await advance(1000)
    world.unhide()
    await advance(1000)
    expect(startsOf(world, goals)).toHaveLength(2)
    world.server.hangs = () => false
    await world.queryClient.cancelQueries({ queryKey: goals })
    await advance(1000)
    expect(shown.version()).toBe(1)
  })

  it('holds up the call it answers no longer, also if a later call has it replaced by one that hangs', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    await world.showLoaded(goals)
    const client = coalesceQueryClient(world.queryClient, world.coalescer)
    world.server.hangs = () => true
    const first = watchPromise(client.refetchQueries({ queryKey: goals }))
    await untilRequest(world, goals, 2)
    const second = watchPromise(client.invalidateQueries({ queryKey: goals }, { cancelRefetch: false }))
    await advance(stuckAfterMs + 100)
    expect([first.isResolved, second.isResolved]).toEqual([true, false])
    await advance(stuckAfterMs)
    expect(second.isResolved).toBe(true)
  })

  it.each([
    ['while it runs', stuckAfterMs / 2],
    ['once it is stuck', 2 * stuckAfterMs],
  ])('from before an event is replaced for a component that mounts %s', async (_, mountsAtMs) => {
    const world = worldOf(strategy, { stuckAfterMs })
    const shown = await world.showLoaded(goals)
    world.server.hangs = () => true
    void shown.observer.refetch()
    await advance(10)
    shown.unmount()
    world.change(goals)
    await advance(mountsAtMs)
    world.server.hangs = () => false
    const again = world.show(goals)
    await advance(2 * stuckAfterMs)
    expect(again.version()).toBe(1)
  })

  it('a query that is removed while it is stuck leaves nothing behind, nor does stop()', async () => {
    const world = worldOf(strategy, { stuckAfterMs })
    const shown = await world.showLoaded(goals)
    await world.showLoaded(partners)
    world.server.hangs = () => true
    world.change([])
    await untilRequest(world, goals, 2)
    shown.unmount()
    world.queryClient.removeQueries({ queryKey: goals })
    await advance(3 * stuckAfterMs)
    expect(reportsOf(world, goals)).toEqual([])
    expect(reportsOf(world, partners)).toHaveLength(1)
    world.change(partners)
    await advance(100)
    world.coalescer.stop()
    await advance(3 * stuckAfterMs)
    expect(reportsOf(world, partners)).toHaveLength(1)
  })
})

it.each([
  [-1, 'RangeError', '-1'],
  [Number.NaN, 'RangeError', 'NaN'],
  ['soon', 'TypeError', "'soon'"],
])('stuckAfterMs %s is refused', (stuck, error, came) => {
  expect(helpOf(() => createCoalescer({ stuckAfterMs: stuck as never }))).toEqual({
    error,
    name: 'stuckAfterMs',
    came,
  })
})
