import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PlanCost, bestPlan, fewestAt, fewestFetches } from '../../bench/support/optimum.ts'

const changes = fc
  .array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 })
  .map((times) => times.toSorted((a, b) => a - b))
const timing = fc.record({ maxWaitMs: fc.integer({ min: 0, max: 6 }), latencyMs: fc.integer({ min: 1, max: 5 }) })

/** What every plan costs that starts its fetches at whole milliseconds. */
function everyPlan(changesAtMs: readonly number[], maxWaitMs: number, latencyMs: number): PlanCost[] {
  const plans: PlanCost[] = []
  const extend = (startedAtMs: number, plan: PlanCost): void => {
    const firstAtMs = changesAtMs.find((atMs) => atMs > startedAtMs)
    if (firstAtMs === undefined) {
      plans.push(plan)
      return
    }
    const freeAtMs = Math.max(0, startedAtMs + latencyMs)
    const lastMs = firstAtMs + Math.max(maxWaitMs, latencyMs)
    for (let atMs = Math.max(firstAtMs, freeAtMs); atMs <= lastMs; atMs += 1) {
      const delayMs = changesAtMs
        .filter((changedAtMs) => changedAtMs > startedAtMs && changedAtMs <= atMs)
        .reduce((sum, changedAtMs) => sum + atMs + latencyMs - changedAtMs, plan.delayMs)
      extend(atMs, { requests: plan.requests + 1, delayMs })
    }
  }
  extend(-Infinity, { requests: 0, delayMs: 0 })
  return plans
}

describe('the best plan of one query', () => {
  it('costs what the cheapest of all plans costs, at any price', () => {
    fc.assert(
      fc.property(
        changes,
        timing,
        fc.integer({ min: 0, max: 30 }),
        (changesAtMs, { maxWaitMs, latencyMs }, priceMs) => {
          const costOf = ({ requests, delayMs }: PlanCost): number => priceMs * requests + delayMs
          const cheapest = Math.min(...everyPlan(changesAtMs, maxWaitMs, latencyMs).map(costOf))
          expect(costOf(bestPlan(changesAtMs, { maxWaitMs, latencyMs, priceMs }))).toBe(cheapest)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('makes the fewest fetches when requests are dear', () => {
    fc.assert(
      fc.property(changes, timing, (changesAtMs, { maxWaitMs, latencyMs }) => {
        const { requests } = bestPlan(changesAtMs, { maxWaitMs, latencyMs, priceMs: 1e12 })
        expect(requests).toBe(fewestFetches(changesAtMs, Math.max(maxWaitMs, latencyMs), latencyMs))
      }),
    )
  })
})

describe('the fewest requests that can be as fresh', () => {
  it('are no more than those of any plan, and those of the cheapest plan at each price', () => {
    fc.assert(
      fc.property(changes, timing, fc.integer({ min: 0, max: 30 }), (changesAtMs, times, priceMs) => {
        for (const { requests, delayMs } of everyPlan(changesAtMs, times.maxWaitMs, times.latencyMs)) {
          expect(fewestAt([changesAtMs], times, delayMs)).toBeLessThanOrEqual(requests + 1e-9)
        }
        const best = bestPlan(changesAtMs, { ...times, priceMs: priceMs + 0.5 })
        expect(fewestAt([changesAtMs], times, best.delayMs)).toBeCloseTo(best.requests)
      }),
    )
  })

  it('add up over queries', () => {
    const fewest = (delayMs: number): number =>
      fewestAt([[0], [0, 300, 2000]], { maxWaitMs: 1000, latencyMs: 100 }, delayMs)
    expect(fewest(100 + 400 + 100 + 100)).toBe(3)
    expect(fewest(100 + 250 + 100 + 100)).toBe(3.5)
    expect(fewest(4 * 100)).toBe(4)
  })
})
