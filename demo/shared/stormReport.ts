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

/** The results of one scenario as a table of text, a line for each strategy. */
export function formatScenario(name: ScenarioName, results: readonly ScenarioResult[]): string {
  const direct = results.find(({ strategy }) => strategy === 'direct')
  const head = ['strategy', 'changes', ...Object.values(shortNames), 'requests', 'saved', 'slowest to fresh']
  const rows = results.map((result) => [
    result.strategy,
    String(result.changes),
    ...Object.keys(shortNames).map((endpoint) => String(result.requests[endpoint] ?? 0)),
    String(result.totalRequests),
    formatSaved(result, direct),
    `${result.longestToFreshMs} ms`,
  ])
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const format = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [
    `(${name}) ${scenarios[name].title}`,
    '',
    ...[format(head), rule, ...rows.map(format)].map((line) => `  ${line}`),
    '',
  ].join('\n')
}

function formatSaved(result: ScenarioResult, direct: ScenarioResult | undefined): string {
  if (result.strategy === 'direct') return '–'
  // Without a run of `direct` to compare with, the coalescer's own count is all there is.
  const saved = direct === undefined ? result.fetchesSaved : direct.totalRequests - result.totalRequests
  const share = saved / Math.max(1, result.totalRequests + saved)
  return `${saved} (${Math.round(100 * share)} %)`
}
