import { type Query, onlineManager } from '@tanstack/react-query'
import { poolQuery } from './app.ts'
import type { Run } from './run.ts'
import type { Step } from './trace.ts'

/** The `maxMutationHoldMs` of a trace. */
export const MAX_HOLD_MS = 10_000

interface Mutating {
  readonly index: number
  /** What it has touched; one that comes into the cache later is another query. */
  query: Query | undefined
  readonly startedAtMs: number
}

/** The app's own writes: which queries they hold, and for how long. */
export class Mutations {
  readonly #run: Run
  readonly #pending = new Set<Mutating>()
  #endedAtMs = -Infinity
  readonly #touched = new Set<number>()
  #onlineAtMs = 0

  constructor(run: Run) {
    this.#run = run
  }

  begin(step: Extract<Step, { readonly do: 'mutate' }>): void {
    if (poolQuery(step.query).kind !== 'plain') return
    const { app, feed } = this.#run
    const mutating: Mutating = { index: step.query, query: undefined, startedAtMs: Date.now() }
    app.mutate(step.query, step, {
      touched: () => {
        mutating.query = app.query(step.query)
        this.#pending.add(mutating)
        this.#touched.add(step.query)
        this.#run.touch(step.query)
      },
      // From here on its answer is known: a fetch that starts now shows it.
      answered: () => {
        mutating.query = undefined
      },
      settles: () => {
        this.#pending.delete(mutating)
        this.#endedAtMs = Date.now()
        if (!this.#run.isStopped) feed.settled(step.query)
      },
      ended: () => {
        this.#pending.delete(mutating)
        this.#endedAtMs = Date.now()
        this.#run.touch(step.query)
      },
    })
  }

  /** Whether a query may have been held at any time since then, by its own mutation or one that ran beside it. */
  mayHaveHeld(index: number, sinceMs: number): boolean {
    return this.#touched.has(index) && (this.#pending.size > 0 || this.#endedAtMs >= sinceMs)
  }

  /** The app has cancelled a query, whatever for. */
  touch(index: number): void {
    if (this.#pending.size > 0) this.#touched.add(index)
  }

  wentOnline(): void {
    this.#onlineAtMs = Date.now()
  }

  /** Whether a query must not be fetched by the coalescer now. */
  holds(index: number): boolean {
    const query = this.#run.app.query(index)
    return [...this.#pending].some((one) => query && one.query === query && Date.now() - one.startedAtMs < MAX_HOLD_MS)
  }

  /**
   * Whether a query may wait for a mutation, or has done so within the last `graceMs`: one that a mutation has touched,
   * and after a time offline any, since paused mutations resume before paused fetches.
   */
  mayHold(graceMs: number, index?: number): boolean {
    if (index !== undefined && !this.#touched.has(index) && this.#onlineAtMs === 0) return false
    if (this.#endedAtMs + graceMs >= Date.now()) return true
    if (this.#pending.size === 0) return false
    if (!onlineManager.isOnline()) return true
    return [...this.#pending].some(
      ({ startedAtMs }) => Date.now() <= Math.max(startedAtMs, this.#onlineAtMs) + MAX_HOLD_MS + graceMs,
    )
  }
}
