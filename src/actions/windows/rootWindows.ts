import { closeGate } from '../gate.ts'
import type { PendingKey } from '../pendingKey.ts'
import type { Timing } from '../timing.ts'
import { capAt } from './deadlines.ts'
import { type Group, type GroupWindow, GroupWindows } from './groupWindows.ts'
import { type Rhythm, createRhythm, isKnown, noteChange, worthWaitingMs } from './rhythm.ts'
import type { StrategyPort } from './windows.ts'

/** So many roots are remembered; those that changed longest ago are forgotten first. */
const MAX_ROOTS = 1000
/** A change that comes this many times `maxWaitMs` after the one before ends a silence. */
const SILENCE = 2
/** After a silence, and for bursts of other roots, a window waits no longer than this share of `maxWaitMs`. */
const BURST = 0.15

/** The pending keys of one root. */
interface RootGroup extends Group {
  readonly keys: PendingKey[]
  readonly rhythm: Rhythm
  readonly endsSilence: boolean
  /** The key that changed last. */
  last: PendingKey
  /** From then on an event can make the window due earlier than was planned. */
  hurryAtMs: number
  window: GroupWindow<RootGroup> | undefined
}

/** When a window is due, and how long it waits for its next change. */
function decide(
  { firstAtMs, lastAtMs, rhythm, endsSilence }: RootGroup,
  timing: Timing,
  jitterMs: number,
  lastOfAllAtMs: number,
): { readonly dueAtMs: number; readonly waitMs: number } {
  const { quietMs, maxWaitMs } = timing
  const burstMs = Math.max(quietMs, BURST * maxWaitMs)
  const cap = capAt(firstAtMs, timing, jitterMs)
  const learnedMs = worthWaitingMs(rhythm, cap - lastAtMs, maxWaitMs)
  const waitMs = Math.max(
    isKnown(rhythm) ? quietMs : 2 * quietMs,
    endsSilence ? Math.min(learnedMs, burstMs) : learnedMs,
  )
  // Not in the middle of a burst of other roots.
  const ofOthers = Math.min(lastOfAllAtMs + quietMs, firstAtMs + burstMs)
  return { dueAtMs: Math.min(cap, Math.max(lastAtMs + waitMs, ofOthers) + jitterMs), waitMs }
}

/**
 * Names the root of a key. Keys that can match the same query share it: TanStack Query matches parts of keys that are
 * objects by what they have in common, so all of those are one root.
 */
const nameRoot = (root: unknown): string =>
  typeof root === 'object' && root !== null ? 'object' : `${typeof root}:${String(root)}`

/**
 * One window per root, the first element of a key: it waits for the next change exactly as long as, going by the recent
 * gaps of that root, waiting is cheaper than a request.
 */
export class RootWindows extends GroupWindows<RootGroup> {
  readonly #groups = new Map<string, RootGroup>()
  readonly #groupOfKey = new Map<string, RootGroup>()
  /** Least recently changed first. */
  readonly #rhythms = new Map<string, Rhythm>()
  #lastOfAllAtMs = -Infinity

  constructor(port: StrategyPort) {
    super(port)
    for (const key of port.queue.keys.values()) this.noteKey(key)
  }

  override noteKey(key: PendingKey): void {
    const id = nameRoot(this.port.rootOf(key.queryKey))
    let group = this.#groups.get(id)
    const isOpen = group !== undefined && this.isPending(group)
    if (group && isOpen) group.keys.push(key)
    else this.#groups.set(id, (group = this.#createGroup(id, key)))
    this.#groupOfKey.set(key.id, group)
    this.noteEvent(key, key.lastAtMs)
    if (!isOpen) {
      group.window = this.open(group)
      this.#planHurry(group)
    }
    if (this.#groupOfKey.size > 2 * this.port.queue.keys.size + 16) this.#forgetFlushedKeys()
  }

  override noteEvent(key: PendingKey, atMs: number): void {
    const group = this.#groupOfKey.get(key.id)
    if (!group) return
    group.last = key
    if (atMs > this.#lastOfAllAtMs) this.#lastOfAllAtMs = atMs
    if (atMs !== group.rhythm.seenAtMs) noteChange(group.rhythm, atMs, this.port.timing.maxWaitMs)
    if (atMs > group.hurryAtMs && !this.port.isHeld()) closeGate(this.port.gate)
  }

  override look(): void {
    const at = this.port.now()
    for (const group of this.#groups.values()) {
      if (at <= group.hurryAtMs || !group.window) continue
      this.#planHurry(group)
      this.planAnew(group.window)
    }
    super.look()
  }

  override rest(): void {
    super.rest()
    for (const [id, group] of this.#groups) if (!this.isPending(group)) this.#groups.delete(id)
    if (this.port.queue.keys.size === 0) this.#groupOfKey.clear()
  }

  protected override isPending(group: RootGroup): boolean {
    return this.#groups.get(group.id) === group && group.keys.some((key) => this.#isPendingKey(key))
  }

  protected override dueAtMs(window: GroupWindow<RootGroup>): number {
    return this.#decide(window).dueAtMs
  }

  protected override groupOf(keyId: string): RootGroup | undefined {
    return this.#groupOfKey.get(keyId)
  }

  protected override groupOfId(id: string): RootGroup | undefined {
    return this.#groups.get(id)
  }

  protected override keyIdsOf({ keys }: RootGroup): readonly string[] {
    return keys.filter((key) => this.#isPendingKey(key)).map(({ id }) => id)
  }

  protected override get openGroups(): number {
    return this.#groups.size
  }

  #decide({ group, jitterMs }: GroupWindow<RootGroup>) {
    return decide(group, this.port.timing, jitterMs, this.#lastOfAllAtMs)
  }

  #isPendingKey(key: PendingKey): boolean {
    return this.port.queue.keys.get(key.id) === key
  }

  #createGroup(id: string, key: PendingKey): RootGroup {
    const rhythm = this.#recall(id)
    const isPending = (one: PendingKey): boolean => this.#isPendingKey(one)
    return {
      id,
      keys: [key],
      rhythm,
      endsSilence: !(key.firstAtMs - rhythm.seenAtMs <= SILENCE * this.port.timing.maxWaitMs),
      last: key,
      hurryAtMs: Infinity,
      window: undefined,
      /** Keys enter in order of arrival, so the first that is still pending is the oldest. */
      get firstAtMs() {
        return (this.keys.find(isPending) ?? key).firstAtMs
      },
      get lastAtMs() {
        return this.last.lastAtMs
      },
    }
  }

  #recall(id: string): Rhythm {
    const rhythm = this.#rhythms.get(id) ?? createRhythm()
    this.#rhythms.delete(id)
    this.#rhythms.set(id, rhythm)
    if (this.#rhythms.size > MAX_ROOTS) {
      const [oldest] = this.#rhythms.keys()
      if (oldest !== undefined) this.#rhythms.delete(oldest)
    }
    return rhythm
  }

  /** An event that comes when less is left than is waited for shortens the wait. */
  #planHurry(group: RootGroup): void {
    const { window } = group
    if (!window) return
    const cap = capAt(group.firstAtMs, this.port.timing, window.jitterMs)
    group.hurryAtMs = Math.max(this.port.now(), cap - this.#decide(window).waitMs)
  }

  #forgetFlushedKeys(): void {
    for (const [id, group] of this.#groupOfKey) {
      const key = this.port.queue.keys.get(id)
      if (!key || !group.keys.includes(key)) this.#groupOfKey.delete(id)
    }
  }
}
