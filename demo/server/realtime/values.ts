import type { ColumnInfo } from './catalog.ts'

/** Bytes of row JSON above which a change is sent without its big values. */
export const maxRowBytes = 1_048_576

const maxValueBytes = 64

/**
 * SQL for the JSON object of `columns` out of `row` (SQL of type jsonb, made by `to_jsonb`), with values as Supabase
 * sends them: bytea without its `\x`, numbers that JSON does not have as null, `char(n)` and `bit(n)` cut to one character.
 */
export function recordSql(row: string, columns: readonly ColumnInfo[]): string {
  const fields = columns.map((column) => {
    const name = quoteLiteral(column.name)
    const value = valueSql(`(${row} -> ${name})`, column.type)
    return `case when ${row} ? ${name} then jsonb_build_object(${name}, ${value}) else '{}' end`
  })
  return fields.length === 0 ? `'{}'::jsonb` : `(${fields.join(' || ')})`
}

/** SQL for what is left of a record that is too large: its small values. */
export function smallValuesSql(record: string): string {
  return `(
    select coalesce(jsonb_object_agg(field.key, field.value), '{}')
    from jsonb_each(${record}) as field
    where jsonb_typeof(field.value) <> 'null' and octet_length(field.value::text) <= ${maxValueBytes}
  )`
}

function valueSql(value: string, type: string): string {
  switch (type) {
    case 'bytea':
      return `substr(${value} #>> '{}', 3)`
    case 'bit':
    case 'bpchar':
      return `left(${value} #>> '{}', 1)`
    case 'float4':
    case 'float8':
    case 'numeric':
      return `case when jsonb_typeof(${value}) = 'number' then ${value} end`
    default:
      return value
  }
}

function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
