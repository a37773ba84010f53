import type { QueryKey } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { coalescing, worldOf } from './support.ts'

useSimulatedTime()

const goals = ['goals']

describe.each(coalescing)('G10 bounded memory, %s', (strategy) => {
  it('any number of keys is flushed', async () => {
    const world = worldOf(strategy)
    const queryKeys = Array.from({ length: 150_000 }, (_, id): QueryKey => ['goals', id])
    const shown = await world.showLoaded(['goals', 7])
    world.server.write(goals)
    world.coalescer.send({ type: 'INVALIDATE', queryKeys })
    expect(world.coalescer.getSnapshot().pendingKeys).toBe(150_000)
    await advance(1000)
    expect(world.coalescer.getSnapshot().pendingKeys).toBe(0)
    expect(shown.version()).toBe(1)
    expect(world.errors).toEqual([])
  })
})
