import { Heap } from '../heap.ts'
import type { PendingKey } from '../pendingKey.ts'
import { capAt, drawJitter, dueAt } from './deadlines.ts'
import type { Due, StrategyPort, Windows } from './windows.ts'

/** A moment at which a key is looked at again. */
interface KeyCheck {
  readonly atMs: number
  readonly id: string
  readonly key: PendingKey
  readonly jitterMs: number
}

/** The same for the rest of a burst whose leading flush has run. */
interface BurstCheck {
  readonly atMs: number
  readonly id: string
  readonly key: undefined
}

/**
 * One window per key over a single timer: a heap of moments to look at a key again. An event moves no timer; a key
 * whose window has moved on is put back when its moment comes.
 */
export class KeyWindows implements Windows {
  readonly #port: StrategyPort
  readonly #checks = new Heap<KeyCheck | BurstCheck>((a, b) => a.atMs < b.atMs)
  /** When each key whose burst is already answered was last seen, under `leading`. */
  readonly #answered = new Map<string, number>()
  /** When the last of them was. */
  #answeredAtMs = -Infinity

  constructor(port: StrategyPort) {
    this.#port = port
    for (const key of port.queue.keys.values()) this.noteKey(key)
  }

  noteKey(key: PendingKey): void {
    const jitterMs = drawJitter(this.#port.timing)
    this.#forgetFlushed()
    this.#checks.push({
      atMs: dueAt(key.firstAtMs, key.firstAtMs, this.#port.timing, jitterMs),
      id: key.id,
      key,
      jitterMs,
    })
  }

  untilNext(): number {
    const next = this.#checks.first
    return next ? Math.max(0, next.atMs - this.#port.now()) : 0
  }

  isOpen(): boolean {
    return this.#port.queue.size > 0 || this.#answered.size > 0
  }

  isOver(): boolean {
    const { queue, timing, now } = this.#port
    return queue.size === 0 && now() >= this.#answeredAtMs + timing.quietMs
  }

  /** Not in the turn in which a burst began. */
  isOverdue(): boolean {
    const next = this.#checks.first
    const at = this.#port.now()
    if (next === undefined || next.atMs > at) return false
    for (const { key } of this.#dueChecks(at)) if (key.firstAtMs !== at) return true
    return false
  }

  overdueAtMs(): number {
    return capAt(this.#port.queue.oldestAtMs, this.#port.timing, 0)
  }

  /** Under `leading` every event can be the first of its key's burst, so each must reach the chart. */
  mayPassBy(): boolean {
    const { queue, timing, isHeld } = this.#port
    return queue.size > 0 && (!timing.leading || isHeld())
  }

  due(): Due | undefined {
    const at = this.#port.now()
    const keyIds: string[] = []
    let isCapped = true
    for (const check of this.#dueChecks(at)) {
      keyIds.push(check.id)
      isCapped &&= this.#isCapped(check, at)
    }
    return keyIds.length > 0 ? { keyIds, reason: isCapped ? 'maxWait' : 'quiet' } : undefined
  }

  dueAtOnce(keyIds: readonly string[]): Due | undefined {
    if (!this.#port.timing.leading) return undefined
    const first = keyIds.filter((id) => !this.#answered.has(id))
    return first.length > 0 ? { reason: 'leading', keyIds: first } : undefined
  }

  dueUrgently(keyIds: readonly string[]): Due {
    return { reason: 'urgent', keyIds }
  }

  /** Lets go of keys that were flushed before their time. */
  rest(): void {
    if (!this.isOpen()) this.#checks.clear()
  }

  take({ reason, keyIds }: Due): void {
    if (keyIds === undefined) this.#checks.keep(({ key }) => key === undefined)
    else if (reason === 'leading') for (const id of keyIds) this.#answer(id, this.#port.now())
    else if (reason !== 'urgent') this.#passTime()
  }

  look(): void {
    for (const due of this.#passTime()) this.#checks.push(due)
  }

  /** Puts back what is to be looked at later, and takes out what is due. */
  #passTime(): KeyCheck[] {
    const { queue, timing, now } = this.#port
    const at = now()
    const due: KeyCheck[] = []
    for (let check = this.#checks.first; check && check.atMs <= at; check = this.#checks.first) {
      this.#checks.pop()
      if (!check.key) this.#endBurst(check, at)
      else if (queue.keys.get(check.id) === check.key) {
        const dueAtMs = this.#dueAtMs(check)
        if (dueAtMs > at) this.#checks.push({ ...check, atMs: dueAtMs })
        else {
          due.push(check)
          if (timing.leading && this.#isCapped(check, at)) this.#answer(check.id, check.key.lastAtMs)
        }
      }
    }
    return due
  }

  *#dueChecks(at: number): Generator<KeyCheck> {
    const { keys } = this.#port.queue
    for (const check of this.#checks.upTo(({ atMs }) => atMs <= at)) {
      if (check.key && keys.get(check.id) === check.key && this.#dueAtMs(check) <= at) yield check
    }
  }

  #dueAtMs({ key, jitterMs }: KeyCheck): number {
    return dueAt(key.firstAtMs, key.lastAtMs, this.#port.timing, jitterMs)
  }

  #isCapped({ key, jitterMs }: KeyCheck, at: number): boolean {
    return at >= capAt(key.firstAtMs, this.#port.timing, jitterMs)
  }

  #answer(id: string, lastAtMs: number): void {
    const isWatched = this.#answered.has(id)
    this.#answered.set(id, lastAtMs)
    if (lastAtMs > this.#answeredAtMs) this.#answeredAtMs = lastAtMs
    if (isWatched) return
    this.#checks.push({ atMs: lastAtMs + this.#port.timing.quietMs, id, key: undefined })
  }

  /** Drops the checks of keys flushed before their time, once most of the heap is of that kind. */
  #forgetFlushed(): void {
    const { keys } = this.#port.queue
    if (this.#checks.size <= 2 * (keys.size + this.#answered.size) + 16) return
    this.#checks.keep(({ key, id }) => (key ? keys.get(id) === key : this.#answered.has(id)))
  }

  #endBurst(check: BurstCheck, at: number): void {
    const answeredAt = this.#answered.get(check.id)
    if (answeredAt === undefined) return
    const lastAtMs = Math.max(answeredAt, this.#port.queue.keys.get(check.id)?.lastAtMs ?? answeredAt)
    if (lastAtMs + this.#port.timing.quietMs <= at) this.#answered.delete(check.id)
    else this.#checks.push({ ...check, atMs: lastAtMs + this.#port.timing.quietMs })
  }
}
