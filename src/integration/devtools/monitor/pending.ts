import type { AnyCoalescer } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import type { ArrivalCounter, Arrived } from './arrivals.ts'
import { formatValue } from './format.ts'
import { MAX_DETAILS } from './timeline.ts'

/** A key or buffered change that waits for a flush. */
export interface PendingItem extends Arrived {
  readonly text: string
  readonly events: number
  /** How long its first event has waited, in milliseconds. */
  readonly ageMs: number
}

/** A query whose fetch waits for a mutation. */
export interface HeldItem {
  readonly text: string
  readonly waitsFor: string
}

export interface PendingView {
  readonly held: readonly HeldItem[]
  readonly count: number
  /** The oldest of them. */
  readonly items: readonly PendingItem[]
}

/** What waits for a flush now. */
export function readPending(coalescer: AnyCoalescer, arrivals: ArrivalCounter): PendingView {
  const { pending, held, now } = internalsOf(coalescer)
  const items: PendingItem[] = []
  for (const key of pending.keys.values()) {
    if (items.length === MAX_DETAILS) break
    const { queryKey, events, firstAtMs } = key
    const { sources } = arrivals.of(key)
    items.push({ text: formatValue(queryKey), events, sources, ageMs: now() - firstAtMs })
  }
  for (const { change, atMs } of pending.changes) {
    if (items.length === MAX_DETAILS) break
    const text = `${change.table}:${change.eventType} (handler not run yet)`
    items.push({ text, events: 1, sources: [], ageMs: now() - atMs })
  }
  const heldItems = held()
    .slice(0, MAX_DETAILS)
    .map(({ queryKey, mutationKeys }) => ({
      text: formatValue(queryKey),
      waitsFor: mutationKeys.map((key) => (key ? formatValue(key) : 'without a key')).join(', '),
    }))
  return { held: heldItems, count: pending.size, items }
}
