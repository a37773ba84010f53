/** A value as JSON has it, and what JSON has no word for. */
function readable(_name: string, value: unknown): unknown {
  if (value instanceof Map) return { Map: [...value] }
  if (value instanceof Set) return { Set: [...value] }
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The same text for data that show the same, whatever the order of their properties. */
export const hashData = (data: unknown): string => JSON.stringify([data], readable)
