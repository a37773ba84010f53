/** Counts the requests this client has made, by endpoint. */
export interface RequestCounter {
  readonly counts: Readonly<Record<string, number>>
  /** GETs alone: what a change can cause. */
  readonly total: number
  add(endpoint: string): void
  reset(): void
  subscribe(listener: () => void): () => void
}

export function createRequestCounter(): RequestCounter {
  let counts: Record<string, number> = {}
  let total = 0
  const listeners = new Set<() => void>()
  return {
    get counts() {
      return counts
    },
    get total() {
      return total
    },
    add(endpoint) {
      counts = { ...counts, [endpoint]: (counts[endpoint] ?? 0) + 1 }
      if (endpoint.startsWith('GET ')) total += 1
      for (const listener of listeners) listener()
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
