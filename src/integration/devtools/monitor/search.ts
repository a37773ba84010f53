import { causeTexts } from './causes.ts'
import { formatValue } from './format.ts'
import type { TimelineEntry } from './timeline.ts'

/** What the timeline can be narrowed to. */
export const kinds = ['all', 'flushes', 'other requests', 'failures', 'feed'] as const
export type Kind = (typeof kinds)[number]

const typesOf: Readonly<Record<Exclude<Kind, 'all'>, readonly TimelineEntry['type'][]>> = {
  flushes: ['flush', 'switch'],
  'other requests': ['requests'],
  failures: ['failure'],
  feed: ['feed'],
}

const texts = new WeakMap<TimelineEntry, string>()

/** The entries of a kind that hold all words of a search. */
export function findEntries(entries: readonly TimelineEntry[], kind: Kind, search: string): readonly TimelineEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (kind === 'all' && words.length === 0) return entries
  return entries.filter((entry) => {
    if (kind !== 'all' && !typesOf[kind].includes(entry.type)) return false
    if (words.length === 0) return true
    const text = textOf(entry)
    return words.every((word) => text.includes(word))
  })
}

function textOf(entry: TimelineEntry): string {
  let text = texts.get(entry)
  if (text === undefined) texts.set(entry, (text = writeText(entry).toLowerCase()))
  return text
}

function writeText(entry: TimelineEntry): string {
  switch (entry.type) {
    case 'flush': {
      const keys = [...entry.keys, ...entry.fetches].map(({ queryKey }) => formatValue(queryKey))
      const sources = entry.keys.flatMap((key) => key.sources.map(({ source }) => source))
      const states = entry.fetches.map(({ state }) => state)
      return [entry.reason, ...keys, ...entry.marked.map(formatValue), ...sources, ...states, entry.gap].join(' ')
    }
    case 'requests': {
      const { name, text } = causeTexts[entry.cause]
      return [name, text, ...entry.requests.map((one) => `${formatValue(one.queryKey)} ${one.state} ${one.note}`)].join(
        ' ',
      )
    }
    case 'switch':
      return `switch ${entry.from} ${entry.to}`
    case 'failure':
      return `failed ${entry.what} ${entry.message}`
    case 'feed':
      return entry.text
  }
}
