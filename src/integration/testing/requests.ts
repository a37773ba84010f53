import { type CoalescerClock, createTimekeeper } from '../../actions/clock.ts'

/** What becomes of a request. */
export interface RequestLife {
  /** When it came, in milliseconds of the server's clock. */
  readonly startedAtMs: number
  /** When it ended; `undefined` while it runs. */
  endedAtMs: number | undefined
  outcome: 'running' | 'ok' | 'failed' | 'aborted'
}

/** How a request goes. */
interface Course<Data> {
  /** What it is answered with; an error fails it. */
  readonly answer: Data | Error
  /** How long it takes, in milliseconds; `undefined` sets no timer. */
  readonly latencyMs: number | undefined
  /** Whether it waits for `release()`. */
  readonly hangs: boolean
  /** What ends it at once. */
  readonly signal?: AbortSignal | undefined
}

/** Runs the requests of a simulated server. */
export class Requests {
  readonly #clock: ReturnType<typeof createTimekeeper>
  readonly #hanging = new Set<() => void>()

  constructor(clock: CoalescerClock | undefined) {
    this.#clock = createTimekeeper(clock)
  }

  /** A request that comes now, with what else is known of it. */
  create<Known extends object>(known: Known): Known & RequestLife {
    return { ...known, startedAtMs: this.#clock.now(), endedAtMs: undefined, outcome: 'running' }
  }

  /** Lets a request run; resolves with its answer. */
  run<Data>(request: RequestLife, { answer, latencyMs, hangs, signal }: Course<Data>): Promise<Data> {
    return new Promise((resolve, reject) => {
      const end = (outcome: RequestLife['outcome']): boolean => {
        if (request.outcome !== 'running') return false
        request.outcome = outcome
        request.endedAtMs = this.#clock.now()
        return true
      }
      const respond = (): void => {
        if (!end(answer instanceof Error ? 'failed' : 'ok')) return
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
      let timer: unknown
      if (hangs) this.#hanging.add(respond)
      else if (latencyMs === undefined) respond()
      else timer = this.#clock.setTimeout(respond, latencyMs)
      signal?.addEventListener('abort', () => {
        if (!end('aborted')) return
        this.#clock.clearTimeout(timer)
        this.#hanging.delete(respond)
        reject(signal.reason as Error)
      })
    })
  }

  /** Lets every request that hangs be answered. */
  release(): void {
    const hanging = [...this.#hanging]
    this.#hanging.clear()
    for (const respond of hanging) respond()
  }
}
