import type { CoalescerInternals } from '../query/internals.ts'
import type { FeedSocket } from './client.ts'

/** How long a join waits for channels that are being left. */
const LONGEST_MS = 1_000
const LOOK_EVERY_MS = 20

/**
 * Channels that are being left. Some clients close their socket once the last one is gone, and never join a channel
 * that was opened before the socket has closed.
 */
export interface Departures {
  note(removal: PromiseLike<unknown>): void
  /** Resolves when all of them are gone and the socket is not about to close, or after a second. */
  over(): Promise<void>
}

export function createDepartures(
  socket: FeedSocket | undefined,
  { actorOptions }: Pick<CoalescerInternals, 'actorOptions'>,
): Departures {
  const clock = actorOptions.clock ?? globalThis
  const leaving = new Set<Promise<unknown>>()

  const wait = (ms: number): { readonly over: Promise<void>; end(): void } => {
    let timer: unknown
    const over = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, ms)
    })
    return { over, end: () => clock.clearTimeout(timer as never) }
  }

  return {
    note(removal) {
      const gone = (): void => {
        leaving.delete(noted)
      }
      const noted: Promise<unknown> = Promise.resolve(removal).then(gone, gone)
      leaving.add(noted)
    },
    async over() {
      if (leaving.size > 0) {
        const limit = wait(LONGEST_MS)
        await Promise.race([Promise.all(leaving), limit.over])
        limit.end()
      }
      for (let waitedMs = 0; socket?.isDisconnecting?.() === true && waitedMs < LONGEST_MS; waitedMs += LOOK_EVERY_MS) {
        await wait(LOOK_EVERY_MS).over
      }
    },
  }
}
