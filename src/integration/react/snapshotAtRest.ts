import type { CoalescerSnapshot } from '../query/coalescer.ts'
import { Counters } from '../query/fetches/counters.ts'

/** The snapshot of a coalescer that has had nothing to do yet. */
export const snapshotAtRest = <Name extends string>(
  strategy: CoalescerSnapshot<Name>['strategy'],
): CoalescerSnapshot<Name> => ({
  strategy,
  phase: 'idle',
  pendingKeys: 0,
  inFlight: 0,
  stats: new Counters().stats(0),
})
