/** One condition of a binding's `filter`, such as `id=eq.7`. */
export interface Filter {
  column: string
  operator: FilterOperator
  isNegated: boolean
  /** One value, or the list of `in`. */
  values: string[]
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

const isWords: readonly string[] = ['null', 'true', 'false', 'unknown']

/** Reads `column=op.value` conditions joined by commas (AND). Throws an Error with the reason. */
export function parseFilters(text: string): Filter[] {
  return text === '' ? [] : splitTopLevel(text).map(parseCondition)
}

function parseCondition(condition: string): Filter {
  const match = /^([^=]+)=(not\.)?([a-z]+)\.(.*)$/s.exec(condition.trim())
  const [, column, negation, operator, value] = match ?? []
  if (column === undefined || value === undefined || !isOperator(operator)) {
    throw new Error(`Error parsing \`filter\` params: ${JSON.stringify([condition])}`)
  }
  const values = operator === 'in' ? parseList(value) : [unquote(value)]
  if (operator === 'is' && !isWords.includes(values[0] ?? '')) {
    throw new Error(`Error parsing \`filter\` params: ${JSON.stringify([condition])}`)
  }
  return { column: column.trim(), operator, isNegated: negation !== undefined, values }
}

function parseList(value: string): string[] {
  const match = /^\((.*)\)$/s.exec(value)
  if (match === null) throw new Error(`Error parsing \`filter\` params: ${JSON.stringify([value])}`)
  return splitTopLevel(match[1] ?? '').map(unquote)
}

/** Splits at the commas that are neither quoted nor in parentheses. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = []
  let start = 0
  let depth = 0
  let isQuoted = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (isQuoted && character === '\\') index++
    else if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function unquote(value: string): string {
  const match = /^"(.*)"$/s.exec(value)
  return match === null ? value : (match[1] ?? '').replaceAll(/\\(.)/gs, '$1')
}

function isOperator(operator: string | undefined): operator is FilterOperator {
  return operators.some((known) => known === operator)
}
