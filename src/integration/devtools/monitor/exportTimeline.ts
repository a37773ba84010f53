import type { AnyCoalescer } from '../../query/coalescer.ts'
import { formatValue } from './format.ts'
import type { TimelineEntry } from './timeline.ts'

/** A timeline as JSON, for a bug report. Keys that JSON cannot carry are told as text. */
export function exportTimeline(coalescer: AnyCoalescer, entries: readonly TimelineEntry[]): string {
  const { strategy } = coalescer.actor.getSnapshot().context
  const content = {
    exportedAt: new Date().toISOString(),
    strategy,
    snapshot: coalescer.getSnapshot(),
    timeline: entries.map(({ atMs, ...entry }) => ({ at: new Date(atMs).toISOString(), ...entry })),
  }
  return JSON.stringify(content, (name, value: unknown) => (name === 'queryKey' ? safe(value) : value), 2)
}

function safe(queryKey: unknown): unknown {
  const text = formatValue(queryKey)
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
