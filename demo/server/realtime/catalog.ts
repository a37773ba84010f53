import type { Queryable } from '../database/database.ts'

/** A column of a captured table, in the order of the table. */
export interface ColumnInfo {
  name: string
  /** Name as Supabase sends it, such as `int8` or `_text`. */
  type: string
  /** Name to cast to; without a length, so that `character` is one character. */
  castType: string
  isKey: boolean
  /** Part of what an UPDATE or DELETE says of the old row. */
  isIdentity: boolean
  /** Roles that may SELECT the column. */
  readers: string[]
}

/** What the change feed has to know of a table. */
export interface TableInfo {
  relid: number
  schema: string
  name: string
  hasFullIdentity: boolean
  hasRowSecurity: boolean
  columns: ColumnInfo[]
}

/** Keeps the published tables until the schema changes. */
export class Catalog {
  #version = Number.NaN
  #tables: TableInfo[] = []

  /** The published tables as they are now. `version` is that of the schema; it is read when it is not known. */
  async tables(db: Queryable, version?: number): Promise<TableInfo[]> {
    const current = version ?? (await readVersion(db))
    if (current !== this.#version) {
      const rows = await db.query<{ info: TableInfo }>(tablesSql)
      this.#tables = rows.map(({ info }) => info)
    }
    this.#version = current
    return this.#tables
  }
}

async function readVersion(db: Queryable): Promise<number> {
  const rows = await db.query<{ version: number }>('select last_value as version from realtime_outbox.catalog_version')
  return rows[0]?.version ?? Number.NaN
}

/** The names of all roles. */
export async function readRoles(db: Queryable): Promise<Set<string>> {
  const rows = await db.query<{ name: string }>('select rolname as name from pg_roles')
  return new Set(rows.map(({ name }) => name))
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function tableName({ schema, name }: TableInfo): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/** Columns that are generated and not stored are not in the write-ahead log, so they are not in changes either. */
const tablesSql = `
  select jsonb_build_object(
    'relid', class.oid::bigint,
    'schema', namespace.nspname,
    'name', class.relname,
    'hasFullIdentity', class.relreplident = 'f',
    'hasRowSecurity', class.relrowsecurity,
    'columns', (
      select jsonb_agg(jsonb_build_object(
        'name', attribute.attname,
        'type', type.typname,
        'castType', type.oid::regtype::text,
        'isKey', attribute.attnum = any (coalesce(primary_key.columns, '{}')),
        'isIdentity', case class.relreplident
          when 'f' then true
          when 'n' then false
          when 'i' then attribute.attnum = any (coalesce(identity.columns, '{}'))
          else attribute.attnum = any (coalesce(primary_key.columns, '{}'))
        end,
        'readers', (
          select coalesce(jsonb_agg(role.rolname), '[]')
          from pg_roles as role
          where role.rolname not like 'pg\\_%' and has_column_privilege(role.oid, class.oid, attribute.attnum, 'select')
        )
      ) order by attribute.attnum)
      from pg_attribute as attribute
      join pg_type as type on type.oid = attribute.atttypid
      where attribute.attrelid = class.oid
        and attribute.attnum > 0 and not attribute.attisdropped and attribute.attgenerated in ('', 's')
    )
  ) as info
  from pg_publication_tables as published
  join pg_namespace as namespace on namespace.nspname = published.schemaname
  join pg_class as class on class.relnamespace = namespace.oid and class.relname = published.tablename
  left join lateral (
    select array_agg(key) as columns
    from pg_index as index, unnest(index.indkey::smallint[]) as key
    where index.indrelid = class.oid and index.indisprimary
  ) as primary_key on true
  left join lateral (
    select array_agg(key) as columns
    from pg_index as index, unnest(index.indkey::smallint[]) as key
    where index.indrelid = class.oid and index.indisreplident
  ) as identity on true
  where published.pubname = 'supabase_realtime'
`
