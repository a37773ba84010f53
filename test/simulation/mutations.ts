import { onlineManager } from '@tanstack/react-query'
import { poolQuery } from './app.ts'
import type { Run } from './run.ts'
import type { Step } from './trace.ts'

/** The `maxMutationHoldMs` of a trace. */
export const MAX_HOLD_MS = 10_000

interface Mutating {
  readonly index: number
  readonly startedAtMs: number
}

/** The app's own writes: which queries they hold, and for how long. */
export class Mutations {
  readonly #run: Run
  readonly #pending = new Set<Mutating>()
  #endedAtMs = -Infinity
  #onlineAtMs = 0

  constructor(run: Run) {
    this.#run = run
  }

  begin(step: Extract<Step, { readonly do: 'mutate' }>): void {
    if (poolQuery(step.query).kind !== 'plain') return
    const { app, feed } = this.#run
    const mutating = { index: step.query, startedAtMs: Date.now() }
    app.mutate(step.query, step, {
      touched: () => {
        this.#pending.add(mutating)
        this.#run.touch(step.query)
      },
      // From here on its answer is known: a fetch that starts now shows it.
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

  wentOnline(): void {
    this.#onlineAtMs = Date.now()
  }

  /** Whether a query must not be fetched by the coalescer now. */
  holds(index: number): boolean {
    return [...this.#pending].some((one) => one.index === index && Date.now() - one.startedAtMs < MAX_HOLD_MS)
  }

  /** Whether a query may wait for a mutation, or has done so within the last `graceMs`. */
  mayHold(graceMs: number): boolean {
    if (this.#endedAtMs + graceMs >= Date.now()) return true
    if (this.#pending.size === 0) return false
    if (!onlineManager.isOnline()) return true
    return [...this.#pending].some(
      ({ startedAtMs }) => Date.now() <= Math.max(startedAtMs, this.#onlineAtMs) + MAX_HOLD_MS + graceMs,
    )
  }
}
