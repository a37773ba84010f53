const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone: 'UTC' })

export const formatTime = (isoTime: string): string => time.format(new Date(isoTime))

/** The weekday of a date without a time, such as `2026-11-22`. */
export const formatWeekday = (day: string): string => weekday.format(new Date(`${day}T00:00:00Z`))

export const formatMs = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

/** How many of what `direct` would have made were not made, in percent. */
export const savedPercent = (requests: number, direct: number): number =>
  direct <= 0 ? 0 : Math.max(0, Math.round(100 * (1 - requests / direct)))
