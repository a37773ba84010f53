import { parseArgs } from 'node:util'
import type { StrategyName } from 'realtime-coalescer'
import { environmentManager } from '@tanstack/react-query'
import { startBackend } from './server/backend.ts'
import { type FeedName, feedNames } from './shared/feeds.ts'
import { type ScenarioResult, playScenario } from './shared/playScenario.ts'
import { type ScenarioName, scenarios } from './shared/scenarios.ts'
import { formatScenario } from './shared/stormReport.ts'
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
Strategies: ${strategyNames.join(', ')}
`

interface Choice {
  scenarioNames: ScenarioName[]
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
    scenarioNames: choose('scenario', Object.keys(scenarios) as ScenarioName[], values.scenario),
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

async function main({ scenarioNames, strategies, feeds, pollIntervalMs, isJson }: Choice): Promise<void> {
  // Query core takes Node for a server, where it would neither retry nor collect garbage.
  environmentManager.setIsServer(() => false)
  showProgress('Starting Postgres, the API and the realtime server …')
  const backend = await startBackend({ timing: { pollIntervalMs } })
  process.once('SIGINT', () => void backend.stop().finally(() => process.exit(130)))
  const plays = strategies.flatMap((strategy) => feeds.map((feed) => ({ strategy, feed })))
  const all: ScenarioResult[] = []
  try {
    for (const name of scenarioNames) {
      const results: ScenarioResult[] = []
      for (const { strategy, feed } of plays) {
        showProgress(
          `(${name}) ${scenarios[name].title}: ${strategy}, ${feed}, ${all.length + 1} of ${scenarioNames.length * plays.length} …`,
        )
        const result = await playScenario(backend, name, strategy, feed)
        results.push(result)
        all.push(result)
      }
      showProgress('')
      if (!isJson) console.log(formatScenario(name, results))
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
