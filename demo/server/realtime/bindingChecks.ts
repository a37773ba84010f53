import type { Queryable } from '../database/database.ts'
import type { Binding } from './bindings.ts'
import type { ColumnInfo, TableInfo } from './catalog.ts'
import type { Filter } from './filters.ts'

const maxListLength = 100
/** What is stored of a subscription is indexed, and an entry of the index is not larger than this. */
const maxIndexedBytes = 2704
const isWords: readonly string[] = ['null', 'true', 'false', 'unknown']

/** Checks what `binding` asks of a table for a role. Throws an Error with the text of the real server. */
export async function checkBinding(db: Queryable, binding: Binding, table: TableInfo, role: string): Promise<void> {
  const { filters, select } = binding
  const readable = (column: string) =>
    table.columns.find(({ name, readers }) => name === column && readers.includes(role))
  for (const filter of filters) {
    const column = readable(filter.column)
    if (column === undefined) throw raised(`invalid column for filter ${filter.column}`)
    await checkFilter(db, filter, column)
  }
  const badColumn = select?.find((column) => readable(column) === undefined)
  if (badColumn !== undefined) throw raised(`invalid column for select ${badColumn}`)
  const size = filters.reduce((sum, { column, value }) => sum + Buffer.byteLength(column) + Buffer.byteLength(value), 0)
  if (size > maxIndexedBytes) {
    throw new Error(
      `ERROR 54000 (program_limit_exceeded) index row size ${size} exceeds btree version 4 maximum ${maxIndexedBytes}`,
    )
  }
}

async function checkFilter(db: Queryable, { operator, value }: Filter, { castType }: ColumnInfo): Promise<void> {
  const operatorExists = async (name: string, isSameOnBothSides: boolean) => {
    const right = isSameOnBothSides ? 'and oprright = oprleft' : ''
    const rows = await db.query(
      `select from pg_operator where oprname = $1 and oprleft = $2::text::regtype ${right} limit 1`,
      [name, castType],
    )
    return rows.length > 0
  }
  const noText = `operator ${operator} requires a text-compatible column type, got ${castType}`
  switch (operator) {
    case 'in': {
      const rows = await db.query<{ length: number }>(
        `select coalesce(array_length($1::text::${castType}[], 1), 0) as length`,
        [value],
      )
      if ((rows[0]?.length ?? 0) > maxListLength) {
        throw raised(`too many values for \`in\` filter. Maximum ${maxListLength}`)
      }
      return
    }
    case 'is':
      if (!isWords.includes(value)) {
        throw raised('invalid value for is filter: must be null, true, false, or unknown')
      }
      if (value !== 'null' && castType !== 'boolean') {
        throw raised(`is ${value} filter requires a boolean column, got ${castType}`)
      }
      return
    case 'like':
    case 'ilike':
      if (!(await operatorExists('~~', false))) throw raised(noText)
      return
    case 'match':
    case 'imatch':
      if (!(await operatorExists(operator === 'imatch' ? '~*' : '~', true))) throw raised(noText)
      await db.query(`select '' ~ $1::text`, [value]).catch((error: Error) => {
        throw raised(`invalid regular expression for ${operator} filter: ${error.message}`)
      })
      return
    default:
      await db.query(`select $1::text::${castType}`, [value])
  }
}

export function raised(message: string): Error {
  return new Error(`ERROR P0001 (raise_exception) ${message}`)
}
