import type { InvalidateEvent, RefetchEvent, RefetchType } from './types.ts'

/** What an event asks for, apart for mounted (active) and unmounted (inactive) queries. */
export interface Wants {
  readonly markActive: boolean
  readonly markInactive: boolean
  readonly fetchActive: boolean
  readonly fetchInactive: boolean
}

/**
 * What an INVALIDATE or REFETCH asks for, by the queries it says to fetch. Both mark whatever they match: its key has
 * changed, whoever shows it next.
 */
export const wantsFor: Record<RefetchType, Wants> = {
  active: { markActive: true, markInactive: true, fetchActive: true, fetchInactive: false },
  inactive: { markActive: true, markInactive: true, fetchActive: false, fetchInactive: true },
  all: { markActive: true, markInactive: true, fetchActive: true, fetchInactive: true },
  none: { markActive: true, markInactive: true, fetchActive: false, fetchInactive: false },
}

export const wantsOf = (event: InvalidateEvent | RefetchEvent): Wants =>
  wantsFor[(event.type === 'INVALIDATE' ? event.refetchType : event.queryType) ?? 'active']
