import type { CoalescerSnapshot } from '../query/coalescer.ts'

/** The snapshot of a coalescer that has had nothing to do yet. */
export const snapshotAtRest = <Name extends string>(
  strategy: CoalescerSnapshot<Name>['strategy'],
): CoalescerSnapshot<Name> => ({
  strategy,
  phase: 'idle',
  pendingKeys: 0,
  inFlight: 0,
  stats: {
    eventsReceived: 0,
    flushes: 0,
    fetchesStarted: 0,
    fetchesSaved: 0,
    fetchesFailed: 0,
    longestWaitMs: 0,
  },
})
