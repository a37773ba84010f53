import type { Wants } from './pendingQueue.ts'
import type { InvalidateEvent, RefetchEvent, RefetchQueryType, RefetchType } from './types.ts'

/** What an INVALIDATE asks for. */
export const invalidateWants: Record<RefetchType, Wants> = {
  active: { markActive: true, markInactive: true, fetchActive: true, fetchInactive: false },
  inactive: { markActive: true, markInactive: true, fetchActive: false, fetchInactive: true },
  all: { markActive: true, markInactive: true, fetchActive: true, fetchInactive: true },
  none: { markActive: true, markInactive: true, fetchActive: false, fetchInactive: false },
}

// A refetch marks what it does not fetch, too: its key has changed, whoever shows it next.
const refetchWants: Record<RefetchQueryType, Wants> = {
  active: invalidateWants.active,
  all: invalidateWants.all,
}

/** What an INVALIDATE or REFETCH asks for. */
export function wantsOf(event: InvalidateEvent | RefetchEvent): Wants {
  return event.type === 'INVALIDATE'
    ? invalidateWants[event.refetchType ?? 'active']
    : refetchWants[event.queryType ?? 'active']
}
