/** How long fetches are started in a row before the main thread gets a turn: half a frame. */
export const SLICE_MS = 8

interface Platform {
  readonly scheduler?: { yield?(): Promise<void> }
}

/** Whether the platform gives the main thread a turn and comes back right after it. A timer would come back late. */
export const canYield = (): boolean => typeof (globalThis as Platform).scheduler?.yield === 'function'

/** Gives the main thread a turn, where it can. */
export const yieldToMain = (): Promise<void> => (globalThis as Platform).scheduler?.yield?.() ?? Promise.resolve()
