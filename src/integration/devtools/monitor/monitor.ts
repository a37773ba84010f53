import type { WaitExplanation } from '../../../actions/windows/windows.ts'
import type { ResolvedStrategy } from '../../../machines/registry.ts'
import type { AnyCoalescer, CoalescerSnapshot } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import type { RealtimeStatusSource } from '../../react/useRealtimeStatus.ts'
import { TimelineLog } from './log.ts'
import { type PendingView, readPending } from './pending.ts'
import { Recorder } from './recorder.ts'
import type { TimelineEntry } from './timeline.ts'
import { readWaits } from './waits.ts'

/** The panel is drawn at most this often, however busy the feed is. */
const FRAME_MS = 250
/** Drawing takes at most this share of the time: a panel with much to show is drawn less often. */
const MOST_SHARE = 0.02
/** However long it takes. */
const LONGEST_FRAME_MS = 1000

/** Everything the panel shows, apart from the charts. */
export interface MonitorState {
  readonly snapshot: CoalescerSnapshot<string>
  readonly strategy: ResolvedStrategy
  readonly pending: PendingView
  /** Why the open windows wait. */
  readonly waits: readonly WaitExplanation[]
  /** The newest first; while paused, those from before. */
  readonly entries: readonly TimelineEntry[]
  readonly isPaused: boolean
  /** How many entries have come since the pause began. */
  readonly newer: number
  readonly isStopped: boolean
}

/**
 * Watches a coalescer for the panel, and tells of changes at a pace a screen can show. It listens to records and to the
 * query cache, not to the actors, so that watching does not slow the coalescer down.
 */
export class Monitor {
  readonly coalescer: AnyCoalescer
  readonly #log = new TimelineLog()
  readonly #recorder: Recorder
  readonly #listeners = new Set<() => void>()
  /** What the timeline shows while it is paused. */
  #held: readonly TimelineEntry[] | undefined
  #state: MonitorState | undefined
  #ends: (() => void)[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #restMs = FRAME_MS

  constructor(coalescer: AnyCoalescer, service?: RealtimeStatusSource) {
    this.coalescer = coalescer
    this.#recorder = new Recorder(coalescer, service, this.#log, () => this.#draw())
  }

  /** Watches from the first subscriber to the last. */
  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) this.#start()
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  readonly getIsWatching = (): boolean => this.#ends.length > 0

  /** The same object until it is drawn anew. */
  readonly getState = (): MonitorState => (this.#state ??= this.#read())

  readonly clear = (): void => {
    this.#recorder.clear()
    if (this.#held) this.#held = []
    this.#drawNow()
  }

  /** Holds what the timeline shows; what happens meanwhile is shown afterwards. */
  readonly setPaused = (isPaused: boolean): void => {
    this.#held = isPaused ? (this.#held ?? this.#log.read()) : undefined
    this.#log.isPaused = isPaused
    this.#drawNow()
  }

  #start(): void {
    this.#state = undefined
    this.#recorder.start()
    this.#ends = [this.coalescer.subscribe(() => this.#draw()), () => this.#recorder.stop()]
    this.#draw()
  }

  #stop(): void {
    for (const end of this.#ends) end()
    this.#ends = []
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #draw(): void {
    if (this.#ends.length > 0) this.#timer ??= setTimeout(() => this.#drawNow(), this.#restMs)
  }

  #drawNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const beganMs = performance.now()
    this.#state = this.#read()
    for (const listener of this.#listeners) listener()
    // React draws in microtasks that it has queued by now.
    queueMicrotask(() => {
      const restMs = (performance.now() - beganMs) / MOST_SHARE
      this.#restMs = Math.min(LONGEST_FRAME_MS, Math.max(FRAME_MS, restMs))
    })
    // Ages are counted on while something is pending.
    if (this.#state.pending.count > 0) this.#draw()
  }

  #read(): MonitorState {
    const { coalescer } = this
    this.#recorder.listen()
    const entries = this.#log.read()
    const newest = this.#held?.[0]?.id ?? 0
    return {
      snapshot: coalescer.getSnapshot(),
      strategy: coalescer.actor.getSnapshot().context.strategy,
      pending: readPending(coalescer, this.#recorder.arrivals),
      waits: readWaits(coalescer),
      entries: this.#held ?? entries,
      isPaused: this.#held !== undefined,
      newer: this.#held ? entries.filter(({ id }) => id > newest).length : 0,
      isStopped: internalsOf(coalescer).isStopped(),
    }
  }
}
