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

/** Whether two objects of plain values say the same. */
const isSame = (one: object, other: object): boolean => {
  const values = Object.entries(one)
  return (
    values.length === Object.keys(other).length &&
    values.every(([name, value]) => value === (other as Record<string, unknown>)[name])
  )
}

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

  const read = (): AnySnapshot => {
    if (isFrozen && last) return last
    const { inFlight, ways } = engine.fetches
    const held = ways.held.size
    const next: AnySnapshot = {
      strategy: engine.strategy.name,
      phase: phaseOf(),
      pendingKeys: engine.queue.size,
      inFlight,
      ...(held > 0 && { held }),
      stats: last && isSame(last.stats, engine.stats) ? last.stats : engine.stats,
    }
    if (!last || !isSame(last, next)) last = next
    return last
  }

  return {
    read,
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
      const { strategy, stats } = read()
      const rest: AnySnapshot = { strategy, phase: 'idle', pendingKeys: 0, inFlight: 0, stats }
      if (!last || !isSame(last, rest)) last = rest
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
