/** Counts the requests this client has made, by endpoint. */
export interface RequestCounter {
  readonly counts: Readonly<Record<string, number>>
  /** GETs alone: what a change can cause. */
  readonly total: number
  /** Requests that have no answer yet, writes too. */
  readonly inFlight: number
  /** Counts a request as it starts; what it returns counts its end. */
  add(endpoint: string): () => void
  reset(): void
  /** Calls `listener` as each request starts, before it is counted. */
  subscribe(listener: (endpoint: string) => void): () => void
}

export function createRequestCounter(): RequestCounter {
  let counts: Record<string, number> = {}
  let total = 0
  let inFlight = 0
  const listeners = new Set<(endpoint: string) => void>()
  return {
    get counts() {
      return counts
    },
    get total() {
      return total
    },
    get inFlight() {
      return inFlight
    },
    add(endpoint) {
      for (const listener of listeners) listener(endpoint)
      counts = { ...counts, [endpoint]: (counts[endpoint] ?? 0) + 1 }
      if (endpoint.startsWith('GET ')) total += 1
      inFlight += 1
      return () => {
        inFlight -= 1
      }
    },
    reset() {
      counts = {}
      total = 0
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
