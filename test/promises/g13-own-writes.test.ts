import { MutationObserver } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { helpOf } from '../support/help.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { type Settling, list, rowsWorldOf } from './ownWrites.ts'
import { everyStrategy, fetchDelayOf, flushDelayOf, isInvalidated, startsOf, watchPromise } from './support.ts'

useSimulatedTime()

const partners = ['partners']
const settlings: Settling[] = ['nothing', 'native', 'client', 'client, awaited']

it('plain TanStack Query shows old, then new, when a mutation cancels a refetch', async () => {
  const world = await rowsWorldOf('debounce')
  world.coalescer.stop()
  world.rows.push('foreign')
  world.readMs = 600
  void world.queryClient.invalidateQueries({ queryKey: list })
  await advance(50)
  world.add('mine', { onSettled: 'client' })
  await advance(100)
  world.readMs = 100
  await advance(3000)
  expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign,mine'])
})

describe.each(everyStrategy)('G13 own writes, %s', (strategy) => {
  describe.each(settlings)('onSettled: %s', (onSettled) => {
    it('a fetch that a mutation cancels does not come back over what it writes, and one follows its end', async () => {
      const world = await rowsWorldOf(strategy)
      world.readMs = 600
      world.foreign('foreign')
      await world.untilRead(2)
      await advance(50)
      world.readMs = 100
      const mutation = world.add('mine', { onSettled })
      await advance(3000)
      expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign,mine'])
      expect(world.reads).toHaveLength(3)
      expect(mutation.outcome).toBe('success')
    })

    it('an event during the mutation is answered once, after its end', async () => {
      const world = await rowsWorldOf(strategy)
      const startedAtMs = Date.now()
      const mutation = world.add('mine', { onSettled })
      await advance(10)
      world.foreign('foreign')
      await advance(250)
      world.foreign('other')
      await advance(3000)
      expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign,other,mine'])
      expect(world.reads).toHaveLength(2)
      expect(world.reads[1]).toBeGreaterThanOrEqual(startedAtMs + 600)
      expect(mutation.outcome).toBe('success')
    })

    it('both: a fetch runs before, and events come during the mutation', async () => {
      const world = await rowsWorldOf(strategy)
      world.readMs = 600
      world.foreign('foreign')
      await world.untilRead(2)
      await advance(50)
      world.readMs = 100
      world.add('mine', { onSettled })
      for (let event = 0; event < 20; event += 1) {
        await advance(20)
        world.coalescer.scheduleInvalidate(list)
      }
      await advance(3000)
      expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign,mine'])
      expect(world.reads).toHaveLength(3)
    })

    it('a mutation that fails rolls back, and one fetch follows', async () => {
      const world = await rowsWorldOf(strategy)
      const mutation = world.add('mine', { onSettled, outcome: 'failure' })
      await advance(10)
      world.foreign('foreign')
      await advance(3000)
      expect(world.screens).toEqual(['a', 'a,mine', 'a', 'a,foreign'])
      expect(world.reads).toHaveLength(2)
      expect(mutation.outcome).toBe('error')
    })
  })

  it('a mutation whose onSettled returns the invalidation ends: none waits for the other', async () => {
    const world = await rowsWorldOf(strategy)
    const mutation = world.add('mine', { onSettled: 'client, awaited' })
    await advance(600 + fetchDelayOf(strategy) + 400)
    expect(mutation.outcome).toBe('success')
    expect(world.reads).toHaveLength(2)
    expect(world.screens).toEqual(['a', 'a,mine'])
  })

  it('a mutation alone starts no fetch', async () => {
    const world = await rowsWorldOf(strategy)
    world.add('mine')
    await advance(5000)
    expect(world.reads).toHaveLength(1)
  })

  it.each([{ touches: ['cancel'] as const }, { touches: ['write'] as const }])(
    'a query is held by either touch ($touches)',
    async ({ touches }) => {
      const world = await rowsWorldOf(strategy)
      const startedAtMs = Date.now()
      world.add('mine', { touches })
      await advance(10)
      world.foreign('foreign')
      await advance(3000)
      expect(world.reads).toHaveLength(2)
      expect(world.reads[1]).toBeGreaterThanOrEqual(startedAtMs + 600)
      expect(world.screens.at(-1)).toBe('a,foreign,mine')
    },
  )

  it('a query that a mutation has not touched is not held', async () => {
    const world = await rowsWorldOf(strategy)
    const other = await world.showLoaded(partners)
    world.add('mine')
    await advance(10)
    world.change(partners)
    const atMs = Date.now()
    await advance(fetchDelayOf(strategy) + 100)
    expect(startsOf(world, partners).at(-1)).toBe(atMs + fetchDelayOf(strategy))
    expect(other.version()).toBe(1)
  })

  it('nor is one below the key of what it has written', async () => {
    const world = await rowsWorldOf(strategy)
    const below = await world.showLoaded([...list, 1])
    world.add('mine')
    await advance(10)
    world.server.write(list)
    world.foreign('foreign')
    await advance(fetchDelayOf(strategy) + 100)
    expect(below.version()).toBe(1)
    expect(world.reads).toHaveLength(1)
  })

  it('a mutation that touches no query holds none', async () => {
    const world = await rowsWorldOf(strategy)
    world.add('mine', { touches: [] })
    await advance(10)
    world.foreign('foreign')
    const atMs = Date.now()
    await advance(250)
    expect(world.reads).toEqual([expect.any(Number), atMs + fetchDelayOf(strategy)])
  })

  it('what was written before a mutation began is not held by it', async () => {
    const world = await rowsWorldOf(strategy)
    world.queryClient.setQueryData(list, ['a', 'mine'])
    await advance(1)
    world.add('mine', { touches: [] })
    await advance(10)
    world.foreign('foreign')
    await advance(fetchDelayOf(strategy) + 1)
    expect(world.reads).toHaveLength(2)
  })

  it('of two that overlap and both write, the last to end lets go', async () => {
    const world = await rowsWorldOf(strategy)
    const startedAtMs = Date.now()
    world.add('x', { commitMs: 150, onSettled: 'native' })
    await advance(200)
    world.add('y', { commitMs: 350, onSettled: 'native' })
    await advance(5000)
    expect(world.screens).toEqual(['a', 'a,x', 'a,x,y'])
    expect(world.reads).toHaveLength(2)
    expect(world.reads[1]).toBeGreaterThanOrEqual(startedAtMs + 900)
  })

  it('one that began after the write and touches nothing does not hold it longer', async () => {
    const world = await rowsWorldOf(strategy)
    const startedAtMs = Date.now()
    world.add('x', { commitMs: 150, onSettled: 'native' })
    await advance(200)
    world.add('y', { commitMs: 2000, touches: [] })
    await advance(5000)
    expect(world.reads[1]).toBeGreaterThanOrEqual(startedAtMs + 300)
    expect(world.reads[1]).toBeLessThanOrEqual(startedAtMs + 300 + fetchDelayOf(strategy) + 1)
  })

  it('of two in one scope, the second holds while it waits for the first', async () => {
    const world = await rowsWorldOf(strategy)
    const startedAtMs = Date.now()
    world.add('x', { scope: 'list', onSettled: 'native' })
    await advance(50)
    world.add('y', { scope: 'list', onSettled: 'native' })
    await advance(5000)
    expect(world.screens).toEqual(['a', 'a,x', 'a,x,y'])
    expect(world.reads).toHaveLength(2)
    expect(world.reads[1]).toBeGreaterThanOrEqual(startedAtMs + 1200)
  })

  it('a mutation that never ends holds no longer than maxMutationHoldMs, and not again', async () => {
    const world = await rowsWorldOf(strategy, { maxMutationHoldMs: 2000 })
    world.add('mine', { outcome: 'never' })
    await advance(10)
    world.foreign('foreign')
    const promises = [watchPromise(world.coalescer.flush()), watchPromise(world.coalescer.settled())]
    await advance(1900)
    expect(world.reads).toHaveLength(1)
    await advance(600)
    expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign'])
    expect(promises.map(({ isResolved }) => isResolved)).toEqual([true, true])
    world.foreign('other')
    await advance(fetchDelayOf(strategy) + 150)
    expect(world.screens.at(-1)).toBe('a,foreign,other')
    expect(world.reads).toHaveLength(3)
  })

  it('maxMutationHoldMs is 10 s unless told otherwise', async () => {
    const world = await rowsWorldOf(strategy)
    world.add('mine', { outcome: 'never' })
    await advance(10)
    world.foreign('foreign')
    await advance(9500)
    expect(world.reads).toHaveLength(1)
    await advance(1000)
    expect(world.reads).toHaveLength(2)
  })

  it('offline: what the user did stays on screen until the mutation has gone through', async () => {
    const world = await rowsWorldOf(strategy, { maxMutationHoldMs: 2000 })
    world.goOffline()
    world.add('mine', { onSettled: 'native' })
    await advance(10)
    world.foreign('foreign')
    await advance(60_000)
    expect(world.reads).toHaveLength(1)
    world.goOnline()
    await advance(5000)
    expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign,mine'])
    expect(world.reads).toHaveLength(2)
  })

  it('a mutation that nobody resumes holds no longer than maxMutationHoldMs once online', async () => {
    const world = await rowsWorldOf(strategy, { maxMutationHoldMs: 2000, mounted: false })
    world.goOffline()
    world.add('mine')
    await advance(10)
    world.foreign('foreign')
    await advance(60_000)
    world.goOnline()
    await advance(2500)
    expect(world.screens.at(-1)).toBe('a,foreign')
    expect(world.reads).toHaveLength(2)
  })

  it('urgent events and flush() start no fetch of what is held', async () => {
    const world = await rowsWorldOf(strategy)
    const startedAtMs = Date.now()
    world.add('mine')
    await advance(10)
    world.rows.push('foreign')
    world.coalescer.scheduleInvalidate(list, { urgent: true })
    const flushed = watchPromise(world.coalescer.flush())
    world.coalescer.send({ type: 'FLUSH' })
    await advance(580)
    expect(world.reads).toHaveLength(1)
    await advance(1000)
    expect(flushed.isResolved).toBe(true)
    expect(world.reads).toHaveLength(2)
    expect(world.reads[1]).toBeGreaterThanOrEqual(startedAtMs + 600)
    expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign,mine'])
  })

  it('a switch of strategy loses nothing that is held, and starts it no sooner', async () => {
    const world = await rowsWorldOf(strategy)
    const startedAtMs = Date.now()
    world.add('mine')
    await advance(10)
    world.foreign('foreign')
    await advance(200)
    world.coalescer.switchStrategy(strategy === 'perKey' ? 'hybrid' : 'perKey')
    await advance(2000)
    expect(world.reads).toHaveLength(2)
    expect(world.reads[1]).toBeGreaterThanOrEqual(startedAtMs + 600)
    expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign,mine'])
  })

  it('stop() leaves what is held marked stale, and no fetch', async () => {
    const world = await rowsWorldOf(strategy)
    world.add('mine')
    await advance(10)
    world.foreign('foreign')
    await advance(200)
    world.coalescer.stop()
    await advance(20_000)
    expect(isInvalidated(world, list)).toBe(true)
    expect(world.reads).toHaveLength(1)
  })

  it.each(['flush', 'drop'] as const)('stop({ pending: %s }) leaves no timer behind for it', async (pending) => {
    const world = await rowsWorldOf(strategy)
    world.add('mine')
    await advance(10)
    world.foreign('foreign')
    await advance(200)
    world.coalescer.stop({ pending })
    await advance(0)
    const reads = world.reads.length
    expect(pending === 'drop' ? reads === 1 : reads === 2 || isInvalidated(world, list)).toBe(true)
    await advance(20_000)
    expect(world.reads).toHaveLength(reads)
  })

  it('reset() forgets what is held, and leaves it marked stale', async () => {
    const world = await rowsWorldOf(strategy)
    world.add('mine')
    await advance(10)
    world.foreign('foreign')
    await advance(200)
    world.coalescer.reset()
    await advance(20_000)
    expect(world.reads).toHaveLength(1)
    expect(isInvalidated(world, list)).toBe(true)
    expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 0 })
  })

  it('a query that nobody shows any more when the mutation ends is found stale by its next mount', async () => {
    const world = await rowsWorldOf(strategy)
    world.add('mine')
    await advance(10)
    world.foreign('foreign')
    await advance(200)
    world.unmount()
    await advance(5000)
    expect(world.reads).toHaveLength(1)
    expect(isInvalidated(world, list)).toBe(true)
  })

  it('a mutation that ends while the page is hidden: its fetch waits for the return', async () => {
    const world = await rowsWorldOf(strategy)
    world.add('mine', { onSettled: 'native' })
    await advance(10)
    world.foreign('foreign')
    await advance(200)
    world.hide()
    await advance(5000)
    expect(world.reads).toHaveLength(1)
    world.unhide()
    await advance(1000)
    expect(world.reads).toHaveLength(2)
    expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign,mine'])
  })

  it('the snapshot counts what is held', async () => {
    const world = await rowsWorldOf(strategy)
    expect(world.coalescer.getSnapshot()).not.toHaveProperty('held')
    world.add('mine')
    await advance(10)
    world.foreign('foreign')
    await advance(flushDelayOf(strategy) + 100)
    expect(world.coalescer.getSnapshot()).toMatchObject({ held: 1 })
    await advance(3000)
    expect(world.coalescer.getSnapshot()).not.toHaveProperty('held')
  })

  it('settled() waits for what is held', async () => {
    const world = await rowsWorldOf(strategy)
    world.add('mine')
    await advance(10)
    world.foreign('foreign')
    await advance(400)
    const settled = watchPromise(world.coalescer.settled())
    await advance(100)
    expect([settled.isResolved, world.reads.length]).toEqual([false, 1])
    await advance(3000)
    expect([settled.isResolved, world.reads.length]).toEqual([true, 2])
  })

  it('a slot is not taken by what is held', async () => {
    const world = await rowsWorldOf(strategy, { maxConcurrentRefetches: 1 })
    const other = await world.showLoaded(partners)
    world.add('mine')
    await advance(10)
    world.foreign('foreign')
    void world.coalescer.flush()
    await advance(10)
    world.change(partners)
    await advance(fetchDelayOf(strategy) + 100)
    expect(other.version()).toBe(1)
    await advance(3000)
    expect(world.reads).toHaveLength(2)
  })

  it("whileMutating 'refetch' holds nothing", async () => {
    const world = await rowsWorldOf(strategy, { whileMutating: 'refetch' })
    world.add('mine', { outcome: 'never' })
    await advance(10)
    world.foreign('foreign')
    await advance(fetchDelayOf(strategy) + 150)
    expect(world.screens).toEqual(['a', 'a,mine', 'a,foreign'])
    expect(world.reads).toHaveLength(2)
  })

  it('what the app fetches itself is not held', async () => {
    const world = await rowsWorldOf(strategy)
    world.add('mine')
    await advance(10)
    void world.queryClient.refetchQueries({ queryKey: list })
    await advance(50)
    expect(world.reads).toHaveLength(2)
  })

  it('a fetch of ours that runs when a mutation writes, and cancels nothing, does not land on top', async () => {
    const world = await rowsWorldOf(strategy)
    world.readMs = 300
    world.coalescer.scheduleInvalidate(list)
    await world.untilRead(2)
    world.add('mine', { touches: ['write'], onSettled: 'native' })
    await advance(5000)
    expect(world.screens).toEqual(['a', 'a,mine'])
    expect(world.reads).toHaveLength(3)
  })

  it('a fetch of ours that a mutation cancels leaves its query unmarked, so that nothing else fetches it', async () => {
    const world = await rowsWorldOf(strategy)
    world.readMs = 300
    world.coalescer.scheduleInvalidate(list)
    await world.untilRead(2)
    world.add('mine', { onSettled: 'native' })
    await advance(50)
    expect(isInvalidated(world, list)).toBe(false)
    world.hide()
    world.unhide()
    await advance(5000)
    expect(world.screens).toEqual(['a', 'a,mine'])
    expect(world.reads).toHaveLength(3)
  })

  it('what is held behind a request of the app is not fetched by a focus when that has ended', async () => {
    const world = await rowsWorldOf(strategy)
    world.readMs = 200
    void world.queryClient.refetchQueries({ queryKey: list })
    await advance(10)
    world.add('mine', { touches: ['write'] })
    world.foreign('foreign')
    await advance(300)
    world.hide()
    await advance(50)
    world.unhide()
    await advance(50)
    expect(world.reads).toHaveLength(2)
    await advance(3000)
    expect(world.reads).toHaveLength(3)
    expect(world.screens.at(-1)).toBe('a,foreign,mine')
  })

  it('what the app asks for right after its mutation is one fetch with what was held', async () => {
    const world = await rowsWorldOf(strategy)
    const mutation = new MutationObserver(world.queryClient, {
      mutationFn: () => new Promise<void>((resolve) => setTimeout(resolve, 300)),
      onMutate: () => world.queryClient.setQueryData(list, ['a', 'mine']),
    })
    const asked = mutation.mutate().then(() => world.coalescer.scheduleInvalidate(list, { urgent: true }))
    await advance(10)
    world.foreign('foreign')
    await advance(2000)
    await asked
    expect(world.reads).toHaveLength(2)
  })

  it('mutations that come one after the other leave nothing behind', async () => {
    const world = await rowsWorldOf(strategy)
    for (const row of ['b', 'c', 'd']) {
      world.add(row, { commitMs: 50, onSettled: 'native' })
      await advance(1000)
    }
    expect(world.screens).toEqual(['a', 'a,b', 'a,b,c', 'a,b,c,d'])
    expect(world.reads).toHaveLength(4)
    const atMs = Date.now()
    world.foreign('e')
    await advance(1000)
    expect(world.reads.at(-1)).toBe(atMs + fetchDelayOf(strategy))
  })

  it('a mutation without a mutationFn, or removed while it runs, holds nothing for ever', async () => {
    const world = await rowsWorldOf(strategy)
    const broken = new MutationObserver(world.queryClient, {
      onMutate: () => world.queryClient.setQueryData(list, ['a', 'mine']),
    })
    void broken.mutate().catch(() => undefined)
    world.add('gone', { outcome: 'never' })
    await advance(10)
    world.queryClient.getMutationCache().clear()
    world.foreign('foreign')
    await advance(1000)
    expect(world.reads).toHaveLength(2)
    expect(world.screens.at(-1)).toBe('a,foreign')
  })
})

it.each<[string, () => unknown, string, string]>([
  ['whileMutating', () => createCoalescer({ whileMutating: 'no' as never }), 'whileMutating', "'no'"],
  ['a negative hold', () => createCoalescer({ maxMutationHoldMs: -1 }), 'maxMutationHoldMs', '-1'],
  ['a hold that is NaN', () => createCoalescer({ maxMutationHoldMs: Number.NaN }), 'maxMutationHoldMs', 'NaN'],
])('%s that is bad is refused', (_, create, name, came) => {
  expect(helpOf(create)).toEqual({ error: 'RangeError', name, came })
})
