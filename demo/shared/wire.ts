/** One row change as it came over the socket. */
export interface WireChange {
  readonly table: string
  readonly type: 'INSERT' | 'UPDATE' | 'DELETE'
  /** When its transaction committed, in milliseconds since 1970. */
  readonly committedAtMs: number
}

/** Listens to what the realtime client receives, before anything else sees it. */
export interface Wire {
  /** To give to `createClient` as `realtime.logger`. */
  readonly logger: (kind: string, message: string, data?: unknown) => void
  /** Distinct row changes received. */
  readonly changes: number
  subscribe(listener: (change: WireChange) => void): () => void
}

const maxRemembered = 1000

export function createWire(): Wire {
  const listeners = new Set<(change: WireChange) => void>()
  const seen = new Set<string>()
  let changes = 0

  const isNew = (data: unknown): boolean => {
    const identity = JSON.stringify(data)
    if (seen.has(identity)) return false
    seen.add(identity)
    for (const oldest of seen) {
      if (seen.size <= maxRemembered) break
      seen.delete(oldest)
    }
    return true
  }

  return {
    logger(kind, message, payload) {
      if (kind !== 'receive' || !message.includes(' postgres_changes')) return
      const { data } = (payload ?? {}) as {
        data?: { table: string; type: WireChange['type']; commit_timestamp: string | null }
      }
      if (data === undefined || !isNew(data)) return
      changes += 1
      const committedAtMs = data.commit_timestamp === null ? Date.now() : Date.parse(data.commit_timestamp)
      for (const listener of listeners) listener({ table: data.table, type: data.type, committedAtMs })
    },
    get changes() {
      return changes
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
