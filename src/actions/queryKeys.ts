import type { QueryKey } from './types.ts'

const DEEPEST_KEY = 100
const functionIds = new WeakMap<object, number>()
const symbolIds = new Map<symbol, number>()
let lastId = 0

const identityOf = <T>(ids: { get(key: T): number | undefined; set(key: T, id: number): unknown }, key: T): number => {
  const known = ids.get(key)
  if (known !== undefined) return known
  lastId += 1
  ids.set(key, lastId)
  return lastId
}

/**
 * A string that two keys share exactly if they match the same queries as filters: property order does not count,
 * but `{ a: undefined }` and `{}` differ (the first matches only objects without a defined `a`), and so do `1` and `'1'`.
 *
 * @throws TypeError if the key refers to itself or is nested deeper than 100 levels.
 */
export function identifyKey(queryKey: QueryKey): string {
  let id = ''
  for (let i = 0; i < queryKey.length; i += 1) {
    const part = queryKey[i]
    id += typeof part === 'string' ? encodeText(part) : encode(part, 1)
  }
  return id
}

/** The identity of what a call of the coalesced client counts by: that of no key of an event begins so. */
export const identifyCalled = (id: string): string => `:@${id}`

/** Text ends at its comma, and everything else begins with a colon: few pieces, because each event puts them together. */
const encodeText = (text: string): string =>
  text.includes(',') || text.startsWith(':') ? `:s${text.length}:${text}` : `${text},`

function encode(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return encodeText(value)
    case 'number':
      return `:${value},`
    case 'boolean':
      return value ? ':t' : ':f'
    case 'undefined':
      return ':u'
    case 'bigint':
      return `:b${value},`
    case 'symbol':
      return `:y${identityOf(symbolIds, value)},`
    case 'function':
      return `:c${identityOf(functionIds, value as object)},`
    default:
      return value === null ? ':z' : encodeObject(value as object, depth)
  }
}

/** @throws TypeError if the key refers to itself or is nested deeper than 100 levels, so that nothing can identify it. */
export function expectIdentifiable(queryKey: QueryKey): void {
  for (let i = 0; i < queryKey.length; i += 1) {
    const part = queryKey[i]
    if (typeof part === 'object' && part !== null) expectDepth(part, 1)
  }
}

function expectDepth(value: object, depth: number): void {
  if (depth > DEEPEST_KEY) failDepth()
  for (const part of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    if (typeof part === 'object' && part !== null) expectDepth(part, depth + 1)
  }
}

/** Sorts as `sort()` does, in less time for the few properties a key part has. */
function sortFew(names: string[]): void {
  if (names.length > 12) names.sort()
  else {
    for (let i = 1; i < names.length; i += 1) {
      const name = names[i] as string
      let hole = i
      for (; hole > 0 && (names[hole - 1] as string) > name; hole -= 1) names[hole] = names[hole - 1] as string
      names[hole] = name
    }
  }
}

function encodeObject(value: object, depth: number): string {
  if (depth > DEEPEST_KEY) failDepth()
  if (Array.isArray(value)) {
    let id = ':['
    for (const part of value as unknown[]) id += encode(part, depth + 1)
    return `${id}:]`
  }
  const names = Object.keys(value)
  sortFew(names)
  let id = ':{'
  for (const name of names) {
    id += encodeText(name) + encode((value as Record<string, unknown>)[name], depth + 1)
  }
  return `${id}:}`
}

/**
 * The parts of a key that a hash by JSON cannot tell apart, but a query's own hash function may; empty for keys of
 * plain data. An undefined property is as good as none.
 *
 * @throws TypeError if the key refers to itself or is nested deeper than 100 levels.
 */
export function identifyUnhashed(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return ''
    case 'number':
      return Number.isFinite(value) ? '' : encode(value, depth)
    case 'object':
      break
    default:
      return encode(value, depth)
  }
  if (value === null) return ''
  if (depth > DEEPEST_KEY) failDepth()
  if (value instanceof Map || value instanceof Set) return `m${encode([...value], depth + 1)}`
  if (value instanceof RegExp) return `r${encode(String(value), depth + 1)}`
  let id = ''
  const isArray = Array.isArray(value)
  for (const part of Object.values(value)) {
    if (isArray || part !== undefined) id += identifyUnhashed(part, depth + 1)
  }
  return id
}

const isPlain = (part: object): part is Record<string, unknown> => Object.getPrototypeOf(part) === Object.prototype

/** A copy of a key as it is now: of arrays and plain objects, with anything else as it is. */
export const copyKey = (queryKey: QueryKey): QueryKey => copyParts(queryKey)

// A burst copies thousands: `slice` and a spread take a fraction of the time of `map` and `Object.fromEntries`.
function copyParts(parts: readonly unknown[]): unknown[] {
  const copy = parts.slice()
  for (let i = 0; i < copy.length; i += 1) {
    const part = copy[i]
    if (typeof part === 'object' && part !== null) copy[i] = copyObject(part)
  }
  return copy
}

function copyObject(part: object): object {
  if (Array.isArray(part)) return copyParts(part)
  if (!isPlain(part)) return part
  const copy = { ...part }
  for (const name in copy) {
    const value = copy[name]
    if (typeof value === 'object' && value !== null) copy[name] = copyObject(value)
  }
  return copy
}

/** Whether a key is still what `copyKey` copied, order of properties included. */
export const isAsCopied = (queryKey: QueryKey, copy: QueryKey): boolean => isPartAsCopied(queryKey, copy)

function isPartAsCopied(part: unknown, copy: unknown): boolean {
  if (Object.is(part, copy)) return true
  if (typeof part !== 'object' || part === null || typeof copy !== 'object' || copy === null) return false
  if (Array.isArray(part)) {
    if (!Array.isArray(copy) || part.length !== copy.length) return false
    for (let i = 0; i < part.length; i += 1) if (!isPartAsCopied(part[i], copy[i])) return false
    return true
  }
  if (!isPlain(part) || !isPlain(copy)) return false
  const names = Object.keys(part)
  const copied = Object.keys(copy)
  if (names.length !== copied.length) return false
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i] as string
    if (name !== copied[i] || !isPartAsCopied(part[name], copy[name])) return false
  }
  return true
}

function failDepth(): never {
  throw new TypeError(
    `Expected a query key at most ${DEEPEST_KEY} levels deep, got one that is deeper or refers to itself. Use plain serialisable values as key parts.`,
  )
}
