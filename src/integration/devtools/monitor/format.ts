/** Beyond this, a value is no key any more: nobody reads on. */
const MAX_LENGTH = 4000

/** Shows any value on one line; never throws, whatever the value holds. */
export function formatValue(value: unknown): string {
  if (value === undefined) return 'undefined'
  const seen = new Set<unknown>()
  const replace = (_key: string, inner: unknown): unknown => {
    if (typeof inner === 'bigint') return `${inner}n`
    if (typeof inner === 'function') return `[function ${inner.name || 'anonymous'}]`
    if (typeof inner === 'symbol') return String(inner)
    if (inner === undefined) return null
    if (inner instanceof Map) return [...inner]
    if (inner instanceof Set) return [...inner]
    if (typeof inner === 'object' && inner !== null) {
      if (seen.has(inner)) return '[seen above]'
      seen.add(inner)
    }
    return inner
  }
  let text: string
  try {
    text = JSON.stringify(value, replace) ?? String(value)
  } catch {
    text = '[unreadable]'
  }
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text
}

/** A message for whatever was thrown. */
export function formatError(error: unknown): string {
  try {
    return error instanceof Error ? error.message : formatValue(error)
  } catch {
    return '[unreadable]'
  }
}

/** Milliseconds as people read them. */
export function formatMs(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** A moment of today, as the reader's clock shows it. */
export function formatTime(atMs: number): string {
  const at = new Date(atMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const ms = String(at.getMilliseconds()).padStart(3, '0')
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`
}

/** A number of things: `1 key`, `2 keys`. */
export const formatCount = (n: number, noun: string, plural = `${noun}s`): string => `${n} ${n === 1 ? noun : plural}`
