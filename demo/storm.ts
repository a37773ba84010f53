import { parseArgs } from 'node:util'
import type { StrategyName } from 'realtime-coalescer'
import ws from 'ws'
import { environmentManager } from '@tanstack/react-query'
import { type Backend, startBackend } from './server/backend.ts'
import { type FeedName, feedNames } from './shared/feeds.ts'
import { type ScenarioResult, playScenario } from './shared/playScenario.ts'
import { type ClickResult, type ClickWay, echoDelayMs, playClick } from './shared/playClick.ts'
import { type ScenarioName, scenarios } from './shared/scenarios.ts'
import { clickTitle, formatClicks, formatScenario } from './shared/stormReport.ts'
import { strategyNames } from './shared/strategies.ts'

const usage = `Plays storms of database changes against the demo's backend, under each strategy.

  npm run storm                                          everything
  npm run storm -- --scenario a --strategy debounce      only these; both can be given more than once
  npm run storm -- --feed broadcast                      also through Broadcast, beside postgres_changes
  npm run storm -- --poll-interval-ms 500                changes are read in polls, as the real server does; 0 at once
  npm run storm -- --json                                results as JSON on standard output

Scenarios: ${Object.entries(scenarios)
  .map(([name, { title }]) => `\n  ${name}  ${title}`)
  .join('')}
  click  ${clickTitle}, beside plain TanStack Query
Strategies: ${strategyNames.join(', ')}
`

type ChoiceName = ScenarioName | 'click'
const choiceNames: readonly ChoiceName[] = [...(Object.keys(scenarios) as ScenarioName[]), 'click']

interface Choice {
  scenarioNames: ChoiceName[]
  strategies: StrategyName[]
  feeds: readonly FeedName[]
  pollIntervalMs: number
  isJson: boolean
}

function readArguments(): Choice | undefined {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', multiple: true },
      strategy: { type: 'string', multiple: true },
      feed: { type: 'string' },
      'poll-interval-ms': { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  return {
    scenarioNames: choose('scenario', choiceNames, values.scenario),
    strategies: choose('strategy', strategyNames, values.strategy),
    feeds: chooseFeeds(values.feed),
    pollIntervalMs: readInterval(values['poll-interval-ms']),
    isJson: values.json,
  }
}

/** The names asked for, in their usual order; all of them when none was. */
function choose<Name extends string>(option: string, names: readonly Name[], asked: readonly string[] = names): Name[] {
  const unknown = asked.find((name) => !names.some((known) => known === name))
  if (unknown !== undefined) {
    throw new RangeError(`Expected --${option} to be one of ${names.join(', ')}, got \`${unknown}\`.`)
  }
  return names.filter((name) => asked.includes(name))
}

/** `postgres_changes`, and what was asked for beside it. */
function chooseFeeds(asked: string = 'postgres_changes'): readonly FeedName[] {
  const [feed] = choose('feed', feedNames, [asked])
  return feedNames.slice(0, 1 + feedNames.indexOf(feed ?? 'postgres_changes'))
}

function readInterval(text: string): number {
  const intervalMs = Number(text)
  if (text.trim() !== '' && intervalMs >= 0 && intervalMs <= 10_000) return intervalMs
  throw new RangeError(`Expected --poll-interval-ms to be a number from 0 to 10000, got \`${text}\`.`)
}

/** One line on standard error that is written over; nothing where it is not a terminal. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[2K${text}`)
}

const titleOf = (name: ChoiceName): string => (name === 'click' ? clickTitle : scenarios[name].title)

/** One click in each way, with the changes it leads to as late as on a busy project. */
async function playClicks(backend: Backend, ways: readonly ClickWay[], progress: (what: string) => void) {
  const results: ClickResult[] = []
  backend.api.setLatencyMs(scenarios.b.latencyMs)
  backend.realtime.faults.set({ deliveryDelayMs: echoDelayMs })
  try {
    for (const way of ways) {
      progress(way)
      // Node 20 has no WebSocket of its own; the client takes the `ws` package's.
      results.push(await playClick(backend, way, { transport: ws as unknown as typeof WebSocket }))
    }
  } finally {
    backend.realtime.faults.set({ deliveryDelayMs: 0 })
  }
  return results
}

async function main({ scenarioNames, strategies, feeds, pollIntervalMs, isJson }: Choice): Promise<void> {
  // Query core takes Node for a server, where it would neither retry nor collect garbage.
  environmentManager.setIsServer(() => false)
  showProgress('Starting Postgres, the API and the realtime server …')
  const backend = await startBackend({ timing: { pollIntervalMs } })
  process.once('SIGINT', () => void backend.stop().finally(() => process.exit(130)))
  const all: (ScenarioResult | ClickResult)[] = []
  try {
    for (const name of scenarioNames) {
      const progress = (what: string): void => showProgress(`(${name}) ${titleOf(name)}: ${what} …`)
      let report: string
      if (name === 'click') {
        const results = await playClicks(backend, ['plain', ...strategies], progress)
        all.push(...results)
        report = formatClicks(results)
      } else {
        const results: ScenarioResult[] = []
        for (const strategy of strategies) {
          for (const feed of feeds) {
            progress(`${strategy}, ${feed}`)
            results.push(await playScenario(backend, name, strategy, feed))
          }
        }
        all.push(...results)
        report = formatScenario(name, results)
      }
      showProgress('')
      if (!isJson) console.log(report)
    }
    if (isJson) console.log(JSON.stringify(all, undefined, 2))
  } finally {
    showProgress('')
    await backend.stop()
  }
}

try {
  const choice = readArguments()
  if (choice === undefined) console.log(usage)
  else await main(choice)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
// supabase-js waits ten seconds for answers to the leaves of channels whose socket is gone.
process.stdout.write('', () => process.exit())
