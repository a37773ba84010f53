import type { WaitExplanation, Windows } from '../../../actions/windows/windows.ts'
import type { QueryKey } from '../../../actions/types.ts'
import type { AnyCoalescer } from '../../query/coalescer.ts'

/** So many windows are explained at most. */
const MAX_WAITS = 10

/**
 * Why the windows of the strategy at work wait, or waited for the flush of these keys; nothing of a strategy that has
 * no more to say than its options do.
 */
export function readWaits(coalescer: AnyCoalescer, flushed?: readonly QueryKey[]): readonly WaitExplanation[] {
  const snapshot: unknown = coalescer.actor.getSnapshot().children.strategy?.getSnapshot()
  // A strategy of the app may be any machine.
  const context = (snapshot as { readonly context?: { readonly windows?: Partial<Windows> } } | undefined)?.context
  return context?.windows?.explain?.(flushed).slice(0, MAX_WAITS) ?? []
}
