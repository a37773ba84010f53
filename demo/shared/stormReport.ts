import { type ClickResult, echoDelayMs } from './playClick.ts'
import type { ScenarioResult } from './playScenario.ts'
import { type ScenarioName, scenarios } from './scenarios.ts'

const shortNames: Record<string, string> = {
  'GET /api/daily-motivations/today': 'motivation',
  'GET /api/goals': 'goals',
  'GET /api/check-ins': 'check-ins',
  'GET /api/partners': 'partners',
  'GET /api/home-dashboard': 'dashboard',
  'GET /api/analytics': 'analytics',
  'GET /api/daily-summaries/today': 'summary',
}

export const clickTitle = `One optimistic check-in, its changes ${echoDelayMs} ms late`

/** What one click costs in each way, as a table of text. */
export function formatClicks(results: readonly ClickResult[]): string {
  return formatTable(
    `(click) ${clickTitle}`,
    1,
    ['', 'changes', ...Object.values(shortNames), 'requests per click', 'the goal shows'],
    results.map(({ way, changes, requests, totalRequests, shown }) => [
      way === 'plain' ? 'plain TanStack Query' : way,
      String(changes),
      ...Object.keys(shortNames).map((endpoint) => String(requests[endpoint] ?? 0)),
      String(totalRequests),
      shown.join(' → '),
    ]),
  )
}

/** The results of one scenario as a table of text, a line for each strategy and feed. */
export function formatScenario(name: ScenarioName, results: readonly ScenarioResult[]): string {
  const directOf = ({ feed }: ScenarioResult) =>
    results.find((result) => result.strategy === 'direct' && result.feed === feed)
  const head = [
    'strategy',
    'feed',
    'changes',
    ...Object.values(shortNames),
    'requests',
    'saved',
    'median to fresh',
    'slowest',
  ]
  const rows = results.map((result) => [
    result.strategy,
    result.feed,
    String(result.changes),
    ...Object.keys(shortNames).map((endpoint) => String(result.requests[endpoint] ?? 0)),
    String(result.totalRequests),
    formatSaved(result, directOf(result)),
    `${result.medianToFreshMs} ms`,
    `${result.longestToFreshMs} ms`,
  ])
  return formatTable(`(${name}) ${scenarios[name].title}`, 2, head, rows)
}

function formatTable(
  title: string,
  textColumns: number,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const format = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column < textColumns ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [title, '', ...[format(head), rule, ...rows.map(format)].map((line) => `  ${line}`), ''].join('\n')
}

function formatSaved(result: ScenarioResult, direct: ScenarioResult | undefined): string {
  if (result.strategy === 'direct') return '–'
  // Without a run of `direct` to compare with, the coalescer's own count is all there is.
  const saved = direct === undefined ? result.fetchesSaved : direct.totalRequests - result.totalRequests
  const share = saved / Math.max(1, result.totalRequests + saved)
  return `${saved} (${Math.round(100 * share)} %)`
}
