import type { Query } from '@tanstack/react-query'
import type { LogicalClock } from '../../../actions/clock.ts'
import { isFetchMore, isInfinite, observeRun, unobserve } from './observe.ts'
import { renewRun, startAttempt } from './runs.ts'
import { type Entry, isOpen } from './way.ts'

interface AskingPort {
  readonly clock: LogicalClock
  readonly now: () => number
}

/** Notes when requests ask the server, of which the query cache tells nothing. */
export class Asking {
  /** Called when a request asks the server, for each query whose request has not done so. */
  readonly #observed = new Map<Query, () => void>()
  readonly #port: AskingPort

  constructor(port: AskingPort) {
    this.#port = port
  }

  /** Notes when the request asks the server. */
  observe(query: Query, entry: Entry): void {
    const { runId } = entry
    let isFirst = true
    this.#observed.set(query, () => {
      this.#observed.delete(query)
      if (entry.runId !== runId || !isOpen(entry)) return
      startAttempt(entry, this.#port.now())
      // A retry of an infinite query asks for the page that failed alone, so its earlier pages stay as old as they are.
      const renews = !isFetchMore(query) && (!isInfinite(query) || query.state.fetchFailureCount === 0)
      if (isFirst && renews) renewRun(entry, this.#port.clock.value)
      isFirst = false
    })
    this.observeAgain(query)
  }

  /** A component may have given the query options of its own. */
  observeAgain(query: Query): void {
    const ran = this.#observed.get(query)
    if (ran) observeRun(query, this, ran)
  }

  /** The request has ended. */
  end(query: Query): void {
    if (this.#observed.delete(query)) unobserve(query, this)
  }

  /** The query is gone. */
  forget(query: Query): void {
    this.#observed.delete(query)
  }
}
