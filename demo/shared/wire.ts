/** One row change as it came over the socket. */
export interface WireChange {
  readonly table: string
  readonly type: 'INSERT' | 'UPDATE' | 'DELETE'
  /**
   * When its transaction committed, in milliseconds since 1970. Messages of Broadcast do not tell: it is the time of the
   * write that its row tells, a moment earlier, or of its arrival where no row is left.
   */
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

interface ChangeFrame {
  readonly data?: {
    readonly table: string
    readonly type: WireChange['type']
    readonly commit_timestamp: string | null
  }
}

interface MessageFrame {
  readonly payload?: {
    readonly table?: string
    readonly operation?: WireChange['type']
    readonly record?: { readonly updated_at?: string } | null
  }
  readonly meta?: { readonly id: string }
}

const maxRemembered = 1000

export function createWire(): Wire {
  const listeners = new Set<(change: WireChange) => void>()
  const seen = new Set<string>()
  let changes = 0

  const isNew = (identity: string): boolean => {
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
      if (kind !== 'receive') return
      const isMessage = message.includes(' broadcast')
      if (!isMessage && !message.includes(' postgres_changes')) return
      const change = isMessage ? readMessage(payload as MessageFrame) : readChange(payload as ChangeFrame)
      if (change === undefined || !isNew(change.identity)) return
      changes += 1
      const { table, type } = change
      const committedAtMs = change.committedAt === undefined ? Date.now() : Date.parse(change.committedAt)
      for (const listener of listeners) listener({ table, type, committedAtMs })
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

interface ReadChange extends Omit<WireChange, 'committedAtMs'> {
  /** The same if it comes again. */
  readonly identity: string
  readonly committedAt: string | undefined
}

function readChange({ data }: ChangeFrame): ReadChange | undefined {
  if (data === undefined) return undefined
  const { table, type, commit_timestamp: committedAt } = data
  return { table, type, committedAt: committedAt ?? undefined, identity: JSON.stringify(data) }
}

function readMessage({ payload, meta }: MessageFrame): ReadChange | undefined {
  const { table, operation, record } = payload ?? {}
  if (table === undefined || operation === undefined || meta === undefined) return undefined
  return { table, type: operation, committedAt: record?.updated_at, identity: meta.id }
}
