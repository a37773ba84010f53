import { type Query, onlineManager } from '@tanstack/react-query'
import type { FlushedRecord } from 'realtime-coalescer'
import { STUCK_AFTER_MS } from './monitor.ts'
import { type ObservedFetch, countsFrom } from './observedFetch.ts'
import type { Need } from './oracle.ts'
import { pool } from './pool.ts'
import type { Run } from './run.ts'

const indices = new Map(pool.map(({ queryKey }, index) => [JSON.stringify(queryKey), index]))

/** Where a query stands in the pool. */
export const indexOf = ({ queryKey }: Query): number => indices.get(JSON.stringify(queryKey)) ?? -1

export const mustFetch = (need: Need): boolean => need.must && need.fetchActive

/** What must hold at every moment of a trace. */
export class Invariants {
  isResetting = false
  readonly #run: Run
  readonly #broken: string[] = []
  readonly #handled = new Set<string>()
  /** When each query was last mounted, unmounted, enabled, disabled, cancelled or removed. */
  readonly #touchedAtMs = pool.map(() => 0)
  readonly #touchedSeq = pool.map(() => 0)
  /** Until when each query was off the screen the last time; `Infinity` while it is. */
  readonly #offScreenSeq = pool.map(() => Infinity)

  constructor(run: Run) {
    this.#run = run
  }

  throwIfBroken(): void {
    if (this.#broken.length > 0) throw new Error(this.#broken.join('\n'))
  }

  /** Notes a broken rule. */
  break(rule: string): void {
    this.#broken.push(`at ${Date.now()} ms: ${rule}`)
  }

  touched(index: number): void {
    this.#touchedAtMs[index] = this.#run.visibleNow()
    const before = this.#offScreenSeq[index]
    const query = this.#run.app.query(index)
    const seq = (this.#touchedSeq[index] = this.#run.tick())
    if (!query || !isOnScreen(query)) this.#offScreenSeq[index] = Infinity
    else if (before === Infinity) this.#offScreenSeq[index] = seq
  }

  /** Whether a query was off the screen when an event came, or at any time since. */
  wasOffScreenSince(index: number, seq: number): boolean {
    return (this.#offScreenSeq[index] ?? Infinity) > seq
  }

  started(fetch: ObservedFetch, before: ObservedFetch | undefined): void {
    if (fetch.by === 'app') return
    const { query } = fetch
    const name = query.queryHash
    const { monitor, oracle, coalescer, trace } = this.#run
    const index = indexOf(query)
    const limit = trace.config.maxConcurrentRefetches
    const isDirect = !this.#run.isStopped && coalescer.getSnapshot().strategy === 'direct'
    if (this.#run.isHeld) this.break(`fetches ${name} while hidden`)
    if (before && !isDirect && Date.now() - before.attemptAtMs < STUCK_AFTER_MS)
      this.break(`fetches ${name} while a fetch of it runs`)
    if (query.isStatic()) this.break(`fetches ${name}, which is static`)
    if (query.observers.length > 0 && !query.isActive()) this.break(`fetches ${name}, which is disabled`)
    fetch.isAwaited = this.#run.feed.isAwaited(name)
    const own = monitor.ownRunning.filter((one) => !monitor.isStuck(one) && !one.isAwaited).length
    if (own > limit) this.break(`runs ${own} fetches of at most ${limit}`)
    if (!this.#run.isStopped && this.#run.mutations.holds(index)) this.break(`fetches ${name}, which a mutation holds`)
    if (this.isResetting) this.break(`fetches ${name} in a reset`)
    const latest = monitor.latest(query, fetch)?.seq ?? 0
    const need = oracle.newest(index, (one) => one.fetchActive || one.fetchInactive)?.seq ?? 0
    if (!isDirect && !this.#hasUnseenFailures(query) && Math.max(need, oracle.allowedAt[index] ?? 0) < latest) {
      this.break(`fetches ${name} again, whose latest fetch is newer than its newest event`)
    }
    const inactiveNeed = oracle.newest(index, (one) => one.fetchInactive)?.seq ?? 0
    if (!query.isActive() && inactiveNeed <= latest) this.break(`fetches ${name}, which is not mounted`)
  }

  marked(query: Query): void {
    const { monitor, oracle } = this.#run
    const index = indexOf(query)
    if (monitor.hasUnmarkedPages(query)) return
    // What is marked stale stays so.
    if (this.isResetting || this.#hasUnseenFailures(query)) return
    const latest = monitor.latest(query)
    const events = [oracle.newest(index, () => true)?.seq, oracle.allowedAt[index], oracle.markedAt[index]]
    const need = Math.max(...events.map((seq) => seq ?? 0))
    if (latest?.outcome === 'success' && countsFrom(latest) > need)
      this.break(`marks ${query.queryHash} stale, which is fresh`)
  }

  /**
   * Whether failures of a query may have gone unseen: "stop() leaves no subscription" (G9), so that what follows a
   * request that another tab's state hides knows nothing of the failures and retries beside it.
   */
  #hasUnseenFailures(query: Query): boolean {
    return this.#run.isStopped && this.#run.monitor.hasFailedHidden(query)
  }

  flushed(record: FlushedRecord): void {
    const { oracle } = this.#run
    const { knownSinceMs } = this.#run.visibility
    const queryKeys = record.keys.map((key) => key.queryKey)
    const waitedMs = oracle.waitedMs(queryKeys, this.#run.visibleNow(), knownSinceMs)
    if (waitedMs !== undefined && record.waitedMs !== waitedMs) {
      this.break(`says ${record.waitedMs} ms of a wait of ${waitedMs} ms`)
    }
    for (const { id, lateMs } of oracle.flushed(queryKeys, this.#run.visibleNow(), knownSinceMs)) {
      this.break(`flushes ${id} ${lateMs} ms later than maxWaitMs allows (${record.reason})`)
    }
  }

  handled(id: string): void {
    if (this.#handled.has(id)) this.break(`runs the handler of ${id} twice`)
    this.#handled.add(id)
    const pending = this.#run.oracle.pending.get(id)
    if (!pending) this.break(`runs the handler of ${id} after a reset`)
    else if (this.#run.visibleNow() - Math.max(pending.since, this.#run.visibility.knownSinceMs) > pending.maxWaitMs)
      this.break(`runs the handler of ${id} late`)
    this.#run.oracle.pending.delete(id)
  }

  /** After promises have settled: the snapshot agrees with what is seen from outside. */
  drained(): void {
    this.#run.oracle.settleReentries(this.#run.tick())
    if (this.#run.isStopped) return
    const { coalescer, monitor, oracle, errors } = this.#run
    const snapshot = coalescer.getSnapshot()
    if (coalescer.getSnapshot() !== snapshot) this.break('gives two snapshots while nothing changes')
    const inFlight = monitor.ownRunning.filter((fetch) => !fetch.isPaused && !monitor.isStuck(fetch)).length
    if (snapshot.inFlight !== inFlight) this.break(`says ${snapshot.inFlight} in flight, but ${inFlight} are`)
    const { stats } = snapshot
    const own = monitor.fetches.filter((fetch) => fetch.by === 'coalescer')
    if (stats.fetchesStarted !== own.length) this.break(`counts ${stats.fetchesStarted} fetches of ${own.length}`)
    const failed = own.filter((fetch) => fetch.outcome === 'error').length
    if (stats.fetchesFailed !== failed) this.break(`counts ${stats.fetchesFailed} failures of ${failed}`)
    if (stats.eventsReceived !== oracle.eventsReceived) {
      this.break(`counts ${stats.eventsReceived} events of ${oracle.eventsReceived}`)
    }
    if (!monitor.isFetching && !this.#run.mutations.mayHold(0)) {
      for (const { name, isSettled } of this.#run.promises) {
        if (name.startsWith('flush') && !isSettled) this.break(`leaves ${name} pending with no fetch under way`)
      }
    }
    for (const { info } of errors) {
      if (!expectedReports.has(info.type)) this.break(`reports ${info.type}`)
    }
  }

  /** After time has passed: nothing waits longer than it may. */
  waited(): void {
    if (this.#run.isHeld || this.#run.isStopped) return
    const { oracle, maxWaitMs } = this.#run
    const now = this.#run.visibleNow()
    for (const [id, { since }] of oracle.pending) {
      const waitedMs = now - Math.max(since, this.#run.visibility.knownSinceMs)
      if (waitedMs > Math.max(maxWaitMs, 0)) this.break(`lets ${id} wait for ${waitedMs} ms`)
    }
    for (const index of pool.keys()) this.#checkOwed(index, now)
  }

  #checkOwed(index: number, now: number): void {
    const { monitor, oracle, app, trace } = this.#run
    const query = app.query(index)
    const running = query && monitor.running(query)
    if (!query || !isOnScreen(query) || (running && !monitor.isStuck(running))) return
    const latest = monitor.latest(query)
    const need = oracle.needs[index]?.find((one) => mustFetch(one) && one.seq > (latest?.attemptSeq ?? 0))
    if (!need) return
    if (this.wasLeft(index, query, need)) return
    if (this.#run.mutations.mayHold(boundOf(trace) + 1, index)) return
    const { knownSinceMs } = this.#run.visibility
    const sinceMs = Math.max(need.atMs, monitor.endedAtMs(query), this.#touchedAtMs[index] ?? 0, knownSinceMs)
    const dueAtMs = sinceMs + boundOf(trace)
    const busy = monitor.ownRunning.filter((fetch) => !monitor.isStuck(fetch)).length
    if (now <= dueAtMs || busy >= trace.config.maxConcurrentRefetches) return
    this.break(`leaves ${query.queryHash} on screen without the fetch it owes since ${need.atMs} ms`)
  }

  /**
   * Whether a query was left to its next mount, since nothing showed it when the event was flushed, and the app has
   * cancelled the fetch of that mount, or loaded one more page instead: it is stale, and nobody owes it more.
   */
  wasLeft(index: number, query: Query, need: Need): boolean {
    const { data, isInvalidated } = query.state
    const isKnownStale = data === undefined || isInvalidated
    const { monitor } = this.#run
    const isWithoutFetch = monitor.hasLostOwnFetch(query) || monitor.hasLoadedMore(query)
    return this.wasOffScreenSince(index, need.seq) && isKnownStale && isWithoutFetch
  }

  /** Checks, when a promise resolves, that the fetches it stands for have ended. */
  expectAnswered(name: string, ids: ReadonlySet<string> | 'all'): () => void {
    const seq = this.#run.tick()
    const { disturbances } = this.#run
    const calledAtMs = Date.now()
    const wasFree = !this.#run.visibility.isHidden && onlineManager.isOnline() && !this.#run.isStopped
    return () => {
      if (!wasFree || this.#run.disturbances !== disturbances || this.#run.isStopped) return
      const { monitor, oracle, app } = this.#run
      for (const index of pool.keys()) {
        const query = app.query(index)
        if (!query || !isOnScreen(query)) continue
        const need = oracle.newest(
          index,
          (one) => mustFetch(one) && one.seq < seq && (ids === 'all' || ids.has(one.id)),
        )
        if (!need || need.seq < (this.#touchedSeq[index] ?? 0)) continue
        // What waits for a mutation is deferred, and nobody waits for it: mutations could wait for each other.
        if (this.#run.mutations.mayHaveHeld(index, calledAtMs)) continue
        if (monitor.hasAnswered(query, need.seq) || monitor.hasHung(query, calledAtMs)) continue
        const version = app.versionOf(index) ?? 0
        if (version < need.version) this.break(`resolves ${name} before ${query.queryHash} has its answer`)
      }
    }
  }
}

const expectedReports: ReadonlySet<string> = new Set(['refetchFailed', 'handlerFailed', 'fetchStuck'])

export const isOnScreen = (query: Query): boolean => query.isActive() && !query.isStatic()

const boundOf = ({ config, steps }: Run['trace']): number =>
  config.timing.refetchDelayMs +
  Math.max(
    config.timing.maxWaitMs,
    ...steps.map((step) => (step.do === 'switch' && typeof step.strategy === 'object' && step.strategy.maxWaitMs) || 0),
  )
