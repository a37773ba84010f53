/** How long fetches are started in a row before the main thread gets a turn: half a frame. */
export const SLICE_MS = 8

/**
 * Gives the main thread a turn, on platforms that come back right after it; elsewhere `undefined`, because a timer
 * would come back late.
 */
export function yieldToMain(): Promise<void> | undefined {
  const { scheduler } = globalThis as { readonly scheduler?: { yield?(): Promise<void> } }
  return typeof scheduler?.yield === 'function' ? scheduler.yield() : undefined
}
