import type { Entry } from './way.ts'
import type { Fetches } from './fetches.ts'

/** The promises the coalescer has given: for a flush, and for everything. */
export class Waiters {
  /** Gathers the entries of the flushes that run while it is set. */
  collecting: Set<Entry> | undefined
  #settled: (() => void)[] = []

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
