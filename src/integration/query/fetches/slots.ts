import { notifyManager } from '@tanstack/react-query'
import { fetchStale } from './startFetch.ts'
import type { Containment } from '../../../actions/containment.ts'
import type { Ledger } from './ledger.ts'
import { eachMostUrgent } from './urgency.ts'
import { isStillWanted } from './owed.ts'
import { type Entry, type Ways, isAnswered, isRunning } from './way.ts'
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
  /** The main thread has had its turn, and the queue went on. */
  continued(): void
}

/** Starts fetches, as far as slots, the page's visibility and the main thread allow. */
export class Slots {
  readonly #port: SlotsPort
  #isPumping = false
  /** Whether a flush is on its way whose fetches start at once. */
  #isRunOpen = false
  #sliceEndMs = Infinity
  /** Whether the rest of the queue waits for the main thread to come back. */
  #hasYielded = false

  constructor(port: SlotsPort) {
    this.#port = port
  }

  /** From here to `endRun`, `startInRun` may start fetches, if there is no limit to mind and no reason to wait. */
  beginRun(): void {
    const { maxConcurrentRefetches, isHeld } = this.#port
    this.#isRunOpen = maxConcurrentRefetches === Infinity && !this.#isPumping && !this.#hasYielded && !isHeld()
    this.#sliceEndMs = this.#nextSliceEndMs()
  }

  /** Starts what the run has queued. */
  endRun(): void {
    this.#isRunOpen = false
    this.#pump(this.#sliceEndMs)
  }

  /** Starts a fetch at once; `false` if it has to queue. */
  startInRun(entry: Entry): boolean {
    if (!this.#isRunOpen) return false
    if (this.#sliceEndMs !== Infinity && this.#port.now() >= this.#sliceEndMs) {
      this.#isRunOpen = false
      return false
    }
    this.start(entry, false)
    return true
  }

  /** Starts what is queued. */
  pump(): void {
    this.#pump(this.#nextSliceEndMs())
  }

  /** Fetches a query now; `cancelRefetch` cancels a fetch of it that is running. */
  start(entry: Entry, cancelRefetch: boolean): void {
    const ledger = this.#port.ledger()
    if (!ledger) return
    ledger.starting = entry.query
    try {
      fetchStale(entry.query, ledger.cache, cancelRefetch, this.#port.containment)
    } finally {
      ledger.starting = undefined
      if (!isRunning(entry)) this.#port.ways.discharge(entry)
    }
  }

  #pump(sliceEndMs: number): void {
    if (this.#isPumping || this.#hasYielded || this.#port.ways.queued.size === 0 || this.#port.isHeld()) return
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
    const { maxConcurrentRefetches: limit, containment, now, ways } = this.#port
    if (ways.running.size >= limit) return
    for (const entry of limit === Infinity ? ways.queued : eachMostUrgent(ways.queued)) {
      if (endMs !== Infinity && now() >= endMs) return this.#yield()
      if (!containment.run(() => this.#startQueued(entry), entry.query)) ways.discharge(entry)
      if (ways.running.size >= limit) return
    }
  }

  #startQueued(entry: Entry): void {
    const { ways } = this.#port
    if (isRunning(entry)) ways.move(entry, 'fetching')
    else if (isAnswered(entry)) ways.discharge(entry)
    else if (isStillWanted(entry)) this.start(entry, false)
    else {
      // A patch may have cleared the flag since the flush.
      entry.query.invalidate()
      ways.discharge(entry)
    }
  }

  /** Goes on in a task of its own, with whatever is queued by then. */
  #yield(): void {
    this.#hasYielded = true
    const goOn = (): void => {
      this.#hasYielded = false
      this.pump()
      this.#port.continued()
    }
    yieldToMain().then(goOn, goOn)
  }
}
