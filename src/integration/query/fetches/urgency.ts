import { type Entry, wantedAt } from './way.ts'

const isOnScreen = ({ query }: Entry): number => (query.observers.length === 0 ? 0 : 1)

/** What is on screen first, then what was asked for last. */
const compareUrgency = (a: Entry, b: Entry): number => isOnScreen(b) - isOnScreen(a) || wantedAt(b) - wantedAt(a)

export const byUrgency = (entries: Iterable<Entry>): Entry[] => [...entries].sort(compareUrgency)

/** The most urgent entry of those left, each time: one look at all is less than sorting all for a few free slots. */
export function* eachMostUrgent(entries: ReadonlySet<Entry>): Generator<Entry> {
  for (;;) {
    let urgent: Entry | undefined
    for (const entry of entries) if (!urgent || compareUrgency(entry, urgent) < 0) urgent = entry
    if (!urgent) return
    yield urgent
    if (entries.has(urgent)) return
  }
}
