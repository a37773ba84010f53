import type { Filter, FilterOperator } from './filters.ts'
import { type TableInfo, quoteIdentifier } from './catalog.ts'

const comparisons: Partial<Record<FilterOperator, string>> = {
  eq: '=',
  neq: '<>',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  isdistinct: 'is distinct from',
}

const patterns: Partial<Record<FilterOperator, string>> = { like: 'like', ilike: 'ilike', match: '~', imatch: '~*' }

/** Collects the parameters of one statement; values never become part of the SQL text. */
export class Params {
  readonly values: unknown[] = []

  add(value: unknown): string {
    this.values.push(value)
    return `$${this.values.length}`
  }
}

/**
 * SQL that is true for the rows (alias `r`, of the table's row type) that pass all `filters`. Operators and casts are
 * Postgres' own, so a filter means the same as in a query.
 */
export function filtersSql(filters: readonly Filter[], table: TableInfo, params: Params): string {
  return filters.map((filter) => `(${filterSql(filter, table, params)})`).join(' and ') || 'true'
}

function filterSql({ column, operator, values, isNegated }: Filter, table: TableInfo, params: Params): string {
  const info = table.columns.find(({ name }) => name === column)
  if (info === undefined) {
    throw new Error(`The column ${column} of a filter is gone.`)
  }
  const left = `r.${quoteIdentifier(column)}`
  const [value = ''] = values
  const typed = (text: string) => `${params.add(text)}::text::${info.castType}`
  const sql = (): string => {
    if (operator === 'in') return `${left} in (${values.map(typed).join(', ')})`
    // The parser lets nothing but null, true, false and unknown through.
    if (operator === 'is') return `${left} is ${value}`
    if (operator === 'isdistinct' && value === 'null') return `${left} is not null`
    const pattern = patterns[operator]
    return pattern === undefined
      ? `${left} ${comparisons[operator]} ${typed(value)}`
      : `${left} ${pattern} ${params.add(value)}::text`
  }
  return isNegated ? `not (${sql()})` : sql()
}

/** SQL that fails for a pattern Postgres cannot use; a pattern is otherwise only read when a row meets it. */
export function patternChecksSql(filters: readonly Filter[], params: Params): string[] {
  return filters.flatMap(({ operator, values }) => {
    const pattern = patterns[operator]
    return pattern === undefined ? [] : [`'x' ${pattern} ${params.add(values[0])}::text`]
  })
}
