import type { Goal, Results, Table } from './results.ts'

const isNumeric = (cell: string | number): boolean => typeof cell === 'number' || cell === '–' || cell === '∞'

const show = (cell: string | number): string => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)

/** A table in Markdown, padded so that it reads in a terminal too. */
export function renderTable({ columns, rows }: Table): string {
  const right = columns.map((_, column) => rows.length > 0 && rows.every((row) => isNumeric(row[column] ?? '')))
  const cells = [columns, ...rows.map((row) => row.map(show))]
  const widths = columns.map((_, column) => Math.max(3, ...cells.map((row) => String(row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (right[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, column) => (right[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [line(cells[0] as string[]), line(rule), ...cells.slice(1).map((row) => line(row as string[]))].join('\n')
}

export const goalsTable = (goals: readonly Goal[]): Table => ({
  columns: ['goal', 'target', 'measured', 'met'],
  rows: goals.map(({ goal, target, measured, met }) => [goal, target, measured, met ? 'yes' : '**no**']),
})

/** What a mark such as `intake.tables.bursts` or `flush.values.loopSpeedup` stands for. */
export function lookUp(results: Results, mark: string): string | undefined {
  const { cpu, cores, node } = results.machine
  if (mark === 'machine') return `${cores} cores of ${cpu}, Node ${node}`
  const [bench = '', kind, name = ''] = mark.split('.')
  if (bench === 'all' && kind === 'goals') {
    return renderTable(goalsTable(Object.values(results.benches).flatMap(({ goals }) => goals)))
  }
  const result = results.benches[bench]
  if (kind === 'goals') return result && renderTable(goalsTable(result.goals))
  if (kind === 'tables') return result?.tables[name] && renderTable(result.tables[name])
  const value = result?.values[name]
  return value === undefined ? undefined : show(value)
}

const MARKED = /<!-- bench:([\w.-]+) -->([\s\S]*?)<!-- \/bench -->/g

/** Every marked piece of a document: `<!-- bench:mark -->shown<!-- /bench -->`. */
export const findMarks = (document: string): { mark: string; shown: string }[] =>
  [...document.matchAll(MARKED)].map(([, mark = '', shown = '']) => ({ mark, shown }))

/** The document with every marked piece as the results have it. */
export const fillMarks = (document: string, results: Results): string =>
  document.replace(MARKED, (whole, mark: string) => {
    const shown = lookUp(results, mark)
    if (shown === undefined) return whole
    const block = shown.includes('\n') ? `\n\n${shown}\n\n` : shown
    return `<!-- bench:${mark} -->${block}<!-- /bench -->`
  })
