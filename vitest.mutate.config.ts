import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

const first = [
  '/test/machines/edges.',
  '/test/supabase/connection.',
  // After files that import everything: what a test itself imports first would be taken for code that this test runs.
  '/test/machines/loading.',
  '/test/machines/',
  '/test/simulation/regressions.',
  '/test/promises/strategies.',
  '/test/supabase/catchUp.',
  '/test/actions/',
  // It checks that nothing is left listening, which tests before it in the same process might have left.
  '/test/simulation/',
]

/** What breaks most mutants in the least time runs first, since the first broken test is the last to run. */
class MutantSequencer extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const isIn = (part: string): boolean => moduleId.includes(part)
      return first.some(isIn) ? first.findIndex(isIn) : first.length
    }
    return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1)))
  }
}

/** Tests that would take seconds for every mutant that survives. Without them the score can only be lower. */
const slow = [
  'promises/g04-alive',
  'promises/g10-memory',
  'promises/g10-memory.size',
  'promises/g11-gentle.timing',
  'promises/g12-saved',
  'supabase/anyFaults',
  'supabase/routing',
].map((name) => `test/${name}.test.ts`)

/** The tests that judge mutants: those of the core, with traces that are the same in every run. */
export default defineConfig({
  ...(base.resolve && { resolve: base.resolve }),
  test: {
    include: [
      'test/{actions,machines,promises,simulation,supabase}/**/*.test.ts',
      'test/bench/{shortcut,yielding}.test.ts',
    ],
    exclude: slow,
    setupFiles: ['test/support/fixedSeed.ts'],
    env: {
      SIMULATION_RUNS: '100',
      SIMULATION_SEED: '1',
      // The other strategies are judged by tests of their own, and by the simulation.
      PROMISE_STRATEGIES: process.env['PROMISE_STRATEGIES'] ?? 'hybrid,perKey,direct',
    },
    testTimeout: 60_000,
    isolate: false,
    sequence: { sequencer: MutantSequencer },
  },
})
