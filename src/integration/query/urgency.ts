import type { QueryRecord } from './ledger.ts'

const isOnScreen = ({ query }: QueryRecord): number => (query.observers.length === 0 ? 0 : 1)

/** What is on screen first, then what was asked for last. */
const compareUrgency = (a: QueryRecord, b: QueryRecord): number =>
  isOnScreen(b) - isOnScreen(a) || b.wantedAt - a.wantedAt

export const byUrgency = (records: Iterable<QueryRecord>): QueryRecord[] => [...records].sort(compareUrgency)

/** The most urgent record of those left, each time: one look at all is less than sorting all for a few free slots. */
export function* eachMostUrgent(records: ReadonlySet<QueryRecord>): Generator<QueryRecord> {
  for (;;) {
    let urgent: QueryRecord | undefined
    for (const record of records) if (!urgent || compareUrgency(record, urgent) < 0) urgent = record
    if (!urgent) return
    yield urgent
    if (records.has(urgent)) return
  }
}
