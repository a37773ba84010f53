import type { ErrorReporter } from './report.ts'
import type { QueryKey } from './types.ts'

/** The query that code of the app is run for. */
interface QueryName {
  readonly queryKey: QueryKey
  readonly queryHash: string
}

/** Runs code that may call into the app, so that a throw is reported and goes no further. */
export class Containment {
  /** How deep we are in such code: there, a flush cannot run at once. */
  depth = 0
  readonly #report: ErrorReporter

  constructor(report: ErrorReporter) {
    this.#report = report
  }

  /** Returns whether it ran to its end. */
  run(run: () => void, query?: QueryName): boolean {
    return this.runWith(run, undefined, query)
  }

  /** The same with something to hand over, where a function of its own for each would cost too much. */
  runWith<Thing>(run: (thing: Thing) => void, thing: Thing, query?: QueryName): boolean {
    this.depth += 1
    try {
      run(thing)
      return true
    } catch (error) {
      this.failed(error, query)
      return false
    } finally {
      this.depth -= 1
    }
  }

  failed(error: unknown, query?: QueryName): void {
    this.#report(error, { type: 'queryFailed', queryKey: query?.queryKey ?? [], queryHash: query?.queryHash ?? '' })
  }
}
