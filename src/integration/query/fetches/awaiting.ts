import { onlineManager } from '@tanstack/react-query'
import type { Holds } from './holds.ts'
import { isHeldUp, isMoving } from './owed.ts'
import { type Entry, isRunning } from './way.ts'
import type { Ways } from './ways.ts'

interface AwaitingPort {
  readonly ways: Ways
  readonly holds: Holds
  readonly maxConcurrentRefetches: number
  readonly isHeld: () => boolean
}

/** Tells those who wait for a fetch when it has ended, and lets go of those whose fetch is not coming by itself. */
export class Awaiting {
  readonly #port: AwaitingPort
  #isReleasing = false

  constructor(port: AwaitingPort) {
    this.#port = port
  }

  /** Whether paused fetches hold every slot, so that what is queued waits for network or page as they do. */
  get isBlocked(): boolean {
    const { running } = this.#port.ways
    return running.size >= this.#port.maxConcurrentRefetches && !isMoving(running)
  }

  /** Whether the fetch a query owes waits for the network, the page, a component or a mutation, or for slots of such. */
  #isStuck(entry: Entry): boolean {
    return entry.debt.at === 'unseen' || isHeldUp(entry) || this.#port.holds.isDeferred(entry) || this.#isLeft(entry)
  }

  /**
   * Whether its fetch waits for the page, or for a slot of fetches that wait themselves: online, one that the app awaits
   * takes none.
   */
  #isLeft(entry: Entry): boolean {
    if (entry.debt.at !== 'queued') return false
    if (this.#port.isHeld()) return true
    const isStarted = onlineManager.isOnline() && this.#port.ways.waiting.isAwaited(entry)
    return !isStarted && this.isBlocked
  }

  /** Calls back once the fetch a query owes has ended, is paused, or will not come. */
  whenAnswered(entry: Entry, done: () => void): void {
    if (entry.debt.at === 'nowhere' || this.#isStuck(entry)) done()
    else {
      this.#port.ways.waiting.add(entry, { seq: entry.debt.seq, done })
      if (entry.debt.at === 'held') this.#port.holds.look()
    }
  }

  /** Lets go of those whose fetch a flush, having judged the query up to `seq`, has found not to be coming. */
  releaseUnanswered(entry: Entry, seq: number): void {
    const { waiting } = this.#port.ways
    if (!waiting.has(entry)) return
    if (entry.debt.at === 'nowhere') waiting.release(entry, -1, seq)
    else if (this.#isLeft(entry)) void this.#releaseBlockedSoon()
    else if (this.#isStuck(entry)) waiting.release(entry)
    // A fetch that is owed for older events answers those alone.
    else waiting.release(entry, entry.debt.seq, seq)
  }

  /** Lets go of everyone who waits for what is deferred from now on. */
  releaseDeferred(): void {
    const { waiting } = this.#port.ways
    for (const entry of waiting.entries()) waiting.release(entry, isRunning(entry) ? entry.startedAt : -1)
  }

  /** Once whoever has called for what is flushed in the same turn can have awaited it, which takes two microtasks to show. */
  async #releaseBlockedSoon(): Promise<void> {
    if (this.#isReleasing) return
    this.#isReleasing = true
    await Promise.resolve()
    await Promise.resolve()
    this.#isReleasing = false
    this.releaseBlocked()
  }

  /** Lets go of those whose fetch waits for the page, or for a slot of fetches that wait themselves. */
  releaseBlocked(): void {
    const { queued, waiting } = this.#port.ways
    if (!waiting.isAny || !(this.isBlocked || this.#port.isHeld())) return
    for (const entry of queued) if (this.#isLeft(entry)) waiting.release(entry)
  }
}
