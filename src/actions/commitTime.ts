const timestamp = /^(\d{4,}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/

/** A point in time at full precision. `text` sorts as the times do; of one without an offset only others without compare. */
export interface ExactTime {
  readonly text: string
  readonly hasOffset: boolean
}

/** Reads a timestamp as Postgres, PostgREST or a feed writes it; `undefined` for anything else. */
export function readExactTime(value: string): ExactTime | undefined {
  const [, date, time, fraction = '', offset] = timestamp.exec(value) ?? []
  if (date === undefined || time === undefined) return undefined
  const zone = offset === undefined || offset === 'Z' ? 'Z' : offset.length === 3 ? `${offset}:00` : withColon(offset)
  const seconds = Date.parse(`${date}T${time}${zone}`) / 1_000
  // Before 1970 the digits of negative seconds would sort backwards.
  if (!(seconds >= 0)) return undefined
  return {
    text: `${String(seconds).padStart(14, '0')}.${fraction.padEnd(12, '0')}`,
    hasOffset: offset !== undefined,
  }
}

const withColon = (offset: string): string =>
  offset.includes(':') ? offset : `${offset.slice(0, 3)}:${offset.slice(3)}`

/** The commit time of a change in a form that sorts as the times do; `undefined` if none is told. */
export const sortableCommitTime = (commitTimestamp: string | null): string | undefined =>
  commitTimestamp === null ? undefined : readExactTime(commitTimestamp)?.text
