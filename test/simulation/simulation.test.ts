import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runTrace } from './run.ts'
import { traces } from './trace.ts'

const numRuns = Number(process.env['SIMULATION_RUNS'] ?? 1000)
const seed = process.env['SIMULATION_SEED']

it(
  'leaves no stale data on screen, loses no event and starts no needless fetch, whatever happens',
  async () => {
    const details = await fc.check(fc.asyncProperty(traces(40), runTrace), {
      numRuns,
      ...(seed !== undefined && { seed: Number(seed) }),
    })
    expect(details.failed && describeFailure(details)).toBe(false)
  },
  60_000 + numRuns * 200,
)

/** What was broken, the smallest trace that breaks it, and how to run it again. */
function describeFailure({ counterexample, errorInstance, seed: failedSeed, numRuns: run }: Failure): string {
  return [
    String(errorInstance),
    `The smallest trace, ready for regressions.test.ts: ${fc.stringify(counterexample?.[0])}`,
    `Again: SIMULATION_SEED=${failedSeed} SIMULATION_RUNS=${run} npx vitest run test/simulation`,
  ].join('\n')
}

type Failure = Pick<fc.RunDetails<[unknown]>, 'counterexample' | 'errorInstance' | 'seed' | 'numRuns'>
