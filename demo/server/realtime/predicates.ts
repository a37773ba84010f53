import type { Filter, FilterOperator } from './filters.ts'
import { type ColumnInfo, type TableInfo, quoteIdentifier } from './catalog.ts'

const comparisons: Partial<Record<FilterOperator, string>> = {
  eq: '=',
  neq: '<>',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  like: 'like',
  ilike: 'ilike',
  match: '~',
  imatch: '~*',
}

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
 * Postgres' own; values are those that the changes show, so a filter cannot see what they do not.
 */
export function filtersSql(filters: readonly Filter[], table: TableInfo, params: Params): string {
  return filters.map((filter) => `coalesce((${filterSql(filter, table, params)}), false)`).join(' and ') || 'true'
}

function filterSql({ column, operator, value, isNegated }: Filter, table: TableInfo, params: Params): string {
  const info = table.columns.find(({ name }) => name === column)
  if (info === undefined) {
    throw new Error(`The column ${column} of a filter is gone.`)
  }
  const left = shownSql(info)
  const typed = (suffix = '') => `${params.add(value)}::text::${info.castType}${suffix}`
  const condition = (): string => {
    // The checks of a subscription let nothing but null, true, false and unknown through.
    if (operator === 'is') return `${left} is ${isNegated ? 'not ' : ''}${value}`
    if (operator === 'isdistinct') return `${left} is ${isNegated ? 'not ' : ''}distinct from ${typed()}`
    const sql = operator === 'in' ? `${left} = any (${typed('[]')})` : `${left} ${comparisons[operator]} ${typed()}`
    return isNegated ? `not (${sql})` : sql
  }
  // The text that a change has for an array is no array to Postgres: a filter on it never holds.
  return info.type.startsWith('_') ? `${left} is null and ${condition()}` : condition()
}

/** SQL for a column of `r` as changes show it. */
function shownSql({ name, type, castType }: ColumnInfo): string {
  const column = `r.${quoteIdentifier(name)}`
  switch (type) {
    case 'bytea':
      return `substr(${column}::text, 3)::bytea`
    case 'bit':
    case 'bpchar':
      return `${column}::${castType}`
    case 'float4':
    case 'float8':
    case 'numeric':
      return `case when ${column}::text not in ('NaN', 'Infinity', '-Infinity') then ${column} end`
    default:
      return column
  }
}
