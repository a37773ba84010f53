import type { Query, QueryFilters } from '@tanstack/react-query'
import { type CalledKey, type FilterCall, type Matched, createFilterCall } from '../../../actions/filterCall.ts'
import type { PendingQueue } from '../../../actions/pendingQueue.ts'
import { identifyCalled } from '../../../actions/queryKeys.ts'
import { type Wants, wantsFor } from '../../../actions/wants.ts'
import { isAnswering, isPaused } from '../fetches/owed.ts'
import { type Entry, isRunning } from '../fetches/way.ts'
import type { Fetches } from '../fetches/fetches.ts'
import { Answers } from './answers.ts'
import { Hurry } from './hurry.ts'

/** What a call of the coalesced client comes to, its filters judged. */
export interface JudgedCall {
  readonly filters: QueryFilters
  /** The queries it has marked stale. */
  readonly marked: readonly Query[]
  /** The queries it is to have fetched. */
  readonly fetched: readonly Query[]
  /** Whether these are marked stale for the time until then: a refetch does, since its fetches have not begun yet. */
  readonly marksFetched: boolean
  /** Which queries it fetches by whether they are shown. */
  readonly fetchType: 'active' | 'inactive' | 'all' | 'none'
  /** Whether a fetch of the same query that is running may be cancelled for it; only `direct` would. */
  readonly cancels: boolean
  /** Whether a fetch that is running is as good as a new one, where no event is known that it is older than. */
  readonly joins: boolean
  readonly throwOnError: boolean
  /** Whether it is to be flushed in this turn. */
  readonly urgent: boolean
}

/** What the calls of coalesced clients need of the coalescer. */
export interface CallsPort {
  readonly queue: PendingQueue
  readonly fetches: Fetches
  readonly isHeld: () => boolean
  /** Has the strategy decide when a call is flushed. */
  schedule(call: FilterCall): void
  /** Has keys flushed now that are still pending. */
  hurry(keyIds: readonly string[]): void
}

/** Takes the calls of coalesced clients: marks at once, schedules the fetches, and gives the promises. */
export class Calls {
  readonly #port: CallsPort
  readonly #answers: Answers
  readonly #hurry: Hurry

  constructor(port: CallsPort) {
    this.#port = port
    this.#hurry = new Hurry((keyIds) => port.hurry(keyIds))
    this.#answers = new Answers(
      port.fetches.ways.waiting,
      () => this.#hurry.start(),
      () => port.fetches.slots.pump(),
    )
  }

  /** Marks queries stale now. */
  mark(queries: readonly Query[]): void {
    const seq = this.#port.queue.tick()
    for (const query of queries) this.#mark(query, seq)
  }

  /** Takes a call whose queries are marked. */
  take(call: JudgedCall): Promise<void> {
    const { queue, fetches, isHeld } = this.#port
    const filter = keyOf(call.filters, queue)
    const seq = queue.tick()
    if (filter) fetches.data.rememberCall(filter, seq)
    const joined = call.joins ? call.fetched.map((query) => this.#entryOf(query)).filter(isUpToDate) : []
    const toFetch = call.fetched.filter((query) => !joined.some((entry) => entry.query === query))
    const entries = toFetch.map((query) => (call.marksFetched ? this.#mark(query, seq) : this.#entryOf(query)))
    const wants = call.fetchType === 'active' ? wantsFor.active : wantsFor.all
    const matched = entries.map((entry) => matchedOf(entry, wants))
    const isFetched = new Set(call.fetched)
    const maySoonBeShown = call.fetchType === 'active' || call.fetchType === 'all'
    for (const query of call.marked) {
      if (isFetched.has(query)) continue
      const entry = this.#entryOf(query)
      // Its fetch began before the call and clears the mark for a moment: shown by then, the query is fetched again.
      matched.push(matchedOf(entry, isRunning(entry) && maySoonBeShown ? wantsFor.active : wantsFor.none))
    }
    // What is deferred is not waited for.
    const answer = isHeld()
      ? Promise.resolve()
      : this.#answers.whenAnswered(
          entries,
          seq,
          call.throwOnError,
          joined.filter((entry) => !isPaused(entry)),
        )
    if (!filter && matched.length === 0) return answer
    if (call.urgent) this.#hurry.start()
    if (this.#hurry.isOn) this.#hurry.add(filter ? [filter.id] : matched.map(({ id }) => id))
    this.#port.schedule(createFilterCall({ seq, filter, matched, cancels: call.cancels }))
    return answer
  }

  #entryOf(query: Query): Entry {
    const { ledger } = this.#port.fetches
    if (!ledger) throw new TypeError('Expected a query client, got none. Pass one to createCoalescer().')
    return ledger.entryOf(query)
  }

  /** Marks a query stale, also beyond the end of a fetch that is running. */
  #mark(query: Query, seq: number): Entry {
    const entry = this.#entryOf(query)
    query.invalidate()
    this.#port.fetches.noteMark(entry, seq)
    return entry
  }
}

/** What a call counts by, if its filters name nothing but a key. */
function keyOf(
  { queryKey, exact, predicate, stale, fetchStatus }: QueryFilters,
  queue: PendingQueue,
): CalledKey | undefined {
  if (predicate !== undefined || stale !== undefined || fetchStatus !== undefined) return undefined
  const key = { queryKey: queryKey ?? [], exact: exact === true && queryKey !== undefined }
  return { ...key, id: identifyCalled(queue.idOf(key.queryKey, key.exact)) }
}

/** Whether the request that is running started after every event that is known of its query. */
const isUpToDate = (entry: Entry): boolean => isAnswering(entry) && entry.startedAt >= (entry.notes?.markSeq ?? 0)

const matchedOf = (entry: Entry, wants: Wants): Matched => ({
  target: entry,
  id: entry.calledId,
  queryKey: entry.query.queryKey,
  wants,
})
