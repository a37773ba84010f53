import { closeGate } from '../gate.ts'
import type { PendingKey } from '../pendingKey.ts'
import type { PendingQueue } from '../pendingQueue.ts'
import type { QueryKey } from '../types.ts'
import { capAt } from './deadlines.ts'
import { type Group, type GroupWindow, GroupWindows } from './groupWindows.ts'
import { type Rhythm, noteChange } from './rhythm.ts'
import { Rhythms } from './rhythms.ts'
import { type RootWait, decideWait, explainWait } from './rootWait.ts'
import type { Due, StrategyPort, WaitExplanation } from './windows.ts'

/** A change that comes this many times `maxWaitMs` after the one before ends a silence. */
const SILENCE = 2
/** The pending keys of one root. */
class RootGroup implements Group {
  readonly id: string
  readonly rhythm: Rhythm
  readonly endsSilence: boolean
  readonly keys: PendingKey[]
  /** The key that changed last. */
  last: PendingKey
  /** From then on an event can make the window due earlier than was planned. */
  hurryAtMs = Infinity
  window: GroupWindow<RootGroup> | undefined = undefined
  readonly #queue: PendingQueue

  constructor(id: string, key: PendingKey, rhythm: Rhythm, endsSilence: boolean, queue: PendingQueue) {
    this.id = id
    this.keys = [key]
    this.last = key
    this.rhythm = rhythm
    this.endsSilence = endsSilence
    this.#queue = queue
  }

  /** Keys enter in order of arrival, so the first that is still pending is the oldest. */
  get firstAtMs(): number {
    return (this.keys.find((key) => this.waits(key)) ?? this.last).firstAtMs
  }

  get lastAtMs(): number {
    return this.last.lastAtMs
  }

  get isPending(): boolean {
    // Mostly the first does, and this is asked at each new key.
    const first = this.keys[0]
    return (first !== undefined && this.waits(first)) || this.keys.some((key) => this.waits(key))
  }

  waits(key: PendingKey): boolean {
    return this.#queue.keys.get(key.id) === key
  }
}

/**
 * Names the root of a key. Keys that can match the same query share it: TanStack Query matches parts of keys that are
 * objects by what they have in common, so all of those are one root.
 */
function nameRoot(root: unknown): string {
  if (typeof root === 'string') return root
  return typeof root === 'object' && root !== null ? '{…}' : `${typeof root} ${String(root)}`
}

/**
 * One window per root, the first element of a key: it waits for the next change exactly as long as, going by the recent
 * gaps of that root, waiting is cheaper than a request.
 */
export class RootWindows extends GroupWindows<RootGroup> {
  readonly #groups = new Map<string, RootGroup>()
  readonly #rhythms: Rhythms
  readonly #startedAtMs: number
  /** Those for which an event came that can make them due earlier than was planned. */
  readonly #hurried = new Set<RootGroup>()
  #lastOfAllAtMs = -Infinity

  constructor(port: StrategyPort) {
    super(port)
    const { queue, timing, now } = port
    const { learned } = queue
    const isOfUse = learned instanceof Rhythms && learned.maxWaitMs === timing.maxWaitMs
    this.#rhythms = isOfUse ? learned : new Rhythms(timing.maxWaitMs)
    this.#startedAtMs = now()
    for (const key of queue.keys.values()) this.noteKey(key)
  }

  override noteKey(key: PendingKey): void {
    const id = this.#idOf(key.queryKey)
    let group = this.#groups.get(id)
    const isOpen = group?.isPending === true
    if (group && isOpen) group.keys.push(key)
    else {
      if (group) this.#forget(group)
      this.#groups.set(id, (group = this.#createGroup(id, key)))
    }
    this.#noteChange(group, key, key.lastAtMs)
    if (isOpen) return
    group.window = this.open(group)
    this.#planHurry(group)
  }

  override noteEvent(key: PendingKey, atMs: number): void {
    const group = this.#groups.get(this.#idOf(key.queryKey))
    if (group) this.#noteChange(group, key, atMs)
  }

  #noteChange(group: RootGroup, key: PendingKey, atMs: number): void {
    group.last = key
    if (atMs > this.#lastOfAllAtMs) this.#lastOfAllAtMs = atMs
    if (atMs !== group.rhythm.seenAtMs) noteChange(group.rhythm, atMs, this.port.timing.maxWaitMs)
    if (atMs <= group.hurryAtMs) return
    this.#hurried.add(group)
    if (!this.port.isHeld()) closeGate(this.port.gate)
  }

  override look(): void {
    for (const group of this.#hurried) {
      if (!group.window || !this.isPending(group)) continue
      this.#planHurry(group)
      this.planAnew(group.window)
    }
    this.#hurried.clear()
    super.look()
  }

  override rest(): void {
    super.rest()
    this.port.queue.learned = this.#rhythms
    for (const group of this.#groups.values()) if (!this.isPending(group)) this.#forget(group)
  }

  override take(due: Due): void {
    if (due.reason === 'quiet' || due.reason === 'maxWait') this.#noteWaits(due.keyIds ?? [])
    super.take(due)
  }

  explain(flushed?: readonly QueryKey[]): readonly WaitExplanation[] {
    if (flushed === undefined) return [...this.#groups.values()].flatMap((group) => this.#explainOpen(group) ?? [])
    const ids = new Set(flushed.map((queryKey) => this.#idOf(queryKey)))
    return [...ids].flatMap((id) => {
      const rhythm = this.#rhythms.get(id)
      return rhythm?.lastWait ? [explainWait(id, rhythm.lastWait, rhythm, this.port.timing.maxWaitMs)] : []
    })
  }

  /** What an inspector shows. */
  toJSON(): readonly WaitExplanation[] {
    return this.explain()
  }

  protected override isPending(group: RootGroup): boolean {
    return this.#groups.get(group.id) === group && group.isPending
  }

  protected override dueAtMs(window: GroupWindow<RootGroup>): number {
    return this.#decide(window).dueAtMs
  }

  protected override groupOf(keyId: string): RootGroup | undefined {
    const key = this.port.queue.keys.get(keyId)
    return key && this.#groups.get(this.#idOf(key.queryKey))
  }

  protected override groupOfId(id: string): RootGroup | undefined {
    return this.#groups.get(id)
  }

  protected override keyIdsOf(group: RootGroup): readonly string[] {
    return group.keys.filter((key) => group.waits(key)).map(({ id }) => id)
  }

  protected override get openGroups(): number {
    return this.#groups.size
  }

  #decide({ group, jitterMs }: GroupWindow<RootGroup>): RootWait {
    return decideWait(group, this.port.timing, jitterMs, this.#lastOfAllAtMs)
  }

  #forget(group: RootGroup): void {
    this.#groups.delete(group.id)
    this.#hurried.delete(group)
  }

  #idOf(queryKey: QueryKey): string {
    return nameRoot(this.port.rootOf(queryKey))
  }

  #noteWaits(keyIds: readonly string[]): void {
    const at = this.port.now()
    for (const group of new Set(keyIds.map((id) => this.groupOf(id)))) {
      if (!group?.window) continue
      const { waitMs, because } = this.#decide(group.window)
      group.rhythm.lastWait = { waitedMs: at - group.firstAtMs, waitMs, because }
    }
  }

  #explainOpen(group: RootGroup): WaitExplanation | undefined {
    if (!group.window || !this.isPending(group)) return undefined
    const wait = this.#decide(group.window)
    const waitedMs = wait.dueAtMs - group.firstAtMs
    return explainWait(group.id, { ...wait, waitedMs }, group.rhythm, this.port.timing.maxWaitMs)
  }

  #createGroup(id: string, key: PendingKey): RootGroup {
    const { queue, timing } = this.port
    const rhythm = this.#rhythms.recall(id)
    // What came while another strategy was at work is unknown, and so is the gap that ends now.
    if (rhythm.seenAtMs < this.#startedAtMs) rhythm.seenAtMs = -Infinity
    const endsSilence = !(key.firstAtMs - rhythm.seenAtMs <= SILENCE * timing.maxWaitMs)
    return new RootGroup(id, key, rhythm, endsSilence, queue)
  }

  /** An event that comes when less is left than is waited for shortens the wait, unless no wait would be short enough. */
  #planHurry(group: RootGroup): void {
    const { window } = group
    if (!window) return
    const { timing, now } = this.port
    const cap = capAt(group.firstAtMs, timing, window.jitterMs)
    const hurryAtMs = Math.max(now(), cap - this.#decide(window).waitMs)
    group.hurryAtMs = hurryAtMs < cap - timing.quietMs ? hurryAtMs : Infinity
  }
}
