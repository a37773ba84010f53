import { type Query, notifyManager } from '@tanstack/react-query'
import { doubtRun } from './runs.ts'
import { fetchStale, markQuietly, tellOfMark } from './startFetch.ts'
import type { Containment } from '../../../actions/containment.ts'
import type { Ledger } from './ledger.ts'
import { eachMostUrgent } from './urgency.ts'
import { isStillWanted } from './owed.ts'
import { type Entry, isAnswered, isOpen, isRunning, wantedAt } from './way.ts'
import type { Ways } from './ways.ts'
import { SLICE_MS, canYield, yieldToMain } from './yielding.ts'

export interface SlotsPort {
  readonly ways: Ways
  readonly ledger: () => Ledger | undefined
  readonly maxConcurrentRefetches: number
  readonly isHeld: () => boolean
  readonly now: () => number
  /** Whether time is real, so that a long run of starts may give the main thread a turn. */
  readonly mayYield: boolean
  readonly containment: Containment
  /** Whether mutations are under way, which some fetches may have to wait for. */
  readonly isMutating: () => boolean
  /** Keeps back the fetch a query owes, if it may not start yet. */
  readonly mayHold: (entry: Entry) => boolean
  /** The main thread has had its turn, and the queue went on. */
  continued(): void
}

/** More microtasks than TanStack takes from the return to the page to its refetches. */
const TICKS_TO_FOCUS = 32

/** Starts fetches, as far as slots, the page's visibility and the main thread allow. */
export class Slots {
  /** Whether nothing is to start any more, also in a run that is on its way. */
  isShut = false
  readonly #port: SlotsPort
  #isPumping = false
  /** Whether a flush is on its way whose fetches start as they are asked for. */
  #isRunOpen = false
  /** Whether somebody looks at the page again, and TanStack has not yet looked for what is stale. */
  #isReturning = false
  /** What is queued and would be marked otherwise. */
  readonly #unmarked = new Set<Entry>()
  /** What is marked without its components knowing, whom the start of the fetch is to tell. */
  #untold: Query[] = []
  #sliceAtMs = 0
  #sliceEndMs = Infinity
  /** Whether the rest of the queue waits for the main thread to come back. */
  #hasYielded = false

  constructor(port: SlotsPort) {
    this.#port = port
  }

  /**
   * From here to `endRun`, fetches start as they are asked for, of queries that are marked ahead, if there is nothing
   * that they might have to wait for. Returns whether that is so.
   */
  beginRun(): boolean {
    const { maxConcurrentRefetches, isHeld, isMutating, now } = this.#port
    const mustQueue = this.#isPumping || this.#hasYielded || this.#isReturning || this.isShut
    if (mustQueue || maxConcurrentRefetches !== Infinity || isHeld() || isMutating()) return false
    this.#isPumping = true
    this.#isRunOpen = true
    this.#sliceAtMs = now()
    this.#sliceEndMs = this.#nextSliceEndMs()
    return true
  }

  /** Starts what the run has left for later. */
  endRun(): void {
    this.#isPumping = false
    this.#isRunOpen = false
    this.#pump(this.#sliceEndMs)
    this.#tellUntold()
  }

  /** Marks a query whose fetch is to start in the run, and then tells its components; of any other, it tells now. */
  markAhead({ query, run }: Entry): void {
    const ledger = this.#port.ledger()
    if (ledger && run.is === 'idle' && query.state.fetchStatus === 'idle') markQuietly(query, ledger.cache)
    else query.invalidate()
  }

  /** Tells the components of a query that was marked ahead, unless the start of its fetch has or, later, may. */
  tellUnlessStarted({ query, debt }: Entry): void {
    if (debt.at === 'queued') this.#untold.push(query)
    else this.#tellUnlessFetching(query)
  }

  /** Lets a query wait for its fetch, and marks it: it must not pass for fresh until then. */
  queue(entry: Entry): void {
    if (this.#isRunOpen && this.#mayStartAtOnce()) return this.#start(entry, this.#sliceAtMs)
    this.#port.ways.move(entry, 'queued')
    if (this.#isReturning && !entry.query.state.isInvalidated) this.#unmarked.add(entry)
    else entry.query.invalidate()
  }

  /**
   * Takes the marks of what is queued back until TanStack has looked for what is stale: it refetches that on return to
   * the page, and would not mind the limit.
   */
  unmarkForFocus(): void {
    this.#isReturning = true
    for (const entry of this.#port.ways.queued) {
      const { query } = entry
      if (!query.state.isInvalidated || query.state.data === undefined) continue
      query.state = { ...query.state, isInvalidated: false }
      this.#unmarked.add(entry)
    }
  }

  /** Marks it again once TanStack has looked for what is stale, which it does after some microtasks. */
  async markAgainSoon(): Promise<void> {
    for (let tick = 0; tick < TICKS_TO_FOCUS; tick += 1) await Promise.resolve()
    this.markAgain()
  }

  markAgain(): void {
    this.#isReturning = false
    for (const { debt, query } of this.#unmarked) {
      if (debt.at === 'queued') this.#port.containment.run(() => query.invalidate(), query)
    }
    this.#unmarked.clear()
  }

  /** Starts what is queued. */
  pump(): void {
    this.#pump(this.#nextSliceEndMs())
  }

  /** Fetches a query now, in place of a fetch of it that is running. */
  start(entry: Entry): void {
    this.#start(entry, this.#port.now())
  }

  #start(entry: Entry, atMs: number): void {
    const ledger = this.#port.ledger()
    if (!ledger) return
    const { runId, query } = entry
    const { promise } = query
    ledger.starting = entry
    ledger.startingAtMs = atMs
    try {
      const before = isRunning(entry) ? 'running' : 'none'
      ledger.watchRun(query, fetchStale(query, ledger.cache, before, this.#port.containment))
    } finally {
      ledger.starting = undefined
      // A listener of the cache that throws at the start keeps TanStack from sending the request.
      if (entry.runId !== runId && query.promise === promise) doubtRun(entry)
      if (!isRunning(entry)) this.#port.ways.discharge(entry)
    }
  }

  #pump(sliceEndMs: number): void {
    if (this.#isPumping || this.isShut || this.#hasYielded || this.#port.ways.queued.size === 0 || this.#port.isHeld())
      return
    this.#isPumping = true
    try {
      notifyManager.batch(() => this.#startSlice(sliceEndMs))
    } finally {
      this.#isPumping = false
    }
  }

  /** When the main thread is to get a turn; never on a platform that would not come back right after it. */
  #nextSliceEndMs(): number {
    return this.#port.mayYield && canYield() ? this.#port.now() + SLICE_MS : Infinity
  }

  #startSlice(endMs: number): void {
    const { maxConcurrentRefetches: limit, now, ways } = this.#port
    this.#sliceAtMs = now()
    if (ways.running.size < limit) {
      for (const entry of limit === Infinity ? ways.queued : eachMostUrgent(ways.queued)) {
        if (endMs !== Infinity && now() >= endMs) return this.#yield()
        this.#tryStart(entry)
        if (this.isShut || ways.running.size >= limit) break
      }
    }
    // Code of the app that awaits a fetch may be what a slot waits for.
    if (ways.waiting.isAny && !this.isShut)
      for (const entry of ways.queued) if (ways.waiting.isAwaited(entry)) this.#tryStart(entry)
  }

  #tryStart(entry: Entry): void {
    const { containment, ways } = this.#port
    if (!containment.runWith(this.#startQueued, entry, entry.query)) ways.discharge(entry)
  }

  readonly #startQueued = (entry: Entry): void => {
    const { ways } = this.#port
    if (isRunning(entry)) ways.move(entry, 'fetching')
    else if (isAnswered(entry)) ways.discharge(entry)
    else if (!isStillWanted(entry)) {
      // A patch may have cleared the flag since the flush.
      entry.query.invalidate()
      // What a request that is stuck may still bring is older.
      if (isOpen(entry)) ways.note(entry, wantedAt(entry), undefined)
      ways.postpone(entry)
    } else if (!this.#port.mayHold(entry)) this.#start(entry, this.#sliceAtMs)
  }

  /** Not inside of the start of another fetch, nor once the main thread is to get a turn. */
  #mayStartAtOnce(): boolean {
    if (this.#port.ledger()?.starting || this.isShut) return false
    if (this.#sliceEndMs !== Infinity && this.#port.now() >= this.#sliceEndMs) this.#isRunOpen = false
    return this.#isRunOpen
  }

  /** Goes on in a task of its own, with whatever is queued by then. */
  #yield(): void {
    this.#hasYielded = true
    const goOn = (): void => {
      this.#hasYielded = false
      this.pump()
      this.#tellUntold()
      this.#port.continued()
    }
    yieldToMain().then(goOn, goOn)
  }

  #tellUntold(): void {
    if (this.#hasYielded) return
    for (const query of this.#untold) this.#tellUnlessFetching(query)
    this.#untold = []
  }

  #tellUnlessFetching(query: Query): void {
    const { isInvalidated, fetchStatus } = query.state
    if (isInvalidated && fetchStatus === 'idle') this.#port.containment.runWith(tellOfMark, query, query)
  }
}
