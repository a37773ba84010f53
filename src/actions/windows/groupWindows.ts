import { closeGate } from '../gate.ts'
import { Heap } from '../heap.ts'
import type { PendingKey } from '../pendingKey.ts'
import { capAt, drawJitter } from './deadlines.ts'
import type { Due, StrategyPort, Windows } from './windows.ts'

/** Pending keys that share a window. */
export interface Group {
  readonly id: string
  readonly firstAtMs: number
  readonly lastAtMs: number
}

/** A window: what waits in it, and its random share. */
export interface GroupWindow<G extends Group> {
  readonly group: G
  readonly jitterMs: number
  /** When it is looked at again; a check for another time is out of date. */
  checkAtMs: number
}

/** A moment at which a window is looked at again, or without one the rest of a burst whose leading flush has run. */
interface Check<G extends Group> {
  readonly atMs: number
  readonly id: string
  readonly window: GroupWindow<G> | undefined
}

/**
 * One window per group of keys over a single timer: a heap of moments to look at a group again. An event moves no
 * timer; a group whose window has moved on is put back when its moment comes.
 */
export abstract class GroupWindows<G extends Group> implements Windows {
  protected readonly port: StrategyPort
  readonly #planned = new Heap<Check<G>>((a, b) => a.atMs < b.atMs)
  /** Groups whose windows open as soon as somebody asks when. */
  #opening: G[] = []
  /** When each group whose burst is already answered was last seen, under `leading`. */
  readonly #answered = new Map<string, number>()
  /** When the last of them was. */
  #answeredAtMs = -Infinity
  /** When the timer fires, as it was set. */
  #timerAtMs = -Infinity

  constructor(port: StrategyPort) {
    this.port = port
  }

  /** A key became pending: it opens a window, or joins the one of its group. */
  abstract noteKey(key: PendingKey): void

  noteEvent?(key: PendingKey, atMs: number): void

  /** Whether keys of a group are pending, and it is not another one of the same id. */
  protected abstract isPending(group: G): boolean

  /** When a group is due, going by what has come for it so far. */
  protected abstract dueAtMs(window: GroupWindow<G>): number

  /** The group a pending key belongs to. */
  protected abstract groupOf(keyId: string): G | undefined

  /** The open group of an id. */
  protected abstract groupOfId(id: string): G | undefined

  /** The ids of the keys that wait in a group. */
  protected abstract keyIdsOf(group: G): readonly string[]

  /** How many groups wait. */
  protected abstract get openGroups(): number

  /** Opens the window of a group. */
  protected open(group: G): GroupWindow<G> {
    const window = this.#open(group)
    if (this.isSooner()) closeGate(this.port.gate)
    return window
  }

  /**
   * Opens the window of a group of one event once somebody asks when it is due, unless that may be before the windows
   * that are open: a burst that is flushed before its time has no use for thousands of them.
   */
  protected openLater(group: G): void {
    const { queue, timing } = this.port
    if (timing.jitterMs > 0 || group.firstAtMs < queue.lastEventAtMs) this.open(group)
    else this.#opening.push(group)
  }

  /** Plans the next look at a window anew. */
  protected planAnew(window: GroupWindow<G>): void {
    if (this.dueAtMs(window) !== window.checkAtMs) this.#plan(window)
  }

  begin(): void {
    this.#noteTimer()
  }

  isSooner(): boolean {
    return (this.#checks.first?.atMs ?? Infinity) < this.#timerAtMs
  }

  untilNext(): number {
    const next = this.#checks.first
    return next ? Math.max(0, next.atMs - this.port.now()) : 0
  }

  isOpen(): boolean {
    return this.port.queue.size > 0 || this.#answered.size > 0
  }

  isOver(): boolean {
    const { queue, timing, now } = this.port
    return queue.size === 0 && now() >= this.#answeredAtMs + timing.quietMs
  }

  /** Not in the turn in which a burst began. */
  isOverdue(): boolean {
    const next = this.#checks.first
    const at = this.port.now()
    if (next === undefined || next.atMs > at) return false
    for (const { group } of this.#dueWindows(at)) if (group.firstAtMs !== at) return true
    return false
  }

  overdueAtMs(): number {
    return capAt(this.port.queue.oldestAtMs, this.port.timing, 0)
  }

  /** Under `leading` every event can be the first of its group's burst, so each must reach the chart. */
  mayPassBy(): boolean {
    const { queue, timing, isHeld } = this.port
    return queue.size > 0 && (!timing.leading || isHeld())
  }

  due(): Due | undefined {
    const at = this.port.now()
    const keyIds: string[] = []
    let isCapped = true
    for (const window of this.#dueWindows(at)) {
      for (const id of this.keyIdsOf(window.group)) keyIds.push(id)
      isCapped &&= this.#isCapped(window, at)
    }
    return keyIds.length > 0 ? { keyIds, reason: isCapped ? 'maxWait' : 'quiet' } : undefined
  }

  dueAtOnce(keyIds: readonly string[]): Due | undefined {
    if (!this.port.timing.leading) return undefined
    const first = this.#withGroups(keyIds).filter((id) => !this.#answered.has(this.groupOf(id)?.id ?? id))
    return first.length > 0 ? { reason: 'leading', keyIds: first } : undefined
  }

  dueUrgently(keyIds: readonly string[]): Due {
    return { reason: 'urgent', keyIds: this.#withGroups(keyIds) }
  }

  /** Lets go of keys that were flushed before their time. */
  rest(): void {
    const checks = this.#checks
    if (!this.isOpen()) checks.clear()
  }

  take({ reason, keyIds }: Due): void {
    if (keyIds === undefined) {
      this.#opening = []
      this.#planned.keep(({ window }) => window === undefined)
    } else if (reason === 'leading') {
      for (const id of keyIds) this.#answer(this.groupOf(id)?.id ?? id, this.port.now())
    } else if (reason !== 'urgent') {
      // The clock goes on: what has become due since the flush was decided on is not part of it.
      const taken = new Set(keyIds)
      for (const window of this.#passTime()) {
        if (!this.keyIdsOf(window.group).every((id) => taken.has(id))) this.#plan(window)
      }
    }
  }

  look(): void {
    for (const due of this.#passTime()) this.#plan(due)
    this.#noteTimer()
  }

  /** The keys named, with those that share a window with them. */
  #withGroups(keyIds: readonly string[]): string[] {
    const ids = new Set(keyIds)
    for (const id of keyIds) {
      const group = this.groupOf(id)
      if (group) for (const other of this.keyIdsOf(group)) ids.add(other)
    }
    return [...ids]
  }

  /** The moments of all open windows. */
  get #checks(): Heap<Check<G>> {
    if (this.#opening.length > 0) {
      const opening = this.#opening
      this.#opening = []
      for (const group of opening) if (this.isPending(group)) this.#open(group)
    }
    return this.#planned
  }

  #open(group: G): GroupWindow<G> {
    const window = { group, jitterMs: drawJitter(this.port.timing), checkAtMs: Infinity }
    this.#forgetFlushed()
    this.#plan(window)
    return window
  }

  #noteTimer(): void {
    this.#timerAtMs = this.#checks.first?.atMs ?? Infinity
  }

  #plan(window: GroupWindow<G>): void {
    window.checkAtMs = this.dueAtMs(window)
    this.#checks.push({ atMs: window.checkAtMs, id: window.group.id, window })
  }

  /** Puts back what is to be looked at later, and takes out what is due. */
  #passTime(): GroupWindow<G>[] {
    const { timing, now } = this.port
    const at = now()
    const due: GroupWindow<G>[] = []
    for (let check = this.#checks.first; check && check.atMs <= at; check = this.#checks.first) {
      this.#checks.pop()
      const { window } = check
      if (!window) this.#endBurst(check, at)
      else if (this.#isOpen(window, check)) {
        if (this.dueAtMs(window) > at) this.#plan(window)
        else {
          due.push(window)
          if (timing.leading && this.#isCapped(window, at)) this.#answer(check.id, window.group.lastAtMs)
        }
      }
    }
    return due
  }

  *#dueWindows(at: number): Generator<GroupWindow<G>> {
    for (const check of this.#checks.upTo(({ atMs }) => atMs <= at)) {
      const { window } = check
      if (window && this.#isOpen(window, check) && this.dueAtMs(window) <= at) yield window
    }
  }

  /** Whether a window waits for a check, which is not out of date. */
  #isOpen(window: GroupWindow<G>, check: Check<G>): boolean {
    return window.checkAtMs === check.atMs && this.isPending(window.group)
  }

  #isCapped({ group, jitterMs }: GroupWindow<G>, at: number): boolean {
    return at >= capAt(group.firstAtMs, this.port.timing, jitterMs)
  }

  #answer(id: string, lastAtMs: number): void {
    const isWatched = this.#answered.has(id)
    this.#answered.set(id, lastAtMs)
    if (lastAtMs > this.#answeredAtMs) this.#answeredAtMs = lastAtMs
    if (isWatched) return
    this.#checks.push({ atMs: lastAtMs + this.port.timing.quietMs, id, window: undefined })
  }

  /** Drops the checks of groups flushed before their time, and those out of date, once most of the heap is of that kind. */
  #forgetFlushed(): void {
    if (this.#checks.size <= 2 * (this.openGroups + this.#answered.size) + 16) return
    this.#checks.keep((check) => (check.window ? this.#isOpen(check.window, check) : this.#answered.has(check.id)))
  }

  #endBurst(check: Check<G>, at: number): void {
    const answeredAt = this.#answered.get(check.id)
    if (answeredAt === undefined) return
    const lastAtMs = Math.max(answeredAt, this.groupOfId(check.id)?.lastAtMs ?? answeredAt)
    if (lastAtMs + this.port.timing.quietMs <= at) this.#answered.delete(check.id)
    else this.#checks.push({ ...check, atMs: lastAtMs + this.port.timing.quietMs })
  }
}
