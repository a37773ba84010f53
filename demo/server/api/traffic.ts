/** Method and route pattern, such as `PATCH /api/goals/:id`. */
export type Endpoint = `${'GET' | 'POST' | 'PATCH'} /api/${string}`

/** What was asked of the HTTP API, and how it is to answer. */
export class Traffic {
  /**
   * Time a GET takes, in milliseconds. The rows are read at the start and answered after this time: like a slow
   * response, it can be older than a change that was committed meanwhile.
   */
  latencyMs = 0
  /** Share of GETs that fail with 500, from 0 to 1. */
  errorRate = 0
  #counts = new Map<string, number>()
  readonly #failures = new Map<string, { status: number; times: number }>()

  constructor(latencyMs = 0) {
    this.setLatencyMs(latencyMs)
  }

  /** Requests per endpoint, of the endpoints that were asked. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  resetCounts(): void {
    this.#counts = new Map()
  }

  setLatencyMs(latencyMs: number): void {
    if (!(typeof latencyMs === 'number' && latencyMs >= 0 && latencyMs <= 60_000)) {
      throw new RangeError(`Expected \`latencyMs\` to be 0–60000, got \`${latencyMs}\`.`)
    }
    this.latencyMs = latencyMs
  }

  setErrorRate(errorRate: number): void {
    if (!(typeof errorRate === 'number' && errorRate >= 0 && errorRate <= 1)) {
      throw new RangeError(`Expected \`errorRate\` to be 0–1, got \`${errorRate}\`.`)
    }
    this.errorRate = errorRate
  }

  /** Answers the next requests of an endpoint with `status`; `Infinity` times until `heal()`. */
  fail(endpoint: Endpoint, status = 500, times = 1): void {
    if (!(Number.isInteger(status) && status >= 400 && status <= 599)) {
      throw new RangeError(`Expected \`status\` to be 400–599, got \`${status}\`.`)
    }
    if (!(times === Infinity || (Number.isInteger(times) && times >= 0))) {
      throw new RangeError(`Expected \`times\` to be a whole number of 0 or more, or Infinity, got \`${times}\`.`)
    }
    this.#failures.set(endpoint, { status, times })
  }

  /** Ends all failures and the error rate. */
  heal(): void {
    this.#failures.clear()
    this.errorRate = 0
  }

  /** Counts a request; the status it must fail with, if any. */
  admit(endpoint: string): number | undefined {
    this.#counts.set(endpoint, (this.#counts.get(endpoint) ?? 0) + 1)
    const failure = this.#failures.get(endpoint)
    if (failure !== undefined && failure.times > 0) {
      failure.times--
      return failure.status
    }
    return endpoint.startsWith('GET ') && Math.random() < this.errorRate ? 500 : undefined
  }
}
