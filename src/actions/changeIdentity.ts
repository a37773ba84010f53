import { isExact } from './sameValue.ts'
import type { Change } from './types.ts'

const MAX_ROWS = 1_000
const MAX_CHARACTERS = 1_000_000

/**
 * Recognises a change that is equal to the last one of its row. It remembers the last change of the rows seen most
 * recently, as many as fit.
 */
export class RecentChanges {
  /** By row, least recently changed first. */
  readonly #lastOfRow = new Map<string, string>()
  #characters = 0

  /** Notes a change; returns whether it repeats the one before it of the same row. */
  isRepeated(change: Change, primaryKey: readonly string[]): boolean {
    const row = identifyRow(change, primaryKey)
    // Without its row or its commit time, a change cannot be told from another that looks the same.
    if (row === undefined || change.commitTimestamp === null) return false
    const text = describe(change)
    const last = this.#lastOfRow.get(row)
    const isTold = text !== undefined && !hasLostDigits(text, change)
    if (isTold && last !== undefined && isEqual(last, text)) return true
    this.#forget(row, last)
    if (!isTold) return false
    this.#lastOfRow.set(row, text)
    this.#characters += row.length + text.length
    for (const [oldest, itsText] of this.#lastOfRow) {
      if (this.#lastOfRow.size <= MAX_ROWS && this.#characters <= MAX_CHARACTERS) break
      this.#forget(oldest, itsText)
    }
    return false
  }

  #forget(row: string, text: string | undefined): void {
    if (text === undefined) return
    this.#lastOfRow.delete(row)
    this.#characters -= row.length + text.length
  }
}

function identifyRow(change: Change, primaryKey: readonly string[]): string | undefined {
  const row = change.eventType === 'DELETE' ? change.old : change.new
  const values = primaryKey.map((column) => (row as Record<string, unknown>)[column])
  if (values.some((value) => value === undefined || value === null)) return undefined
  return stringify([change.schema, change.table, values])
}

const describe = ({ commitTimestamp, eventType, new: after, old, errors }: Change): string | undefined =>
  stringify([commitTimestamp, eventType, after, old, errors])

/** Integers above 2^53 have lost digits on their way: rows that differ in those alone look the same. */
function hasLostDigits(text: string, { new: after, old }: Change): boolean {
  return /\d{16}|e\+/.test(text) && (isInexact(after) || isInexact(old))
}

function isInexact(value: unknown): boolean {
  if (typeof value === 'number') return !isExact(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(isInexact)
}

/**
 * Whether two changes are equal, in whatever order their columns come. Most are of different commits or lengths, which
 * saves the sorting.
 */
function isEqual(one: string, other: string): boolean {
  if (one === other) return true
  return one.length === other.length && commitOf(one) === commitOf(other) && sorted(one) === sorted(other)
}

const commitOf = (text: string): string => text.slice(0, text.indexOf(','))
const sorted = (text: string): string => stringify(JSON.parse(text), sortProperties) ?? text

const sortProperties = (_: string, value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))

/** `undefined` for what JSON cannot hold, which no row of a feed contains. */
function stringify(value: unknown, replace?: (name: string, value: unknown) => unknown): string | undefined {
  try {
    return JSON.stringify(value, replace)
  } catch {
    return undefined
  }
}
