import type { QueryKey } from './types.ts'

/** Timers of JavaScript hold 31 bits: a longer delay would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** How a received value reads in an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 80 ? `${value.slice(0, 80)}…` : value}'`
  if (typeof value === 'function') return `a function`
  if (typeof value !== 'object') return String(value)
  try {
    const text = JSON.stringify(value)
    return text.length > 80 ? `${text.slice(0, 80)}…` : text
  } catch {
    return Object.prototype.toString.call(value)
  }
}

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

export function failType(name: string, expected: string, value: unknown, remedy?: string): never {
  throw new TypeError(
    `Expected \`${name}\` to be ${expected}, got ${show(value)} (${kindOf(value)}).${remedy ? ` ${remedy}` : ''}`,
  )
}

function failRange(name: string, expected: string, got: unknown, remedy: string): never {
  throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${String(got)}. ${remedy}`)
}

export function expectDelay(name: string, value: unknown): number {
  if (typeof value !== 'number')
    failType(name, `a number of milliseconds`, value, `Pass a number from 0 to ${MAX_DELAY_MS}.`)
  if (!(value >= 0 && value <= MAX_DELAY_MS)) {
    const remedy =
      value > MAX_DELAY_MS ? 'Pass a smaller number: longer timers fire at once in JavaScript.' : 'Pass 0 or more.'
    failRange(name, `from 0 to ${MAX_DELAY_MS} milliseconds`, value, remedy)
  }
  return value
}

export function expectCount(name: string, value: unknown, infinite = false): number {
  if (typeof value !== 'number') failType(name, 'a whole number', value, 'Pass a number of at least 1.')
  if (!(value >= 1 && (Number.isInteger(value) || (infinite && value === Infinity)))) {
    failRange(name, `a whole number of at least 1${infinite ? ' or Infinity' : ''}`, value, 'Pass 1 or more.')
  }
  return value
}

export function expectBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') failType(name, 'true or false', value, 'Pass a boolean or leave it out.')
  return value
}

/** A list is no object. */
export function expectObject(name: string, expected: string, value: unknown, remedy: string): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) failType(name, expected, value, remedy)
}

/** A text that is not empty. */
export function expectText(name: string, expected: string, value: unknown, remedy: string): asserts value is string {
  if (typeof value !== 'string' || value === '') failType(name, expected, value, remedy)
}

/** Every one that is given must be a function. */
export function expectFunctions(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) if (value !== undefined) expectFunction(name, value)
}

export function expectFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') failType(name, 'a function', value, 'Pass a function or leave it out.')
}

export function expectOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined) {
    const expected = `one of ${allowed.map((one) => `'${one}'`).join(', ')}`
    const remedy = 'Pass one of those names.'
    if (typeof value === 'string') failRange(name, expected, show(value), remedy)
    failType(name, expected, value, remedy)
  }
  return found
}

export function expectQueryKey(queryKey: unknown, name = 'queryKey'): QueryKey {
  if (!Array.isArray(queryKey)) {
    failType(name, 'an array, as TanStack Query keys are', queryKey, "Wrap it, as in ['goals'].")
  }
  return queryKey as QueryKey
}

export function expectQueryKeys(queryKeys: unknown, name: string): readonly QueryKey[] {
  if (!Array.isArray(queryKeys)) {
    failType(name, 'an array of query keys', queryKeys, "Pass a list of keys, as in [['goals'], ['partners']].")
  }
  for (const queryKey of queryKeys as unknown[]) expectQueryKey(queryKey, `${name}[]`)
  return queryKeys as readonly QueryKey[]
}
