import type { PendingKey } from '../../../actions/pendingQueue.ts'
import type { Entry } from './way.ts'
import type { Fetches } from './fetches.ts'

/** Someone who waits for the fetches that a key leads to. */
interface Watch {
  readonly entries: Set<Entry>
  readonly done: (entries: ReadonlySet<Entry>) => void
}

/** The promises the coalescer has given: for the work of a key, of a flush, and for everything. */
export class Waiters {
  /** Gathers the entries of the flushes that run while it is set. */
  collecting: Set<Entry> | undefined
  readonly #watches = new Map<string, Watch[]>()
  #settled: (() => void)[] = []

  watches(key: PendingKey): boolean {
    return this.collecting !== undefined || this.#watches.has(key.id)
  }

  matched(key: PendingKey, entry: Entry): void {
    this.collecting?.add(entry)
    for (const watch of this.#watches.get(key.id) ?? []) watch.entries.add(entry)
  }

  /** Resolves with the queries a pending key has led to, once its flush has run. */
  whenFlushed(keyId: string): Promise<ReadonlySet<Entry>> {
    return new Promise((resolve) => {
      const watch = { entries: new Set<Entry>(), done: resolve }
      const watches = this.#watches.get(keyId)
      if (watches) watches.push(watch)
      else this.#watches.set(keyId, [watch])
    })
  }

  flushed(keys: readonly PendingKey[]): void {
    if (this.#watches.size === 0) return
    for (const { id } of keys) {
      const watches = this.#watches.get(id)
      this.#watches.delete(id)
      for (const watch of watches ?? []) watch.done(watch.entries)
    }
  }

  /** Lets go of all who wait for a flush: it is deferred, or will not come. */
  releaseWatches(): void {
    const watches = [...this.#watches.values()].flat()
    this.#watches.clear()
    for (const watch of watches) watch.done(watch.entries)
  }

  whenSettled(): Promise<void> {
    return new Promise((resolve) => this.#settled.push(resolve))
  }

  get hasSettledWaiters(): boolean {
    return this.#settled.length > 0
  }

  resolveSettled(): void {
    const settled = this.#settled
    this.#settled = []
    for (const resolve of settled) resolve()
  }
}

/** Resolves once none of the queries owes a fetch any more, or its fetch is paused. */
export async function whenAnswered(fetches: Fetches, entries: Iterable<Entry>): Promise<void> {
  await Promise.all([...entries].map((entry) => new Promise<void>((resolve) => fetches.whenAnswered(entry, resolve))))
}
