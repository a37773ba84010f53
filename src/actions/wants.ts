import type { InvalidateEvent, RefetchEvent, RefetchType } from './types.ts'

/**
 * Which queries an event asks to fetch, apart for mounted (active) and unmounted (inactive) ones. Each marks whatever it
 * matches: its key has changed, whoever shows it next.
 */
export interface Wants {
  readonly fetchActive: boolean
  readonly fetchInactive: boolean
}

/** What an INVALIDATE or REFETCH asks for, by the queries it says to fetch. */
export const wantsFor: Record<RefetchType, Wants> = {
  active: { fetchActive: true, fetchInactive: false },
  inactive: { fetchActive: false, fetchInactive: true },
  all: { fetchActive: true, fetchInactive: true },
  none: { fetchActive: false, fetchInactive: false },
}

export const wantsOf = (event: InvalidateEvent | RefetchEvent): Wants =>
  wantsFor[(event.type === 'INVALIDATE' ? event.refetchType : event.queryType) ?? 'active']
