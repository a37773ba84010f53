import { scenarios } from '../../demo/shared/scenarios.ts'
import { clickTitle } from '../../demo/shared/stormReport.ts'
import type { ClickResult } from '../../demo/shared/playClick.ts'
import type { ScenarioResult } from '../../demo/shared/playScenario.ts'

export type StormResults = readonly ScenarioResult[]
export type AllResults = readonly (ScenarioResult | ClickResult)[]

export const stormsOf = (results: AllResults): StormResults => results.filter((result) => result.scenario !== 'click')
const clicksOf = (results: AllResults): ClickResult[] => results.filter((result) => result.scenario === 'click')

const shown = ['direct', 'debounce', 'adaptive'] as const

const namesOf = (results: StormResults) => [...new Set(results.map(({ scenario }) => scenario))]

function requestsOf(results: StormResults, scenario: string, strategy: string): number {
  const result = results.find((one) => one.scenario === scenario && one.strategy === strategy)
  if (!result) throw new Error(`Expected a result of scenario (${scenario}) under ${strategy}, found none.`)
  return result.totalRequests
}

/** Requests of each scenario under `direct`, the default strategy and `adaptive`, as bars on one scale per scenario. */
export function drawStorm(results: StormResults): string {
  const width = 960
  const left = 400
  const rowHeight = 84
  const names = namesOf(results)
  const height = 66 + names.length * rowHeight
  const rows = names.flatMap((scenario, index) => {
    const top = 58 + index * rowHeight
    const most = Math.max(...shown.map((strategy) => requestsOf(results, scenario, strategy)))
    const bars = shown.flatMap((strategy, bar) => {
      const requests = requestsOf(results, scenario, strategy)
      const length = Math.max(3, Math.round((requests / most) * (width - left - 70)))
      const y = top + bar * 22
      return [
        `<rect class="${strategy}" x="${left}" y="${y}" width="${length}" height="18" rx="3"/>`,
        `<text x="${left + length + 8}" y="${y + 14}">${requests}</text>`,
      ]
    })
    return [`<text class="title" x="${left - 16}" y="${top + 36}">${scenarios[scenario].title}</text>`, ...bars]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Requests per storm: direct, debounce and adaptive">`,
    '<style>',
    'text { font: 14px system-ui, sans-serif; fill: #333 } .title { text-anchor: end } .legend { font-size: 13px }',
    '.direct { fill: #d1495b } .debounce { fill: #2a7f62 } .adaptive { fill: #2d6da3 }',
    '@media (prefers-color-scheme: dark) { text { fill: #ddd }',
    '.direct { fill: #ef7587 } .debounce { fill: #5cc9a3 } .adaptive { fill: #6db3ee } }',
    '</style>',
    `<rect class="direct" x="${left}" y="16" width="14" height="14" rx="3"/>`,
    `<text class="legend" x="${left + 20}" y="28">requests, when each change refetches at once</text>`,
    `<rect class="debounce" x="${left + 345}" y="16" width="14" height="14" rx="3"/>`,
    `<text class="legend" x="${left + 365}" y="28">debounce</text>`,
    `<rect class="adaptive" x="${left + 445}" y="16" width="14" height="14" rx="3"/>`,
    `<text class="legend" x="${left + 465}" y="28">adaptive</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

/** Requests of each scenario under each strategy, as a table for a page. */
export function describeStorm(results: StormResults): string {
  const strategies = [...new Set(results.map(({ strategy }) => strategy))]
  const rows = namesOf(results).map((scenario) => {
    const changes = results.find((one) => one.scenario === scenario)?.changes
    const counts = strategies.map((strategy) => requestsOf(results, scenario, strategy))
    return [scenarios[scenario].title, changes, ...counts]
  })
  return [
    line(['requests', 'row events', ...strategies.map((name) => `\`${name}\``)]),
    line(['---', ...[0, ...strategies].map(() => '---:')]),
    ...rows.map(line),
  ].join('\n')
}

/** Requests of one click in each way, as a table for a page. */
export function describeClicks(results: AllResults): string {
  const clicks = clicksOf(results)
  const head = clicks.map(({ way }) => (way === 'plain' ? 'plain TanStack Query' : `\`${way}\``))
  return [
    line(['requests per click', ...head]),
    line(['---', ...head.map(() => '---:')]),
    line([clickTitle, ...clicks.map(({ totalRequests }) => totalRequests)]),
  ].join('\n')
}

const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`

/** A page with the tables of the results between their marks. */
export function insertTables(page: string, results: AllResults): string {
  return insert(insert(page, 'storm', describeStorm(stormsOf(results))), 'click', describeClicks(results))
}

function insert(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  if (!page.includes(begin) || !page.includes(end))
    throw new Error(`Expected the marks ${begin} and ${end} in the page.`)
  const [before, rest] = [page.slice(0, page.indexOf(begin)), page.slice(page.indexOf(end))]
  return `${before}${begin}\n\n${table}\n\n${rest}`
}
