/**
 * The columns a filter of a feed looks at, as in `'user_id=eq.7,status=in.(open,done)'`: conditions are separated by
 * commas outside of quotes and parentheses.
 */
export function filterColumns(filter: string): string[] {
  return splitConditions(filter).map((condition) => condition.slice(0, Math.max(0, condition.indexOf('='))).trim())
}

/** The conditions of a filter, which commas separate. */
export function splitConditions(filter: string): string[] {
  const conditions: string[] = []
  let start = 0
  let depth = 0
  let isQuoted = false
  for (let at = 0; at < filter.length; at += 1) {
    const character = filter[at]
    if (isQuoted) {
      if (character === '\\') at += 1
      else if (character === '"') isQuoted = false
    } else if (character === '"') isQuoted = true
    else if (character === '(') depth += 1
    else if (character === ')') depth = Math.max(0, depth - 1)
    else if (character === ',' && depth === 0) {
      conditions.push(filter.slice(start, at))
      start = at + 1
    }
  }
  conditions.push(filter.slice(start))
  return conditions
}
