import { Query } from '@tanstack/react-query'
import type { ObservedFetch } from './observedFetch.ts'

interface FetchCalls {
  /** Runs the call of a fetch, whose events tell of whom asked for it. */
  calling<T>(by: ObservedFetch['by'], call: () => T): T
  /** Whether what happens now comes from elsewhere. */
  isForeign(): boolean
  /** A fetch hands out the answer to a request that somebody else has made. */
  handedOut(query: Query, answer: Promise<unknown>): void
}

/** Hears of each call of `query.fetch`, and by whom; returns what ends that. */
export function watchFetchCalls({ calling, isForeign, handedOut }: FetchCalls): () => void {
  const { fetch } = Query.prototype
  Query.prototype.fetch = function fetchObserved(options, fetchOptions) {
    // Observers and the client pass the options of the query; only the coalescer fetches with what it has.
    const by = options === undefined && !isForeign() ? 'coalescer' : 'app'
    const result = calling(by, () => fetch.call(this, options, fetchOptions))
    if (fetchOptions?.initialPromise) handedOut(this, fetchOptions.initialPromise)
    return result
  }
  return () => {
    Query.prototype.fetch = fetch
  }
}
