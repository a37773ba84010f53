import fc from 'fast-check'
import { expect, it } from 'vitest'
import { endSimulatedTime, startSimulatedTime } from '../support/simulatedTime.ts'
import { BrowserModel, type Scenario, type Step } from './browserModel.ts'

const user = fc.constantFrom('ann', 'ann', 'bob')
const at = fc.nat({ max: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('open' as const), user) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('write' as const), user) },
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constantFrom('close', 'crash', 'freeze', 'suspend', 'thaw', 'thaw', 'show', 'hide', 'drop'),
      at,
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('switch' as const), at, user) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('jump' as const), fc.constantFrom(-86_400_000, -20_000, 20_000, 86_400_000)),
  },
  { weight: 5, arbitrary: fc.tuple(fc.constant('wait' as const), fc.constantFrom(1, 60, 200, 900, 3_000, 12_000)) },
)
const scenario: fc.Arbitrary<Scenario> = fc.record({
  delaysMs: fc.array(fc.constantFrom(0, 1, 20, 80, 300), { minLength: 1, maxLength: 6 }),
  serverMs: fc.array(fc.constantFrom(5, 50, 150), { minLength: 1, maxLength: 4 }),
  feed: fc.constantFrom('changes', 'broadcast'),
})

it('whatever happens to tabs, none is stale, no users are mixed, and each has one connection', async () => {
  const seed = process.env['TABS_SEED']
  const numRuns = Number(process.env['TABS_TRACES'] ?? 300)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), scenario, async (steps, one) => {
      startSimulatedTime()
      const model = new BrowserModel(one)
      try {
        for (const step of [['open', 'ann'], ['open', 'ann'], ...steps] as Step[]) await model.play(step)
        expect(await model.settle()).toEqual([])
      } finally {
        model.end()
        endSimulatedTime()
      }
    }),
    { numRuns, ...(seed && { seed: Number(seed) }) },
  )
}, 600_000)
