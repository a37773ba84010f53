import { type QueryKey, hashKey } from '@tanstack/react-query'
import type { TestAnswer, TestRow } from './testServer.ts'

/** What a query of the server reads, and how it is answered. */
export interface BoundQuery {
  readonly queryKey: QueryKey
  readonly reads: readonly string[]
  /** What it, or the page of it, would be answered with now. */
  readonly answer: (pageParam?: unknown) => unknown
  /** Whether its `queryFn` is none of `query()`, but may use some, and makes of their answers what it likes. */
  readonly isWrapped: boolean
}

/** How a `queryFn` of the server asks. */
export interface Asking {
  readonly reads: readonly string[]
  readonly answer: TestAnswer<unknown>
}

/** Which query asks for what. */
export class Bindings {
  readonly #rowsOf: (table: string) => readonly TestRow[]
  readonly #byFunction = new WeakMap<object, Asking>()
  readonly #askedBy = new Map<string, { latest: Asking; readonly reads: Set<string> }>()

  constructor(rowsOf: (table: string) => readonly TestRow[]) {
    this.#rowsOf = rowsOf
  }

  /** A `queryFn` asks like this. */
  add(queryFn: object, asking: Asking): void {
    this.#byFunction.set(queryFn, asking)
  }

  /** A query asks. */
  note(queryKey: QueryKey, asking: Asking): void {
    const hash = hashKey(queryKey)
    const asked = this.#askedBy.get(hash) ?? { latest: asking, reads: new Set() }
    asked.latest = asking
    for (const table of asking.reads) asked.reads.add(table)
    this.#askedBy.set(hash, asked)
  }

  answer(queryKey: QueryKey, { reads, answer }: Asking, pageParam: unknown): unknown {
    return answer(Object.fromEntries(reads.map((table) => [table, this.#rowsOf(table)])), { queryKey, pageParam })
  }

  /** What a query has asked for, or its `queryFn` would ask for. */
  boundTo(queryKey: QueryKey, queryFn: unknown): BoundQuery | undefined {
    const own = typeof queryFn === 'function' ? this.#byFunction.get(queryFn) : undefined
    const asked = this.#askedBy.get(hashKey(queryKey))
    const asking = own ?? asked?.latest
    return (
      asking && {
        queryKey,
        reads: own?.reads ?? [...(asked?.reads ?? [])],
        answer: (pageParam) => this.answer(queryKey, asking, pageParam),
        isWrapped: typeof queryFn === 'function' && !own,
      }
    )
  }
}
