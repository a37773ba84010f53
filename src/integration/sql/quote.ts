/** Names in Postgres hold 63 bytes; it would cut off a longer one, and so take two for one. */
const MAX_NAME_BYTES = 63

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const quoteText = (text: string): string =>
  text.includes('\\') ? ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`

/** Wraps the body of a function, whatever it contains. */
export function quoteBody(body: string): string {
  let tag = '$body$'
  for (let n = 1; body.includes(tag); n += 1) tag = `$body${n}$`
  return `${tag}\n${body}\n${tag}`
}

export const isTooLong = (name: string): boolean => new TextEncoder().encode(name).length > MAX_NAME_BYTES

/** A name that Postgres takes whole, and different for different names. */
export function shorten(name: string): string {
  if (!isTooLong(name)) return name
  let hash = 2_166_136_261
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619)
  let start = name
  while (isTooLong(`${start}~00000000`)) start = [...start].slice(0, -1).join('')
  return `${start}~${(hash >>> 0).toString(16).padStart(8, '0')}`
}
