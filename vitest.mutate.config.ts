import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

const fastestToKill = ['/test/actions/', '/test/model/', '/test/simulation/']

/** What breaks most mutants runs first, since the first broken test is the last to run. */
class MutantSequencer extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = fastestToKill.findIndex((folder) => moduleId.includes(folder))
      return index < 0 ? fastestToKill.length : index
    }
    return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b)))
  }
}

/** The tests that judge mutants: those of the core, with traces that are the same in every run. */
export default defineConfig({
  ...(base.resolve && { resolve: base.resolve }),
  test: {
    include: ['test/{actions,promises,model,simulation,supabase,integration/feed}/**/*.test.ts'],
    env: { SIMULATION_RUNS: '200', SIMULATION_SEED: '1' },
    testTimeout: 60_000,
    isolate: false,
    sequence: { sequencer: MutantSequencer },
  },
})
