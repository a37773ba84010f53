import { type QueryFunctionContext, type QueryKey, hashKey, partialMatchKey } from '@tanstack/react-query'
import { type RequestLife, Requests } from '../../src/integration/testing/requests.ts'

/** One request, as the server saw it. */
export interface ServedRequest extends RequestLife {
  readonly queryHash: string
  /** The version of the data when the request started, which is what it answers with. */
  readonly version: number
}

/** What a query shows: how many writes had touched it when its request started. */
export interface Versioned {
  readonly version: number
}

interface ServerOptions {
  /** How long a request takes. @default 100 */
  readonly latencyMs?: number | (() => number)
  /** Whether a request fails, asked when it starts. @default never */
  readonly fails?: () => boolean
}

/** An API over data that has a version per query key: the number of writes whose key matches it. */
export class SimulatedServer {
  readonly requests: ServedRequest[] = []
  latencyMs: () => number
  fails: () => boolean
  /** Whether a request never ends by itself, asked when it starts; `release` ends those that hang. */
  hangs: (queryKey: QueryKey) => boolean = () => false
  readonly #running = new Requests(undefined)
  readonly #writes: { readonly queryKey: QueryKey; readonly exact: boolean }[] = []

  constructor({ latencyMs = 100, fails = () => false }: ServerOptions = {}) {
    this.latencyMs = typeof latencyMs === 'function' ? latencyMs : () => latencyMs
    this.fails = fails
  }

  /** Changes the data of every query that the key matches. */
  write(queryKey: QueryKey, exact = false): void {
    this.#writes.push({ queryKey, exact })
  }

  versionOf(queryKey: QueryKey): number {
    let version = 0
    for (const write of this.#writes) {
      if (write.exact ? hashKey(write.queryKey) === hashKey(queryKey) : partialMatchKey(queryKey, write.queryKey)) {
        version += 1
      }
    }
    return version
  }

  /** The requests of one query, in order of their start. */
  requestsOf(queryKey: QueryKey): ServedRequest[] {
    const queryHash = hashKey(queryKey)
    return this.requests.filter((request) => request.queryHash === queryHash)
  }

  /** How many requests of a query are running. */
  runningOf(queryKey: QueryKey): number {
    return this.requestsOf(queryKey).filter((request) => request.outcome === 'running').length
  }

  /** Lets every request that hangs answer now. */
  release(): void {
    this.#running.release()
  }

  /** A `queryFn`; an abort of its signal ends the request if `isAbortable`. */
  fetch({ queryKey, signal }: { queryKey: QueryKey; signal?: AbortSignal | undefined }): Promise<Versioned> {
    const queryHash = hashKey(queryKey)
    const request: ServedRequest = this.#running.create({ queryHash, version: this.versionOf(queryKey) })
    this.requests.push(request)
    const hangs = this.hangs(queryKey)
    return this.#running.run(request, {
      answer: this.fails() ? new Error(`503 for ${queryHash}`) : { version: request.version },
      hangs,
      latencyMs: hangs ? undefined : this.latencyMs(),
      signal,
    })
  }

  /** A `queryFn` whose requests run to their end. */
  readonly queryFn = ({ queryKey }: QueryFunctionContext): Promise<Versioned> => this.fetch({ queryKey })

  /** A `queryFn` whose requests end when TanStack Query cancels them. */
  readonly abortableQueryFn = ({ queryKey, signal }: QueryFunctionContext): Promise<Versioned> =>
    this.fetch({ queryKey, signal })
}
