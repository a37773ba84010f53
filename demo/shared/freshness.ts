import { type QueryClient, type QueryKey, partialMatchKey } from '@tanstack/react-query'
import type { Wire, WireChange } from './wire.ts'

/** Measures how long the screen lags behind the database. */
export interface Freshness {
  /** Longest time from a commit to the answer of a request that started after it had arrived, in milliseconds. */
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
}

const maxTimes = 10_000

/**
 * Follows the wire and the query cache, and nothing of the coalescer: what it tells is the same for any strategy.
 * Order is counted in events, since several happen in one millisecond.
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
    const lag = lags.get(queryHash) ?? { waiting: [], requestStartedAt: 0 }
    lags.set(queryHash, lag)
    return lag
  }

  const arrive = ({ table, committedAtMs }: WireChange): void => {
    events += 1
    const keys = keysOf(table)
    for (const query of queryClient.getQueryCache().getAll()) {
      if (!query.isActive() || !keys.some((key) => partialMatchKey(query.queryKey, key))) continue
      lagOf(query.queryHash).waiting.push({ committedAtMs, arrivedAt: events })
    }
  }

  const answer = (lag: Lag): void => {
    const covered = lag.waiting.filter(({ arrivedAt }) => arrivedAt < lag.requestStartedAt)
    if (covered.length === 0) return
    lag.waiting = lag.waiting.slice(covered.length)
    const measured = covered.filter(({ arrivedAt }) => arrivedAt > measuredFrom)
    if (measured.length === 0) return
    const times = measured.map(({ committedAtMs }) => Math.max(0, now() - committedAtMs))
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
    answer(lagOf(event.query.queryHash))
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
