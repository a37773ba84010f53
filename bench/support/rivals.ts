import { Batcher } from '@tanstack/pacer'
import { type QueryKey, hashKey } from '@tanstack/react-query'

/** Something that collects query keys and hands them on later. */
export interface Collector {
  schedule(queryKey: QueryKey): void
  /** Hands on what has gathered, as the end of the window does. */
  flush(): void
  stop(): void
}

export interface CollectorOptions {
  readonly waitMs: number
  readonly apply: (queryKeys: readonly QueryKey[]) => void
}

/** What most apps write first: the first event opens a window of fixed length. */
export function createWindow({ waitMs, apply }: CollectorOptions): Collector {
  const pending = new Map<string, QueryKey>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const keys = [...pending.values()]
    pending.clear()
    apply(keys)
  }
  return {
    schedule(queryKey) {
      pending.set(hashKey(queryKey), queryKey)
      timer ??= setTimeout(flush, waitMs)
    },
    flush,
    stop: () => clearTimeout(timer),
  }
}

/** What most apps write second: every event restarts the timer. */
export function createDebounce(
  { waitMs, apply }: CollectorOptions,
  hash: (queryKey: QueryKey) => string = hashKey,
): Collector {
  const pending = new Map<string, QueryKey>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = (): void => {
    clearTimeout(timer)
    const keys = [...pending.values()]
    pending.clear()
    apply(keys)
  }
  return {
    schedule(queryKey) {
      pending.set(hash(queryKey), queryKey)
      clearTimeout(timer)
      timer = setTimeout(flush, waitMs)
    },
    flush,
    stop: () => clearTimeout(timer),
  }
}

/** A debounce as utility libraries write it: one timer that looks again when it fires, and an optional longest wait. */
export function createUtilityDebounce({
  waitMs,
  maxWaitMs = Infinity,
  apply,
}: CollectorOptions & { readonly maxWaitMs?: number }): Collector {
  const pending = new Map<string, QueryKey>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let firstAtMs = 0
  let lastAtMs = 0
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const keys = [...pending.values()]
    pending.clear()
    apply(keys)
  }
  const dueAt = (): number => Math.min(lastAtMs + waitMs, firstAtMs + maxWaitMs)
  const expired = (): void => {
    const remainingMs = dueAt() - Date.now()
    if (remainingMs <= 0) flush()
    else timer = setTimeout(expired, remainingMs)
  }
  return {
    schedule(queryKey) {
      const now = Date.now()
      if (pending.size === 0) firstAtMs = now
      lastAtMs = now
      pending.set(hashKey(queryKey), queryKey)
      timer ??= setTimeout(expired, waitMs)
    },
    flush,
    stop: () => clearTimeout(timer),
  }
}

/** TanStack Pacer's Batcher, with a map in front so that a key is batched once. */
export function createPacerBatcher({ waitMs, apply }: CollectorOptions): Collector {
  const pending = new Set<string>()
  const batcher = new Batcher<QueryKey>(
    (keys) => {
      pending.clear()
      apply(keys)
    },
    { wait: waitMs },
  )
  return {
    schedule(queryKey) {
      const hash = hashKey(queryKey)
      if (pending.has(hash)) return
      pending.add(hash)
      batcher.addItem(queryKey)
    },
    flush: () => batcher.flush(),
    stop: () => batcher.cancel(),
  }
}
