import type { Change } from './types.ts'

/** What a table needs a change to carry for its handler. */
export interface HandlerNeeds {
  readonly primaryKey: readonly string[]
  readonly keyOnlyDeletes: 'catchUp' | 'handle'
  /** The columns the handler reads, if the table tells them. */
  readonly needs: readonly string[] | undefined
}

/** `revealing`: complete, and the first to show that changes taken for complete before it were not. */
export type Completeness = 'complete' | 'revealing' | 'incomplete'

/** As many as a table of Postgres can have. */
const MAX_COLUMNS = 1_600

/** Learns which columns whole rows of one table have, to know a change by what it lacks. */
export class RowShape {
  #columns: ReadonlySet<string> = new Set()
  /** Only an INSERT is sure to have every column: an UPDATE may lack a large one that it left alone. */
  #isWhole = false

  /** Whether a change carries enough for a handler. Truncated, unauthorised and partial ones do not. */
  judge(change: Change, needs: HandlerNeeds): Completeness {
    if (change.errors !== null && change.errors.length > 0) return 'incomplete'
    if (change.eventType === 'DELETE') return this.#isCompleteDelete(change.old, needs) ? 'complete' : 'incomplete'
    const columns = columnsOf(change.new)
    if (columns.length === 0) return 'incomplete'
    const isRevealing = this.#learn(change, columns) && needs.needs === undefined
    const expected = needs.needs ?? [...this.#columns]
    if (!hasAll(change.new, expected)) return 'incomplete'
    return isRevealing ? 'revealing' : 'complete'
  }

  #isCompleteDelete(old: object, { primaryKey, keyOnlyDeletes, needs }: HandlerNeeds): boolean {
    if (keyOnlyDeletes === 'handle' && hasAll(old, primaryKey)) return true
    if (columnsOf(old).every((column) => primaryKey.includes(column))) return false
    // Without the key nobody knows which columns came instead: perhaps those of another index, and no more.
    const expected = needs ?? (this.#columns.size > 0 ? [...this.#columns] : primaryKey)
    return hasAll(old, expected)
  }

  /** Returns whether rows turn out to have more columns than those that were taken for whole. */
  #learn({ eventType, old }: Change, columns: readonly string[]): boolean {
    const wasGuess = !this.#isWhole && this.#columns.size > 0
    const isGrowing = columns.some((column) => !this.#columns.has(column))
    if (eventType === 'INSERT') {
      // Columns that are gone from the table are gone from its INSERTs.
      this.#columns = new Set(columns)
      this.#isWhole = true
    } else {
      const known = new Set([...this.#columns, ...columns, ...columnsOf(old)])
      this.#columns = known.size > MAX_COLUMNS ? new Set(columns) : known
    }
    return wasGuess && isGrowing
  }
}

const hasAll = (row: object, columns: readonly string[]): boolean =>
  columns.every((column) => (row as Record<string, unknown>)[column] !== undefined)

const columnsOf = (row: object): string[] =>
  Object.entries(row).flatMap(([column, value]) => (value === undefined ? [] : [column]))
