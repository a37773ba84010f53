import { focusManager, onlineManager } from '@tanstack/react-query'
import { vi } from 'vitest'
import { advance, drain } from '../support/simulatedTime.ts'
import { indexOf, isOnScreen, mustFetch } from './invariants.ts'
import type { ObservedFetch } from './observedFetch.ts'
import { pool } from './pool.ts'
import type { Run } from './run.ts'

/** Lets a trace come to its end and checks what is left on the screens. */
export const finish = (run: Run): Promise<void> => new Ending(run).finish()

class Ending {
  readonly #run: Run
  #stopSeq = Infinity
  #wasHeldAtStop = false
  /** Queries whose fetch waited for a mutation at `stop`. */
  #heldAtStop: readonly number[] = []

  constructor(run: Run) {
    this.#run = run
  }

  async finish(): Promise<void> {
    const { trace } = this.#run
    if (trace.end.afterQuiet) {
      await this.#becomeQuiet()
      this.#checkScreens('running')
      this.#stop()
      await drain()
    } else {
      await drain()
      this.#stop()
      const { pending } = trace.end
      await drain()
      // What TanStack Query has paused holds its slot until it resumes.
      if (pending === 'flush') onlineManager.setOnline(true)
      if (pending === 'flush' && trace.config.whenHidden === 'refetch') this.#run.setVisible(true)
      await advance(60_000)
      this.#checkScreens(pending)
    }
    const unserved = this.#run.monitor.fetches.filter(
      ({ outcome, runs, isForeign }) => !isForeign && runs === 0 && (outcome === 'success' || outcome === 'error'),
    )
    if (unserved.length > 0) this.#run.invariants.break('counts fetches that the server has not seen')
    for (const { name, isSettled } of this.#run.promises)
      if (!isSettled) this.#run.invariants.break(`never settles ${name}`)
    if (this.#run.clock.live.size > 0)
      this.#run.invariants.break(`leaves ${this.#run.clock.live.size} timers after stop`)
    this.#run.monitor.end()
    if (this.#run.app.queryClient.getQueryCache().hasListeners())
      this.#run.invariants.break('still listens to the cache after stop')
    this.#run.end()
    if (focusManager.hasListeners()) this.#run.invariants.break('still listens to the focus after stop')
    if (onlineManager.hasListeners()) this.#run.invariants.break('still listens to the network after stop')
    await advance(5000)
    if (vi.getTimerCount() > 0) this.#run.invariants.break('leaves a timer after stop')
  }

  async #becomeQuiet(): Promise<void> {
    const { app, coalescer, monitor, oracle } = this.#run
    app.isServerUp = true
    app.server.hangs = () => false
    this.#run.visibility.turnSilently(false)
    this.#run.mutations.wentOnline()
    if (this.#run.visibility.knownSinceMs === Infinity) this.#run.setVisible(false)
    onlineManager.setOnline(true)
    this.#run.setVisible(true)
    for (let seconds = 0; seconds < 40; seconds += 1) {
      await advance(1000)
      this.#run.invariants.waited()
      this.#run.invariants.drained()
      this.#run.invariants.throwIfBroken()
      const { phase, pendingKeys, inFlight, held = 0 } = coalescer.getSnapshot()
      const isRunning = monitor.fetches.some(
        (fetch) => fetch.outcome === 'running' && !monitor.isStuck(fetch) && !this.#isLeftPaused(fetch),
      )
      if (phase === 'idle' && pendingKeys + inFlight + held === 0 && !isRunning && oracle.pending.size === 0) return
    }
    this.#run.invariants.break(
      `never becomes quiet: ${JSON.stringify(coalescer.getSnapshot())} ${[...oracle.pending.keys()].join()}`,
    )
  }

  /** What no event asks for is TanStack's to resume: after the paused mutations, of which one may never end. */
  #isLeftPaused({ query, by, isPaused, askedSeq }: ObservedFetch): boolean {
    const { oracle, mutations } = this.#run
    if (!isPaused || by !== 'app' || mutations.mayHold(0)) return false
    return !isOnScreen(query) || (oracle.newest(indexOf(query), mustFetch)?.seq ?? 0) < askedSeq
  }

  #stop(): void {
    this.#stopSeq = this.#run.tick()
    const { coalescer, trace } = this.#run
    this.#wasHeldAtStop = this.#run.isHeld
    this.#heldAtStop = [...pool.keys()].filter((index) => this.#run.mutations.mayHaveHeld(index, Date.now()))
    const { pending } = trace.end
    this.#run.isStopped = true
    coalescer.stop({ pending })
    coalescer.stop({ pending: 'drop' })
    const snapshot = coalescer.getSnapshot()
    if (snapshot.pendingKeys > 0 || snapshot.inFlight > 0) this.#run.invariants.break('shows work after stop')
    if (this.#run.clock.live.size > 0) this.#run.invariants.break(`leaves ${this.#run.clock.live.size} timers at stop`)
  }

  #checkScreens(how: 'running' | 'markStale' | 'flush' | 'drop'): void {
    const { monitor } = this.#run
    const late = monitor.fetches.filter((fetch) => fetch.by === 'coalescer' && fetch.askedSeq > this.#stopSeq)
    const mayFetch = how === 'running' || (how === 'flush' && !this.#wasHeldAtStop)
    if (!mayFetch && late.length > 0)
      this.#run.invariants.break(`fetches ${late.map((one) => one.query.queryHash).join()} after stop`)
    if (how === 'drop') return
    // "stop() leaves no timer", by which a request would be given up that never ends, or be let go on that waits for a
    // mutation which never ends: its query is stale, not fetched, and so are those that wait for its slot.
    const endless = how === 'flush' ? monitor.fetches.filter(({ outcome }) => outcome === 'running') : []
    const isBlocked = endless.length >= this.#run.trace.config.maxConcurrentRefetches
    for (const index of pool.keys()) {
      const waitsForEver = isBlocked || endless.some(({ query }) => query === this.#run.app.query(index))
      this.#checkScreen(index, mayFetch && !waitsForEver, how === 'running')
    }
    if (how === 'running') this.#checkSaved()
  }

  #checkScreen(index: number, mayFetch: boolean, isReported: boolean): void {
    const { app, monitor, oracle, errors } = this.#run
    const query = app.query(index)
    if (!query || query.isStatic()) return
    const running = monitor.running(query)
    const owed = oracle.newest(index, mustFetch)
    if (mayFetch && running && monitor.isStuck(running) && isOnScreen(query) && owed && running.attemptSeq < owed.seq) {
      this.#run.invariants.break(`leaves ${query.queryHash} to a request that never ends`)
    }
    if (query.state.data === undefined || running || query.state.fetchStatus === 'paused') return
    const { queryHash } = query
    const version = app.versionOf(index) ?? 0
    const isStale = query.state.isInvalidated
    const marked = oracle.newest(index, (need) => need.must && need.mark)
    if (marked && version < marked.version && !isStale) {
      this.#run.invariants.break(`leaves ${queryHash} at version ${version} of ${marked.version} and not stale`)
    }
    const patched = oracle.patched[index] ?? 0
    if (Math.max(version, app.patchedOf(index)) < patched && !isStale) {
      this.#run.invariants.break(
        `loses the patch of version ${patched} of ${queryHash}, which is at ${version} and not stale`,
      )
    }
    const fetched = oracle.newest(index, mustFetch)
    if (!mayFetch || !isOnScreen(query) || !fetched || version >= fetched.version) return
    // A stopped coalescer cannot wait for the end of a mutation.
    if (this.#heldAtStop.includes(index) && isStale) return
    if (this.#run.invariants.wasLeft(index, query, fetched)) return
    const latest = monitor.latest(query)
    if (latest?.outcome !== 'error' || latest.attemptSeq < fetched.seq) {
      this.#run.invariants.break(`shows ${queryHash} at version ${version} of ${fetched.version}`)
    } else if (!isStale) this.#run.invariants.break(`leaves ${queryHash} not stale after a failure`)
    else if (
      isReported &&
      !this.#run.invariants.wasOffScreenSince(index, fetched.seq) &&
      !isReportedSince(errors, queryHash, fetched.seq)
    ) {
      this.#run.invariants.break(`does not report the failure of ${queryHash}`)
    }
  }

  #checkSaved(): void {
    const { coalescer, monitor, oracle } = this.#run
    const { fetchesSaved } = coalescer.getSnapshot().stats
    const overtaken = oracle.allowedAt.filter((seq) => seq > 0).length
    if (fetchesSaved + monitor.ownCancelled + overtaken < 0) this.#run.invariants.break(`saves ${fetchesSaved} fetches`)
  }
}

const isReportedSince = (errors: Run['errors'], queryHash: string, seq: number): boolean =>
  errors.some((error) => error.seq > seq && error.info.type === 'refetchFailed' && error.info.queryHash === queryHash)
