'use client'
import { shallowEqual, useSelector } from '@xstate/react'
import { useMemo, useSyncExternalStore } from 'react'
import { failType } from '../../actions/validate.ts'
import type { Coalescer, CoalescerSnapshot } from '../query/coalescer.ts'
import { snapshotAtRest } from './snapshotAtRest.ts'
import { useCoalescer } from './useCoalescer.ts'

/** A coalescer in the shape that `useSelector` reads. */
const toStore = (coalescer: Coalescer) => ({
  getSnapshot: coalescer.getSnapshot,
  subscribe: (observer: { next?: (snapshot: CoalescerSnapshot) => void }) => ({
    unsubscribe: coalescer.subscribe(() => observer.next?.(coalescer.getSnapshot())),
  }),
})

/** A coalescer that has nothing to do, as a server renders it. */
function toStoreAtRest(coalescer: Coalescer): ReturnType<typeof toStore> {
  const snapshot = snapshotAtRest(coalescer.getSnapshot().strategy)
  return { getSnapshot: () => snapshot, subscribe: () => ({ unsubscribe: () => undefined }) }
}

const never = (): (() => void) => () => undefined

/** Whether this render is a server's, or has to match it. */
const useIsServerRender = (): boolean =>
  useSyncExternalStore(
    never,
    () => false,
    () => true,
  )

/** What a selector reads of any coalescer; renders again when the selected value is no longer shallowly equal. */
export function useSelectedState<Selected>(
  coalescer: Coalescer,
  selector: (snapshot: CoalescerSnapshot) => Selected,
): Selected {
  // Events may come before a page is hydrated, but what is hydrated has to read as on the server.
  const isServerRender = useIsServerRender()
  const store = useMemo(
    () => (isServerRender ? toStoreAtRest(coalescer) : toStore(coalescer)),
    [coalescer, isServerRender],
  )
  // `useSelector` needs no more of an actor than these two methods.
  return useSelector(store as unknown as Parameters<typeof useSelector>[0], selector as never, shallowEqual) as Selected
}

/**
 * What a selector reads of the coalescer's snapshot, such as `(snapshot) => snapshot.pendingKeys`. Renders again when
 * the selected value changes; objects are compared by their properties.
 *
 * @throws Error outside a `CoalescerProvider`; TypeError for a selector that is no function.
 */
export function useCoalescerState<Selected>(selector: (snapshot: CoalescerSnapshot) => Selected): Selected {
  if (typeof selector !== 'function') {
    failType('selector', 'a function of the snapshot', selector, 'Pass ({ pendingKeys }) => pendingKeys, for instance.')
  }
  return useSelectedState(useCoalescer(), selector)
}
