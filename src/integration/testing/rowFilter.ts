import { splitConditions } from '../../actions/feedFilter.ts'
import { failType } from '../../actions/validate.ts'
import type { TestRow } from './testServer.ts'

const condition = /^(?<column>\w+)=(?<operator>eq|neq|lt|lte|gt|gte|in)\.(?<value>.*)$/

const unquote = (text: string): string => text.trim().replace(/^"(.*)"$/, '$1')

/** Numbers are compared as numbers, everything else as text. */
function compare(left: unknown, right: string): number {
  if (typeof left === 'number') return left - Number(right)
  return String(left) < right ? -1 : String(left) > right ? 1 : 0
}

const operators: Readonly<Record<string, (left: unknown, right: string) => boolean>> = {
  eq: (left, right) => String(left) === unquote(right),
  neq: (left, right) => String(left) !== unquote(right),
  lt: (left, right) => compare(left, right) < 0,
  lte: (left, right) => compare(left, right) <= 0,
  gt: (left, right) => compare(left, right) > 0,
  gte: (left, right) => compare(left, right) >= 0,
  in: (left, right) =>
    right
      .replace(/^\(|\)$/g, '')
      .split(',')
      .map(unquote)
      .includes(String(left)),
}

/**
 * Whether a row passes a filter of `postgres_changes`. A column that is not there, or is null, passes none.
 *
 * @throws TypeError for a condition the test feed does not know.
 */
export function passesFilter(filter: string, row: TestRow): boolean {
  return splitConditions(filter).every((text) => {
    const {
      column = '',
      operator = '',
      value = '',
    } = condition.exec(text.trim())?.groups ??
    failType('filter', 'conditions with eq, neq, lt, lte, gt, gte or in', text, 'The test feed knows no others.')
    const left = row[column] ?? undefined
    return left !== undefined && operators[operator]?.(left, value) === true
  })
}
