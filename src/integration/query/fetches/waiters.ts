import type { FlushedRecord } from '../../../actions/types.ts'
import type { Entry } from './way.ts'
import type { Awaiting } from './awaiting.ts'

/** The promises the coalescer has given: for a flush, and for everything. */
export class Waiters {
  /** Gathers the entries of the flushes that run while it is set. */
  collecting: Set<Entry> | undefined
  /** The flushes of this turn. */
  readonly #ofTurn = new Set<FlushedRecord>()
  #settled: (() => void)[] = []

  noteFlush(record: FlushedRecord): void {
    if (this.#ofTurn.size === 0) queueMicrotask(() => this.#ofTurn.clear())
    this.#ofTurn.add(record)
  }

  /** Whether a flush of this turn has asked for the fetch that a query owes. */
  isOfTurn({ cause }: Entry): boolean {
    return cause !== undefined && this.#ofTurn.has(cause)
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
export async function whenAnswered(awaiting: Awaiting, entries: Iterable<Entry>): Promise<void> {
  await Promise.all([...entries].map((entry) => new Promise<void>((resolve) => awaiting.whenAnswered(entry, resolve))))
}
