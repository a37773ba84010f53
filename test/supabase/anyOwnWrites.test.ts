import fc from 'fast-check'
import type { StrategyName } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { advance, endSimulatedTime, startSimulatedTime } from '../support/simulatedTime.ts'
import { type OwnWrite, type RowWrite, type Step, OwnModel } from './ownModel.ts'

const strategies: readonly StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'adaptive', 'direct']
const numRuns = Number(process.env['OWN_TRACES'] ?? 20)

const rowWrite: fc.Arbitrary<RowWrite> = fc.record({
  table: fc.constantFrom('goals', 'partners', 'audits'),
  id: fc.constantFrom(1, 2),
  title: fc.constantFrom('a', 'a', 'a', 'b', undefined),
})
const rows = fc
  .uniqueArray(rowWrite, { minLength: 1, maxLength: 3, selector: ({ table, id }) => `${table} ${id}` })
  .map((written) => written as [RowWrite, ...RowWrite[]])
const delayMs = fc.constantFrom(0, 20, 50, 120, 300, 700)
const ownWrite = (delivery: fc.Arbitrary<OwnWrite['delivery']>): fc.Arbitrary<OwnWrite> =>
  fc.record({
    rows,
    triggersFirst: fc.boolean(),
    commitMs: fc.constantFrom(0, 20, 60),
    answerMs: fc.constantFrom(0, 20, 150),
    delivery,
    optimistic: fc.boolean(),
    returning: fc.constantFrom(true, true, true, false),
  })
const delivered = fc.record({ delayMs, times: fc.constantFrom<(0 | 1 | 2)[]>(1, 1, 2) })
const deliveredOrLost = fc.oneof(
  { weight: 3, arbitrary: delivered },
  { arbitrary: fc.record({ delayMs, times: fc.constant<0>(0) }), weight: 1 },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('own' as const), ownWrite(deliveredOrLost)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('foreign' as const), rows, delivered) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('wait' as const), fc.constantFrom(0, 1, 30, 100, 200, 400, 1_200)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('gap' as const), fc.constantFrom(10, 300, 1_000)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('refetch' as const), fc.constantFrom('goals', 'partners')) },
  { weight: 1, arbitrary: fc.constantFrom<Step[]>(['flush'], ['settle']) },
)

async function playing(create: () => OwnModel, play: (model: OwnModel) => Promise<void>): Promise<void> {
  startSimulatedTime()
  const model = create()
  try {
    await model.start()
    await play(model)
  } finally {
    model.end()
    endSimulatedTime()
  }
}

/** What is stale wherever the steps settle. */
async function staleAfter(create: () => OwnModel, steps: readonly Step[]): Promise<string[]> {
  const stale: string[] = []
  await playing(create, async (model) => {
    for (const one of [...steps, ['settle'] as const]) {
      await model.play(one)
      if (one[0] === 'settle') stale.push(...model.stale())
    }
  })
  return stale
}

/** What is stale, or has been fetched more or less than once, after each write. */
async function surprisesOf(create: () => OwnModel, clicks: readonly OwnWrite[]): Promise<string[]> {
  const surprises: string[] = []
  await playing(create, async (model) => {
    for (const click of clicks) {
      const touched = new Set(['home', ...click.rows.map((row) => row.table)])
      const before = new Map(model.requests())
      const returned = model.click(click)
      await advance(8_000)
      surprises.push(...model.stale())
      // Of a write that has changed no row nothing is told.
      if ((await returned) === 0) continue
      for (const [name, count] of model.requests()) {
        const requests = count - (before.get(name) ?? 0)
        if (requests !== Number(touched.has(name))) surprises.push(`${requests} requests for ${name}`)
      }
    }
  })
  return surprises
}

describe.each(strategies)('own writes beside those of others under %s', (strategy) => {
  it('no change of anybody is swallowed', async () => {
    const skewMs = fc.constantFrom(0, 3_600_000)
    const steps = fc.array(step, { minLength: 2, maxLength: 14 })
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), skewMs, async (played, tellsOld, skew) => {
        expect(await staleAfter(() => new OwnModel(strategy, tellsOld, skew), played)).toEqual([])
      }),
      { numRuns },
    )
  })

  it('a write whose echo comes costs its own fetch', async () => {
    const click = ownWrite(delivered).map((write): OwnWrite => ({
      ...write,
      // What comes before the echo has flushed by then under a strategy that waits for nothing.
      triggersFirst: write.triggersFirst && strategy !== 'direct',
      optimistic: true,
      returning: true,
    }))
    await fc.assert(
      fc.asyncProperty(fc.array(click, { minLength: 1, maxLength: 4 }), async (clicks) => {
        expect(await surprisesOf(() => new OwnModel(strategy, true, 0), clicks)).toEqual([])
      }),
      { numRuns },
    )
  })
})
