import { type QueryClient, type QueryKey, partialMatchKey } from '@tanstack/react-query'
import type { ApiResponse } from '../server/api/types.ts'
import type { Wire, WireChange } from './wire.ts'

/** Measures how long the screen lags behind the database. */
export interface Freshness {
  /** Longest time from a commit to an answer that is known to show it, in milliseconds. */
  readonly longestMs: number
  /** The median of these times, of the newest 10 000, in milliseconds. */
  readonly medianMs: number
  /** The same for the latest change shown, in milliseconds. */
  readonly latestMs: number
  /** Queries on screen that show older data than a change that has arrived. */
  readonly behind: number
  /** Their hashes. */
  behindHashes(): string[]
  /** To be called as each request of a query starts, retries included. */
  requestStarts(queryHash: string): void
  /** Forgets the times so far, and measures only changes that arrive from now on. */
  reset(): void
  stop(): void
}

interface Lag {
  /** Changes that no answer covers yet: when each committed, and after how many events it arrived. */
  waiting: { committedAtMs: number; arrivedAt: number }[]
  requestStartedAt: number
  /** When the answer on screen was read, by the clock of the database, and when it came. */
  readAtMs: number
  answeredAtMs: number
}

const maxTimes = 10_000

/**
 * Follows the wire and the query cache, and nothing of the coalescer: what it tells is the same for any strategy.
 * An answer shows a change that had arrived before its request started, which is counted in events, since several happen
 * in one millisecond; and one that was committed before it was read, by the clock of the database.
 */
export function createFreshness(
  queryClient: QueryClient,
  wire: Wire,
  keysOf: (table: string) => readonly QueryKey[],
  now: () => number = Date.now,
): Freshness {
  const lags = new Map<string, Lag>()
  let events = 0
  let measuredFrom = 0
  let longestMs = 0
  let latestMs = 0
  let timesMs: number[] = []

  const lagOf = (queryHash: string): Lag => {
    const lag = lags.get(queryHash) ?? { waiting: [], requestStartedAt: 0, readAtMs: 0, answeredAtMs: 0 }
    lags.set(queryHash, lag)
    return lag
  }

  const arrive = ({ table, committedAtMs }: WireChange): void => {
    events += 1
    const keys = keysOf(table)
    for (const query of queryClient.getQueryCache().getAll()) {
      if (!query.isActive() || !keys.some((key) => partialMatchKey(query.queryKey, key))) continue
      const lag = lagOf(query.queryHash)
      if (committedAtMs < lag.readAtMs) measure([Math.max(0, lag.answeredAtMs - committedAtMs)])
      else lag.waiting.push({ committedAtMs, arrivedAt: events })
    }
  }

  const answer = (lag: Lag, readAtMs: number): void => {
    lag.readAtMs = readAtMs
    lag.answeredAtMs = now()
    const isShown = ({ arrivedAt, committedAtMs }: Lag['waiting'][number]): boolean =>
      arrivedAt < lag.requestStartedAt || committedAtMs < readAtMs
    const shown = lag.waiting.filter(isShown)
    lag.waiting = lag.waiting.filter((change) => !isShown(change))
    measure(
      shown
        .filter(({ arrivedAt }) => arrivedAt > measuredFrom)
        .map(({ committedAtMs }) => Math.max(0, lag.answeredAtMs - committedAtMs)),
    )
  }

  const measure = (times: readonly number[]): void => {
    if (times.length === 0) return
    timesMs.push(...times)
    if (timesMs.length > 2 * maxTimes) timesMs = timesMs.slice(-maxTimes)
    latestMs = Math.max(...times)
    longestMs = Math.max(longestMs, latestMs)
  }

  const behindHashes = (): string[] =>
    [...lags]
      .filter(
        ([queryHash, { waiting }]) => waiting.length > 0 && queryClient.getQueryCache().get(queryHash)?.isActive(),
      )
      .map(([queryHash]) => queryHash)

  const unsubscribeWire = wire.subscribe(arrive)
  const unsubscribeCache = queryClient.getQueryCache().subscribe((event) => {
    if (event.type === 'removed') lags.delete(event.query.queryHash)
    if (event.type !== 'updated' || event.action.type !== 'success' || event.action.manual === true) return
    const { readAtMs } = event.action.data as Pick<ApiResponse<unknown>, 'readAtMs'>
    answer(lagOf(event.query.queryHash), readAtMs)
  })

  return {
    get longestMs() {
      return longestMs
    },
    get medianMs() {
      const sorted = timesMs.slice(-maxTimes).sort((a, b) => a - b)
      return sorted[Math.floor(sorted.length / 2)] ?? 0
    },
    get latestMs() {
      return latestMs
    },
    get behind() {
      return behindHashes().length
    },
    behindHashes,
    requestStarts(queryHash) {
      events += 1
      lagOf(queryHash).requestStartedAt = events
    },
    reset() {
      measuredFrom = events
      longestMs = 0
      latestMs = 0
      timesMs = []
    },
    stop() {
      unsubscribeWire()
      unsubscribeCache()
    },
  }
}
