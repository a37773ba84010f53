import type { FlushedRecord } from '../../../actions/types.ts'
import type { WaitExplanation } from '../../../actions/windows/windows.ts'
import type { ResolvedStrategy } from '../../../machines/registry.ts'
import type { AnyCoalescer, CoalescerSnapshot } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import { FetchFollower } from './fetches.ts'
import { formatError, formatValue } from './format.ts'
import { type PendingView, readPending } from './pending.ts'
import { readWaits } from './waits.ts'
import { type TimelineEntry, MAX_DETAILS, describeKeys } from './timeline.ts'

/** The panel is drawn at most this often, however busy the feed is. */
const FRAME_MS = 100
/** How often ages are counted on while something is pending. */
const AGE_MS = 250
const MAX_ENTRIES = 100

/** Everything the panel shows, apart from the charts. */
export interface MonitorState {
  readonly snapshot: CoalescerSnapshot<string>
  readonly strategy: ResolvedStrategy
  readonly pending: PendingView
  /** Why the open windows wait. */
  readonly waits: readonly WaitExplanation[]
  /** The newest first. */
  readonly entries: readonly TimelineEntry[]
  readonly isPaused: boolean
  readonly isStopped: boolean
}

type NewEntry = TimelineEntry extends infer Entry ? (Entry extends unknown ? Omit<Entry, 'id' | 'atMs'> : never) : never

/**
 * Watches a coalescer for the panel: keeps a bounded timeline and tells of changes at a pace a screen can show. It
 * listens to records, not to the actors, so that watching does not slow the coalescer down.
 */
export class Monitor {
  readonly coalescer: AnyCoalescer
  readonly #listeners = new Set<() => void>()
  readonly #fetches: FetchFollower
  #entries: TimelineEntry[] = []
  #nextId = 1
  #isPaused = false
  #state: MonitorState | undefined
  #ends: (() => void)[] = []
  #frameTimer: ReturnType<typeof setTimeout> | undefined
  #ageTimer: ReturnType<typeof setTimeout> | undefined

  constructor(coalescer: AnyCoalescer) {
    this.coalescer = coalescer
    this.#fetches = new FetchFollower(coalescer, () => this.#draw())
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

  clear(): void {
    this.#fetches.stop()
    this.#entries = []
    this.#drawNow()
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused
    this.#drawNow()
  }

  #start(): void {
    const { coalescer } = this
    this.#state = undefined
    this.#ends = [
      coalescer.subscribe(() => this.#draw()),
      coalescer.on('flushed', (record) => this.#addFlush(record)),
      coalescer.on('strategySwitched', (record) => this.#add({ type: 'switch', ...record })),
      coalescer.on('refetchFailed', ({ queryKey, error }) =>
        this.#add({ type: 'failure', what: `Fetch of ${formatValue(queryKey)}`, message: formatError(error) }),
      ),
      coalescer.on('handlerFailed', ({ change, error }) => {
        const what = `Handler of ${change.table}:${change.eventType}`
        this.#add({ type: 'failure', what, message: formatError(error) })
      }),
    ]
    this.#draw()
  }

  #stop(): void {
    for (const end of this.#ends) end()
    this.#ends = []
    this.#fetches.stop()
    this.#clearTimers()
  }

  #addFlush({ reason, waitedMs, keys, fetched, skippedFresh, markedStale }: FlushedRecord): void {
    if (this.#isPaused) return
    this.#add({
      type: 'flush',
      reason,
      waitedMs,
      events: keys.reduce((sum, key) => sum + key.events, 0),
      keyCount: keys.length,
      keys: describeKeys(keys),
      fetchCount: fetched.length,
      fetches: fetched.slice(0, MAX_DETAILS).map((queryHash) => this.#fetches.open(queryHash)),
      skippedFresh,
      markedStale,
      waits:
        reason === 'quiet' || reason === 'maxWait'
          ? readWaits(
              this.coalescer,
              keys.map(({ queryKey }) => queryKey),
            )
          : [],
    })
  }

  #add(entry: NewEntry): void {
    if (this.#isPaused) return
    this.#entries.push({ id: this.#nextId, atMs: Date.now(), ...entry } as TimelineEntry)
    this.#nextId += 1
    if (this.#entries.length > MAX_ENTRIES) {
      const dropped = this.#entries.shift()
      if (dropped?.type === 'flush') this.#fetches.close(dropped.fetches)
    }
    this.#draw()
  }

  #draw(): void {
    if (this.#ends.length > 0) this.#frameTimer ??= setTimeout(() => this.#drawNow(), FRAME_MS)
  }

  #drawNow(): void {
    this.#clearTimers()
    this.#state = this.#read()
    for (const listener of this.#listeners) listener()
    const isAgeing = this.#ends.length > 0 && this.#state.pending.count > 0
    if (isAgeing) this.#ageTimer = setTimeout(() => this.#drawNow(), AGE_MS)
  }

  #clearTimers(): void {
    clearTimeout(this.#frameTimer)
    clearTimeout(this.#ageTimer)
    this.#frameTimer = undefined
  }

  #read(): MonitorState {
    const { coalescer } = this
    return {
      snapshot: coalescer.getSnapshot(),
      strategy: coalescer.actor.getSnapshot().context.strategy,
      pending: readPending(coalescer),
      waits: readWaits(coalescer),
      entries: this.#entries.toReversed(),
      isPaused: this.#isPaused,
      isStopped: internalsOf(coalescer).isStopped(),
    }
  }
}
