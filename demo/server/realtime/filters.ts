/** One condition of a binding's `filter`, such as `id=eq.7`. */
export interface Filter {
  column: string
  operator: FilterOperator
  isNegated: boolean
  /** For `in`, an array literal: `{a,b}`. */
  value: string
}

const operators = [
  'eq',
  'neq',
  'lt',
  'lte',
  'gt',
  'gte',
  'in',
  'like',
  'ilike',
  'is',
  'match',
  'imatch',
  'isdistinct',
] as const

export type FilterOperator = (typeof operators)[number]

/** Reads `column=op.value` conditions joined by commas (AND). Throws an Error with the real server's text. */
export function parseFilters(text: string): Filter[] {
  const trimmed = text.trim()
  return trimmed === '' ? [] : splitTopLevel(trimmed).map(parseCondition)
}

function parseCondition(segment: string): Filter {
  const condition = segment.trim()
  if (condition === '') throw problem('filter must not contain empty segments (check for extra commas)')
  const [column, rest] = cut(condition, '=')
  if (rest === undefined) throw problem(JSON.stringify([column]))
  const isNegated = rest.startsWith('not.')
  const [operator, value] = cut(isNegated ? rest.slice('not.'.length) : rest, '.')
  if (value === undefined) throw problem(JSON.stringify([operator]))
  if (!isOperator(operator)) throw problem(`[${JSON.stringify(operator)}, ${JSON.stringify(value)}]`)
  return { column, operator, isNegated, value: operator === 'in' ? toArrayLiteral(value) : unquote(value) }
}

function problem(reason: string): Error {
  return new Error(`Error parsing \`filter\` params: ${reason}`)
}

/** `text` before and after the first `separator`. */
function cut(text: string, separator: string): [before: string, after: string | undefined] {
  const index = text.indexOf(separator)
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + separator.length)]
}

function toArrayLiteral(value: string): string {
  const match = /^\((.*)\)$/s.exec(value)
  if (match === null) throw problem('`in` filter value must be wrapped by parentheses')
  return `{${match[1]}}`
}

/** Splits at the commas that are neither quoted nor in parentheses. A quote opens only after `.`, `(` or `,`. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = []
  let start = 0
  let depth = 0
  let isQuoted = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    const previous = index === start ? '' : (text[index - 1] ?? '')
    if (isQuoted && character === '\\') index++
    else if (isQuoted) isQuoted = character !== '"'
    else if (character === '"') isQuoted = previous !== '' && '.(,'.includes(previous)
    else if (character === '(') depth++
    else if (character === ')') depth = Math.max(0, depth - 1)
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function unquote(value: string): string {
  const match = /^"((?:[^"\\]|\\.)*)"$/s.exec(value)
  return match === null ? value : (match[1] ?? '').replaceAll(/\\(.)/gs, '$1')
}

function isOperator(operator: string): operator is FilterOperator {
  return operators.some((known) => known === operator)
}
