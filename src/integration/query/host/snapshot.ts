import { Emitter, type ErrorReporter } from '../../../actions/report.ts'
import type { AnyCoalescer, CoalescerActorRef } from '../coalescer.ts'
import type { Engine } from './engine.ts'
import type { Containment } from '../../../actions/containment.ts'
import type { Router } from './router.ts'

type AnySnapshot = ReturnType<AnyCoalescer['getSnapshot']>

export interface SnapshotReader {
  /** The current snapshot; the same object while nothing has changed. */
  read(): AnySnapshot
  /** Calls back at each state of whichever strategy is at work. */
  followStrategy(changed: () => void): void
  /** Keeps the last snapshot for after `stop`. */
  freeze(): void
}

const statNames = [
  'eventsReceived',
  'flushes',
  'fetchesStarted',
  'fetchesSaved',
  'fetchesFailed',
  'longestWaitMs',
] as const satisfies readonly (keyof AnySnapshot['stats'])[]

export function createSnapshotReader(engine: Engine, actor: CoalescerActorRef, router: Router): SnapshotReader {
  let last: AnySnapshot | undefined
  let isFrozen = false
  let followed: unknown
  let unfollow: { unsubscribe(): void } | undefined

  const phaseOf = (): AnySnapshot['phase'] => {
    if (router.state !== 'running') return 'idle'
    const strategy = actor.getSnapshot().children.strategy?.getSnapshot()
    if (strategy?.hasTag('collecting')) return 'collecting'
    return strategy?.hasTag('flushing') ? 'flushing' : 'idle'
  }

  return {
    read() {
      if (isFrozen && last) {
        const { strategy, phase, pendingKeys, inFlight, held = 0, stats } = last
        if (phase !== 'idle' || pendingKeys + inFlight + held > 0) {
          last = { strategy, phase: 'idle', pendingKeys: 0, inFlight: 0, stats }
        }
        return last
      }
      const phase = phaseOf()
      const pendingKeys = engine.queue.size
      const { inFlight, ways } = engine.fetches
      const held = ways.held.size
      const strategy = engine.strategy.name
      const { stats } = engine
      if (last && statNames.every((name) => last?.stats[name] === stats[name])) {
        if (
          last.phase === phase &&
          last.pendingKeys === pendingKeys &&
          last.inFlight === inFlight &&
          (last.held ?? 0) === held &&
          last.strategy === strategy
        ) {
          return last
        }
        last = { strategy, phase, pendingKeys, inFlight, ...(held > 0 && { held }), stats: last.stats }
      } else last = { strategy, phase, pendingKeys, inFlight, ...(held > 0 && { held }), stats }
      return last
    },
    followStrategy(changed) {
      const follow = (): void => {
        const { strategy } = actor.getSnapshot().children
        if (strategy === followed) return
        unfollow?.unsubscribe()
        followed = strategy
        unfollow = strategy?.subscribe({ next: changed, error: () => undefined })
      }
      follow()
      actor.subscribe({ next: follow, error: () => undefined })
    },
    freeze() {
      this.read()
      isFrozen = true
    },
  }
}

export interface Notifier {
  subscribe(listener: () => void): () => void
  /** Tells the listeners, if the snapshot has changed since they were told last. */
  notify(): void
  /** The same, once for everything that happens in this turn. */
  notifySoon(): void
}

export function createNotifier(snapshots: SnapshotReader, containment: Containment, report: ErrorReporter): Notifier {
  const listeners = new Emitter<{ change: undefined }>(report)
  let told: AnySnapshot | undefined
  let isSoon = false
  const notify = (): void => {
    isSoon = false
    if (!listeners.has('change')) return
    const snapshot = snapshots.read()
    if (snapshot === told) return
    told = snapshot
    containment.run(() => listeners.emit('change', undefined))
  }
  return {
    notify,
    notifySoon() {
      if (isSoon || !listeners.has('change')) return
      isSoon = true
      queueMicrotask(notify)
    },
    subscribe: (listener) => listeners.on('change', listener),
  }
}
