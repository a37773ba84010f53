import type { Containment } from '../../../actions/containment.ts'
import { type Entry, forgetCause } from './way.ts'
import type { Ways } from './ways.ts'

interface Resettable {
  readonly ways: Ways
  /** Drops everything that is owed. */
  forget(): void
  /** Has the request that is running leave its query marked when it ends. */
  noteMark(entry: Entry, seq: number): void
}

/**
 * Cancels the fetches in flight. What was marked stale stays so, and what is owed a fetch becomes it:
 * old data never passes for fresh.
 */
export function resetFetches(fetches: Resettable, containment: Containment): void {
  const { ways } = fetches
  const running = [...ways.running]
  const owing = [...running, ...ways.queued, ...ways.held, ...ways.unseen]
  const older = [...ways.noted].map((entry) => ({ entry, markSeq: entry.notes?.markSeq ?? 0 }))
  fetches.forget()
  for (const entry of running) {
    const { query } = entry
    forgetCause(entry)
    containment.run(() => void query.cancel({ revert: true }).catch(() => undefined), query)
  }
  for (const { query } of owing) containment.run(() => query.invalidate(), query)
  // A request of the app's that is older than its event ends later, and clears the mark.
  for (const { entry, markSeq } of older) fetches.noteMark(entry, markSeq)
}
