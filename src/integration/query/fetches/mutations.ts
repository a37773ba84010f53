import {
  type MutationCache,
  type Query,
  type QueryClient,
  type QueryFilters,
  onlineManager,
} from '@tanstack/react-query'
import type { Containment } from '../../../actions/containment.ts'
import { watchCalls } from './watchCalls.ts'

type Mutation = ReturnType<MutationCache['getAll']>[number]
type MutationEvent = Parameters<Parameters<MutationCache['subscribe']>[0]>[0]

/** A mutation of the app that has begun and not ended. */
export interface Mutating {
  readonly mutation: Mutation
  /** The queries written to or cancelled since it began. */
  readonly touched: Set<Query>
  /** Until when it holds what it has touched, in time online. */
  readonly untilMs: number
  /** Whether its answer is known, so that nothing but its callbacks is left to run. */
  isAnswered: boolean
  hasEnded: boolean
  /** Whether it has waited to be started or resumed. */
  hasPaused: boolean
}

export interface MutationsPort {
  readonly now: () => number
  readonly maxMutationHoldMs: number
  readonly containment: Containment
  /** A mutation has ended. */
  ended(): void
  /** The mutations that waited for the network have ended, or take too long. */
  resumed(): void
}

/** The app's own mutations that are under way: each from its begin to its end, and what is touched meanwhile. */
export class Mutations {
  readonly #port: MutationsPort
  readonly #pending = new Map<Mutation, Mutating>()
  /** Those that go before the fetches which waited for the network with them. */
  readonly #resuming = new Set<Mutating>()
  readonly #answers = new WeakMap<Mutation, unknown>()
  #offlineSinceMs: number | undefined
  #offlineMs = 0
  #isApart = false
  #ends: (() => void)[] = []

  constructor(port: MutationsPort) {
    this.#port = port
    if (!onlineManager.isOnline()) this.#offlineSinceMs = port.now()
  }

  /** Follows the mutations of a client. */
  attach(queryClient: QueryClient): void {
    const cache = queryClient.getMutationCache()
    const { containment } = this.#port
    const answered = (mutation: unknown): void => {
      const mutating = this.#pending.get(mutation as Mutation)
      if (mutating) mutating.isAnswered = true
    }
    for (const mutation of cache.getAll()) if (mutation.state.status === 'pending') this.#begin(mutation)
    this.#ends = [
      cache.subscribe((event) => void containment.run(() => this.#hear(event))),
      // A cancelled query that was not being fetched tells nobody.
      watchCalls(queryClient, 'cancelQueries', ([filters]) => {
        if (this.#pending.size > 0)
          for (const query of cancelled(queryClient, filters as QueryFilters | undefined)) this.touch(query)
      }),
      // The first that runs once a mutation has its answer, long before the cache tells of its end.
      watchCalls(cache.config, 'onSuccess', ([data, , , mutation]) => {
        this.#answers.set(mutation as Mutation, data)
        answered(mutation)
      }),
      watchCalls(cache.config, 'onError', ([, , , mutation]) => answered(mutation)),
    ]
  }

  /** What the function of a mutation has returned, which its state tells only once its callbacks have run. */
  answerOf(mutation: Mutation): unknown {
    return mutation.state.data ?? this.#answers.get(mutation)
  }

  stop(): void {
    for (const end of this.#ends) end()
    this.#ends = []
    this.#pending.clear()
    this.#resuming.clear()
  }

  /** Runs what writes to queries or cancels them without the app having asked for it. */
  apart<T>(run: () => T): T {
    const wasApart = this.#isApart
    this.#isApart = true
    try {
      return run()
    } finally {
      this.#isApart = wasApart
    }
  }

  /** Notes that a query was written to or cancelled; returns whether the app did that itself. */
  touch(query: Query): boolean {
    if (this.#isApart) return false
    for (const mutating of this.#pending.values()) if (this.#isInTime(mutating)) mutating.touched.add(query)
    return true
  }

  /** Whether any is under way. */
  get isAny(): boolean {
    return this.#pending.size > 0
  }

  /** The mutations that a query is not to be fetched before the end of. */
  *holding(query: Query): Generator<Mutating> {
    for (const mutating of this.#pending.values()) {
      if (mutating.touched.has(query) && this.#isInTime(mutating)) yield mutating
    }
  }

  /** Whether mutations that waited for the network have not ended since its return. */
  get isResuming(): boolean {
    for (const mutating of this.#resuming) if (!mutating.hasEnded && this.#isInTime(mutating)) return true
    return false
  }

  /** Tells if the last of them has ended, or is out of time. */
  checkResuming(): void {
    if (this.#resuming.size === 0 || this.isResuming) return
    this.#resuming.clear()
    this.#port.resumed()
  }

  /** Milliseconds until the first of them is out of time; `Infinity` while offline, and with none. */
  untilNextMs(): number {
    let next = Infinity
    if (this.#offlineSinceMs !== undefined) return next
    for (const mutating of this.#pending.values()) {
      if (this.#isInTime(mutating)) next = Math.min(next, mutating.untilMs - this.#onlineMs())
    }
    return next
  }

  /** TanStack resumes its paused mutations now, and once they have ended its paused fetches. */
  wentOnline(): void {
    if (this.#offlineSinceMs !== undefined) this.#offlineMs += this.#port.now() - this.#offlineSinceMs
    this.#offlineSinceMs = undefined
    for (const mutating of this.#pending.values()) if (mutating.hasPaused) this.#resuming.add(mutating)
  }

  wentOffline(): void {
    this.#offlineSinceMs ??= this.#port.now()
    this.#resuming.clear()
  }

  #hear(event: MutationEvent): void {
    if (event.type === 'removed') this.#end(event.mutation)
    else if (event.type === 'added' && event.mutation.state.status === 'pending') this.#begin(event.mutation)
    else if (event.type === 'updated') {
      const { type } = event.action
      if (type === 'success' || type === 'error') this.#end(event.mutation)
      else if (type !== 'failed') this.#begin(event.mutation)
    }
  }

  /** It begins, or goes on. */
  #begin(mutation: Mutation): void {
    let mutating = this.#pending.get(mutation)
    if (!mutating) {
      const untilMs = this.#onlineMs() + this.#port.maxMutationHoldMs
      mutating = { mutation, touched: new Set(), untilMs, isAnswered: false, hasEnded: false, hasPaused: false }
      this.#pending.set(mutation, mutating)
    }
    if (mutation.state.isPaused) mutating.hasPaused = true
  }

  #end(mutation: Mutation): void {
    const mutating = this.#pending.get(mutation)
    if (!mutating) return
    this.#pending.delete(mutation)
    mutating.hasEnded = true
    this.checkResuming()
    if (mutating.touched.size > 0) this.#port.ended()
  }

  #isInTime({ untilMs }: Mutating): boolean {
    return this.#onlineMs() < untilMs
  }

  /** The time, without that spent offline. */
  #onlineMs(): number {
    return (this.#offlineSinceMs ?? this.#port.now()) - this.#offlineMs
  }
}

/** The queries that a call cancels: those that are being fetched, and the one it names, if it does. */
function cancelled(queryClient: QueryClient, filters: QueryFilters | undefined): Query[] {
  const { queryKey } = filters ?? {}
  const named = queryKey && queryClient.defaultQueryOptions({ queryKey }).queryHash
  const matched: Query[] = queryClient.getQueryCache().findAll(filters)
  return matched.filter(({ state, queryHash }) => state.fetchStatus !== 'idle' || queryHash === named)
}
