import { readExactTime } from './commitTime.ts'

/** Whether a response and a feed tell the same value of a column, each in its own way; `false` in doubt. */
export function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return typeof one !== 'number' || isExact(one)
  if (one === null || other === null) return false
  if (typeof one === 'object' && typeof other === 'object') return isSameJson(one, other)
  if (typeof one === 'object' || typeof other === 'object') return false
  if (typeof one === 'string' && typeof other === 'string') return isSameBytes(one, other) || isSameTime(one, other)
  const decimal = readDecimal(one)
  return decimal !== undefined && decimal === readDecimal(other)
}

/** A response tells bytes with the prefix that `postgres_changes` leaves out. */
const isSameBytes = (one: string, other: string): boolean => /^\\x(?:[\da-f]{2})*$/.test(one) && one === `\\x${other}`

function isSameTime(one: string, other: string): boolean {
  const oneTime = readExactTime(one)
  const otherTime = readExactTime(other)
  return (
    oneTime !== undefined &&
    otherTime !== undefined &&
    oneTime.hasOffset === otherTime.hasOffset &&
    oneTime.text === otherTime.text
  )
}

function isSameJson(one: object, other: object): boolean {
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  return names.every((name) => {
    const [value, otherValue] = [one, other].map((from) => (from as Record<string, unknown>)[name])
    if (typeof value !== 'object' || typeof otherValue !== 'object' || value === null || otherValue === null) {
      return value === otherValue && Object.hasOwn(other, name) && (typeof value !== 'number' || isExact(value))
    }
    return isSameJson(value, otherValue)
  })
}

/** Larger integers have lost digits on their way, and may be others. */
export const isExact = (value: number): boolean => !Number.isInteger(value) || Number.isSafeInteger(value)

/** A number, or a text of one, without the zeros that make no difference. */
function readDecimal(value: unknown): string | undefined {
  if (typeof value === 'number' && !isExact(value)) return undefined
  if (typeof value !== 'number' && typeof value !== 'string' && typeof value !== 'bigint') return undefined
  const [, sign, whole, fraction = ''] = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(String(value)) ?? []
  if (whole === undefined) return undefined
  return fraction === '' ? `${whole === '0' ? '' : sign}${whole}` : `${sign}${whole}.${fraction}`
}
