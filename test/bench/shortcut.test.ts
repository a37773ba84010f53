import type { InspectionEvent } from 'xstate'
import { describe, expect, it } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { createWorld } from '../support/world.ts'

useSimulatedTime()

describe('an invalidation that an open window would only note', () => {
  it('counts for its query, its options and its source like the one that opened the window', async () => {
    const world = createWorld()
    await world.showLoaded(['goals', 1])
    world.change(['goals', 2], { source: 'first' })
    world.change(['goals', 1], { exact: true, source: 'second' })
    world.change(['goals', 1], { exact: true, source: 'third' })
    await advance(1000)
    expect(world.flushed).toMatchObject([
      {
        reason: 'quiet',
        fetched: ['["goals",1]'],
        keys: [
          { queryKey: ['goals', 2], events: 1, sources: ['first'] },
          { queryKey: ['goals', 1], events: 2, sources: ['second', 'third'] },
        ],
      },
    ])
    expect(world.coalescer.getSnapshot().stats.eventsReceived).toBe(3)
  })

  it.each([
    [{ exact: 'yes' }, TypeError],
    [{ urgent: 1 }, TypeError],
    [{ refetchType: 'some' }, RangeError],
    [{ source: 7 }, TypeError],
  ])('is refused with bad options %j, and changes nothing', (options, error) => {
    const world = createWorld()
    world.coalescer.scheduleInvalidate(['goals'])
    const before = world.coalescer.getSnapshot()
    expect(() => world.coalescer.scheduleInvalidate(['goals'], options as never)).toThrow(error)
    expect(world.coalescer.getSnapshot()).toBe(before)
  })

  it('is refused with a key that refers to itself, and changes nothing', () => {
    const world = createWorld()
    const key: unknown[] = ['goals']
    key.push(key)
    world.coalescer.scheduleInvalidate(['goals'])
    const before = world.coalescer.getSnapshot()
    expect(() => world.coalescer.scheduleInvalidate(key)).toThrow(TypeError)
    expect(world.coalescer.getSnapshot()).toBe(before)
  })

  it('flushes at once when it is urgent', async () => {
    const world = createWorld()
    world.coalescer.scheduleInvalidate(['goals'])
    world.coalescer.scheduleInvalidate(['goals'], { urgent: true })
    await advance(0)
    expect(world.flushed.map(({ reason }) => reason)).toEqual(['urgent'])
  })

  it('is sent to the actor like any other while an inspector watches', () => {
    const sent: unknown[] = []
    const inspect = (event: InspectionEvent): void => {
      if (event.type === '@xstate.event' && event.event.type === 'INVALIDATE') sent.push(event.event)
    }
    const world = createWorld({ inspect })
    for (let i = 0; i < 5; i += 1) world.coalescer.scheduleInvalidate(['goals', i])
    expect(sent).toMatchObject([0, 1, 2, 3, 4].map((i) => ({ queryKeys: [['goals', i]] })))
  })
})
