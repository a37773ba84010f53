import { type Query, type QueryKey, onlineManager } from '@tanstack/react-query'
import type { CoalescerClock } from '../../../actions/clock.ts'
import type { Mutating, Mutations } from './mutations.ts'
import { type Entry, isOwnRun } from './way.ts'
import type { Ways } from './ways.ts'

export interface HoldsPort {
  readonly ways: Ways
  readonly mutations: Mutations
  /** Whether what a mutation has touched is held at all. */
  readonly isOn: boolean
  readonly clock: CoalescerClock
  readonly now: () => number
  /** Whether someone waits for everything. */
  readonly isAwaited: () => boolean
  /** Has the fetch follow that a query owes, behind one that is running, or as soon as a slot is free. */
  release(entries: readonly Entry[]): void
}

/** A query whose fetch waits for mutations. */
export interface HeldQuery {
  readonly queryKey: QueryKey
  /** The keys of the mutations it waits for; `undefined` for one without a key. */
  readonly mutationKeys: readonly (readonly unknown[] | undefined)[]
}

const none: readonly Mutating[] = []

/**
 * Keeps fetches back from queries that the app has written to for a mutation that is under way: what they bring would
 * be older than what is on screen. They are let go when the last such mutation ends, or takes too long.
 */
export class Holds {
  readonly mutations: Mutations
  readonly #port: HoldsPort
  #timer: { readonly id: unknown; readonly atMs: number } | undefined

  constructor(port: HoldsPort) {
    this.#port = port
    this.mutations = port.mutations
  }

  /** The mutations whose end a query waits for. */
  holding(query: Query): readonly Mutating[] {
    return this.#port.isOn && this.mutations.isAny ? [...this.mutations.holding(query)] : none
  }

  /**
   * Whether the fetch a query owes has to wait. The callbacks of a mutation that has its answer may wait for it
   * themselves: then nothing is left that it could overwrite, and the mutation would never end.
   */
  mustWait(entry: Entry): boolean {
    const holding = this.holding(entry.query)
    if (holding.length === 0) return false
    const isAwaited = this.#port.ways.waiting.has(entry) || this.#port.isAwaited()
    return !(isAwaited && holding.every(({ isAnswered }) => isAnswered))
  }

  /** Whether nobody is to wait for the fetch a query owes, since it may be that what waits would never end. */
  isDeferred(entry: Entry): boolean {
    return entry.debt.at === 'held' && this.holding(entry.query).some(({ isAnswered }) => !isAnswered)
  }

  /** What is held, and what for. */
  describe(): HeldQuery[] {
    return [...this.#port.ways.held].map(({ query }) => ({
      queryKey: query.queryKey,
      mutationKeys: this.holding(query).map(({ mutation }) => mutation.options.mutationKey),
    }))
  }

  /** Whether something is held that will be fetched by itself, which without network is not so. */
  get isMoving(): boolean {
    return this.#port.ways.held.size > 0 && onlineManager.isOnline()
  }

  /** Keeps back the fetch a query owes, if it has to wait; returns whether it has. */
  mayHold(entry: Entry): boolean {
    const mustWait = this.mustWait(entry)
    if (mustWait) this.#hold(entry)
    return mustWait
  }

  /** The app has written to a query. */
  written(entry: Entry): void {
    const isOwn = this.mutations.touch(entry.query)
    if (!isOwn || !isOwnRun(entry) || this.holding(entry.query).length === 0) return
    // What it would bring is older than what has been written.
    entry.query.cancel({ revert: true }).catch(() => undefined)
  }

  /** The query is not marked stale: TanStack would fetch it at the next focus, mount or reconnect. */
  #hold(entry: Entry): void {
    const { ways } = this.#port
    ways.move(entry, 'held')
    if (this.isDeferred(entry)) ways.waiting.release(entry)
    this.lookLater()
  }

  /** Lets go of what no longer has to wait. */
  look(): void {
    const free = [...this.#port.ways.held].filter((entry) => !this.mustWait(entry))
    if (free.length > 0) this.#port.release(free)
    this.lookLater()
  }

  /** Leaves no timer, and hears of no mutation any more. */
  stop(): void {
    this.#clear()
    this.mutations.stop()
  }

  /** In a task of its own, so that what the app asks for right after its mutation is asked for by then. */
  lookSoon(): void {
    if (this.#port.ways.held.size > 0) this.#lookIn(0)
  }

  setOnline(isOnline: boolean): void {
    if (!isOnline) return this.mutations.wentOffline()
    this.mutations.wentOnline()
    this.lookLater()
  }

  /** Once a mutation is out of time, if anything depends on it. */
  lookLater(): void {
    const { ways } = this.#port
    const { mutations } = this
    if (ways.held.size > 0 || mutations.isResuming) this.#lookIn(mutations.untilNextMs())
    else this.#clear()
  }

  #clear(): void {
    if (this.#timer) this.#port.clock.clearTimeout(this.#timer.id)
    this.#timer = undefined
  }

  #lookIn(ms: number): void {
    const { clock, now } = this.#port
    const atMs = now() + ms
    if (ms === Infinity || (this.#timer && this.#timer.atMs <= atMs)) return
    this.#clear()
    const fired = (): void => {
      this.#timer = undefined
      this.mutations.checkResuming()
      this.look()
    }
    this.#timer = { id: clock.setTimeout(fired, ms), atMs }
  }
}
