import { buildPage } from '../demo/app/build.ts'
import { servePage } from '../demo/app/serve.ts'
import { type Backend, startBackend } from '../demo/server/backend.ts'
import { type ScenarioName, scenarios } from '../demo/shared/scenarios.ts'
import type { StrategyName } from '../src/index.ts'
import { launchBrowser } from '../test/browser/support/launch.ts'
import { percentile } from './support/measure.ts'
import { type Measured, PixelPage } from './support/pixelPage.ts'
import { report } from './support/results.ts'

const strategies = ['debounce', 'perKey', 'hybrid', 'direct'] as const satisfies readonly StrategyName[]
const scenarioNames = Object.keys(scenarios) as ScenarioName[]
/** A lone change needs more than one run for a percentile. */
const runsOf: Record<ScenarioName, number> = { a: 10, b: 10, c: 1, d: 1 }

const files = await buildPage()
const backend: Backend = await startBackend({ page: servePage(files, () => backend) })
const measured = new Map<string, Measured>()
try {
  const browser = await launchBrowser()
  try {
    // Before its first storm, Postgres is slower than after it.
    const first = await PixelPage.open(backend, browser, 'debounce')
    await first.measure('c', 1)
    await first.close()
    for (const strategy of strategies) {
      const page = await PixelPage.open(backend, browser, strategy)
      for (const scenario of scenarioNames) {
        measured.set(`${scenario} ${strategy}`, await page.measure(scenario, runsOf[scenario]))
      }
      await page.close()
    }
  } finally {
    await browser.close()
  }
} finally {
  await backend.stop()
}

const find = (scenario: ScenarioName, strategy: (typeof strategies)[number]): Measured => {
  const result = measured.get(`${scenario} ${strategy}`)
  if (result === undefined) throw new Error(`Expected (${scenario}) to be measured under ${strategy}, it was not.`)
  return result
}

report({
  values: {
    checkInP50: percentile(find('b', 'debounce').agesMs, 0.5),
    checkInP50Direct: percentile(find('b', 'direct').agesMs, 0.5),
    checkInPaintP50: percentile(find('b', 'debounce').paintsMs, 0.5),
    steadyP50: percentile(find('d', 'debounce').agesMs, 0.5),
    steadyP50Direct: percentile(find('d', 'direct').agesMs, 0.5),
  },
  tables: {
    storms: {
      columns: ['storm', 'strategy', 'changes', 'requests', 'p50 ms to fresh pixels', 'p99 ms', 'longest task ms'],
      rows: scenarioNames.flatMap((scenario) =>
        strategies.map((strategy) => {
          const { changes, requests, agesMs, longestTaskMs } = find(scenario, strategy)
          const runs = runsOf[scenario] > 1 ? `, ${runsOf[scenario]} times` : ''
          return [
            `${scenarios[scenario].title}${runs}`,
            strategy,
            changes,
            requests,
            percentile(agesMs, 0.5),
            percentile(agesMs, 0.99),
            longestTaskMs === 0 ? '–' : Math.round(longestTaskMs),
          ]
        }),
      ),
    },
  },
  goals: [],
})
process.disconnect?.()
