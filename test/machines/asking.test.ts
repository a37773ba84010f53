import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { strategyNames } from '../../src/machines/strategies.ts'
import { advance, endSimulatedTime, startSimulatedTime } from '../support/simulatedTime.ts'
import { type World, createWorld } from '../support/world.ts'

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('change' as const), key: fc.nat(2), urgent: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 70 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('hide', 'unhide', 'flush') }) },
)
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

async function take(world: World, one: Step): Promise<void> {
  if ('key' in one) world.change(['goals', one.key], { urgent: one.urgent })
  else if ('ms' in one) await advance(one.ms)
  else if (one.do === 'flush') void world.coalescer.flush()
  else if (one.do === 'hide') world.hide()
  else world.unhide()
}

describe.each(strategyNames)('%s', (strategy) => {
  it.each([false, true])('asks for a flush only if there is one to run, with leading %s', async (leading) => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      startSimulatedTime()
      let asked = 0
      const inspect = (event: InspectionEvent): void => {
        if (event.type === '@xstate.event' && event.event.type === 'DUE') asked += 1
      }
      const world = createWorld({
        strategy,
        quietMs: 50,
        maxWaitMs: 120,
        refetchDelayMs: 40,
        leading,
        inspect,
        endsWithTest: false,
      })
      try {
        await world.showLoaded(['goals', 1])
        for (const one of steps) await take(world, one)
        world.unhide()
        await advance(500)
        expect(asked).toBe(world.flushed.length)
        expect(world.coalescer.getSnapshot()).toMatchObject({ phase: 'idle', pendingKeys: 0, inFlight: 0 })
      } finally {
        world.end()
        endSimulatedTime()
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })
})
