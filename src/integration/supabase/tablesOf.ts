import type { RowOf, TableOptions } from './options.ts'

type TablesOfSchema<Database, Schema extends keyof Database> = Database[Schema] extends {
  readonly Tables: infer Tables
}
  ? Tables
  : never

/**
 * What `tables` must be for every table of a schema to be answered or named as ignored. Write it behind `satisfies`:
 * the compiler then asks for an answer when a migration adds a table to the generated `Database` type, and for the
 * removal of an answer when one goes. A table that is both answered and ignored, or ignored and not there, is an error.
 *
 * `Database` is the type that `supabase gen types` writes; `Ignored` the tables whose changes no query shows, by default
 * none; `Schema` the schema of the tables, by default `'public'`.
 */
export type TablesOf<
  Database,
  Ignored extends keyof TablesOfSchema<Database, Schema> = never,
  Schema extends keyof Database = 'public' & keyof Database,
> = {
  readonly [Table in Exclude<keyof TablesOfSchema<Database, Schema>, Ignored>]: TableOptions<
    RowOf<TablesOfSchema<Database, Schema>[Table]>
  >
}
