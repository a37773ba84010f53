import { failType } from '../../actions/validate.ts'
import type { TestRow } from './testServer.ts'

/** The columns of the primary key of each table whose key is not `id` alone. */
export type TestPrimaryKeys = Readonly<Record<string, readonly string[]>>

/**
 * What is written to a table: a row to insert or update, or the `id` of one to delete, which is the value of its primary
 * key, or an object with the columns of it.
 */
export type TestCommit =
  | { readonly table: string; readonly row: TestRow; readonly id?: undefined }
  | { readonly table: string; readonly id: unknown; readonly row?: undefined }

const byDefault: readonly string[] = ['id']

export const primaryKeyOf = (keys: TestPrimaryKeys, table: string): readonly string[] => keys[table] ?? byDefault

/** Whether it may be in a primary key. */
const isValue = (value: unknown): boolean => value !== undefined && value !== null

const isRow = (value: unknown): value is TestRow => typeof value === 'object' && value !== null

/** The rows of one table, by their primary key. */
export class TableRows {
  readonly #table: string
  readonly #primaryKey: readonly string[]
  #rows = new Map<string, TestRow>()

  constructor(table: string, primaryKey: readonly string[], rows: readonly TestRow[]) {
    this.#table = table
    this.#primaryKey = primaryKey
    if (!Array.isArray(primaryKey) || primaryKey.length === 0) {
      failType(`primaryKey.${table}`, 'names of columns', primaryKey, 'Name the columns of the key, or leave it out.')
    }
    if (!Array.isArray(rows)) failType(`rows.${table}`, 'a list of rows', rows, 'Pass [] for none.')
    for (const row of rows) {
      if (this.find(this.keyOf(row))) {
        failType(`rows.${table}`, `rows of which each has its own ${this.#columns}`, row, 'There is one like it.')
      }
      this.put(row)
    }
  }

  get all(): readonly TestRow[] {
    return [...this.#rows.values()]
  }

  /** The columns of a row's primary key. */
  keyOf(row: TestRow): TestRow {
    const missing = this.#primaryKey.find((column) => !isRow(row) || !isValue(row[column]))
    if (missing !== undefined) {
      failType('row', `a row of ${this.#table} with ${this.#columns}`, row, `Give it the column \`${missing}\`.`)
    }
    return Object.fromEntries(this.#primaryKey.map((column) => [column, row[column]]))
  }

  /** The key that an id stands for: the value of its only column, or an object with all of them. */
  keyFrom(id: unknown): TestRow {
    const [column, ...others] = this.#primaryKey
    if (isRow(id) && this.#primaryKey.every((one) => isValue(id[one]))) return this.keyOf(id)
    if (column !== undefined && others.length === 0 && isValue(id) && !isRow(id)) return { [column]: id }
    return failType('id', `an object with ${this.#columns}`, id, `That is the primary key of ${this.#table}.`)
  }

  find(key: TestRow): TestRow | undefined {
    return this.#rows.get(this.#hash(key))
  }

  put(row: TestRow): void {
    this.#rows.set(this.#hash(this.keyOf(row)), row)
  }

  delete(key: TestRow): void {
    this.#rows.delete(this.#hash(key))
  }

  /** Remembers the rows as they are now; returns what brings them back. */
  remember(): () => void {
    const before = new Map(this.#rows)
    return () => {
      this.#rows = before
    }
  }

  get #columns(): string {
    return this.#primaryKey.map((column) => `\`${column}\``).join(' and ')
  }

  #hash(key: TestRow): string {
    return JSON.stringify(this.#primaryKey.map((column) => `${typeof key[column]} ${String(key[column])}`))
  }
}
