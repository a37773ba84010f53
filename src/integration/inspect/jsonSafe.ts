const MAX_DEPTH = 6
const MAX_ENTRIES = 30
const MAX_TEXT = 300

/**
 * A small copy of any value that JSON and `postMessage` can carry: no functions, maps, class instances or cycles. What
 * cannot be read is replaced by a note in brackets; nothing here throws.
 */
export function toJsonSafe(value: unknown): unknown {
  return copy(value, 0, [])
}

function copy(value: unknown, depth: number, parents: readonly unknown[]): unknown {
  try {
    switch (typeof value) {
      case 'string':
        return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value
      case 'number':
        return Number.isFinite(value) ? value : String(value)
      case 'bigint':
        return `${value}n`
      case 'function':
        return `[function ${value.name}]`
      case 'symbol':
        return String(value)
      case 'object':
        return value === null ? null : copyObject(value, depth, parents)
      default:
        return value
    }
  } catch {
    return '[unreadable]'
  }
}

function copyObject(value: object, depth: number, parents: readonly unknown[]): unknown {
  if (parents.includes(value)) return '[circular]'
  const within = [...parents, value]
  if (value instanceof Error) return { name: value.name, message: value.message }
  if (value instanceof Map || value instanceof Set) return copy([...value], depth, within)
  if ('toJSON' in value && typeof value.toJSON === 'function') return copy(value.toJSON(), depth + 1, within)
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? '[array]' : '[object]'
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ENTRIES).map((item) => copy(item, depth + 1, within))
    return value.length > MAX_ENTRIES ? [...items, `[${value.length - MAX_ENTRIES} more]`] : items
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor?.name || 'object'}]`
  return copyProperties(value, depth, within)
}

function copyProperties(value: object, depth: number, within: readonly unknown[]): unknown {
  const result: Record<string, unknown> = {}
  const names = Object.keys(value)
  for (const name of names.slice(0, MAX_ENTRIES)) {
    let inner: unknown
    try {
      inner = copy((value as Record<string, unknown>)[name], depth + 1, within)
    } catch {
      inner = '[unreadable]'
    }
    Object.defineProperty(result, name, { value: inner, enumerable: true, configurable: true, writable: true })
  }
  if (names.length > MAX_ENTRIES) result['…'] = `[${names.length - MAX_ENTRIES} more]`
  return result
}
