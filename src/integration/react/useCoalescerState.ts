'use client'
import { replaceEqualDeep } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { failType } from '../../actions/validate.ts'
import type { NameOf, StrategyRegistry } from '../../machines/registry.ts'
import type { BuiltInStrategies } from '../../machines/strategies.ts'
import type { Coalescer, CoalescerSnapshot } from '../query/coalescer.ts'
import { snapshotAtRest } from './snapshotAtRest.ts'
import { useCoalescer } from './useCoalescer.ts'

/** What a selector reads of any coalescer; renders again when the selected value is no longer equal. */
export function useSelectedState<Name extends string, Option, Selected>(
  coalescer: Coalescer<Name, Option>,
  selector: (snapshot: CoalescerSnapshot<Name>) => Selected,
): Selected {
  const shown = useRef<{ readonly selected: Selected } | undefined>(undefined)
  const [read, readAtRest] = useMemo(() => {
    /** Reads the same object for as long as it is equal, as React asks of a store. */
    const readerOf = (getSnapshot: () => CoalescerSnapshot<Name>): (() => Selected) => {
      let last: { readonly of: unknown; readonly selected: Selected } | undefined
      return () => {
        const snapshot = getSnapshot()
        if (last?.of !== snapshot) {
          const selected = selector(snapshot)
          const before = last ?? shown.current
          const isEqual = before && replaceEqualDeep(before.selected, selected) === before.selected
          last = { of: snapshot, selected: isEqual ? before.selected : selected }
        }
        return last.selected
      }
    }
    // Events may come before a page is hydrated, but what is hydrated has to read as on the server.
    const atRest = snapshotAtRest<Name>(coalescer.getSnapshot().strategy)
    return [readerOf(coalescer.getSnapshot), readerOf(() => atRest)]
  }, [coalescer, selector, shown])
  const selected = useSyncExternalStore(coalescer.subscribe, read, readAtRest)
  useEffect(() => {
    shown.current = { selected }
  }, [selected, shown])
  return selected
}

/**
 * What a selector reads of the coalescer's snapshot, such as `(snapshot) => snapshot.pendingKeys`. Renders again when
 * the selected value changes; objects are compared by their properties.
 *
 * @throws Error outside a `CoalescerProvider`; TypeError for a selector that is no function.
 */
export function useCoalescerState<Selected, Strategies extends StrategyRegistry = BuiltInStrategies>(
  selector: (snapshot: CoalescerSnapshot<NameOf<Strategies>>) => Selected,
): Selected {
  if (typeof selector !== 'function') {
    failType('selector', 'a function of the snapshot', selector, 'Pass ({ pendingKeys }) => pendingKeys, for instance.')
  }
  return useSelectedState(useCoalescer<Strategies>(), selector)
}
