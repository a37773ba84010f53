import { Heap } from './heap.ts'
import type { PendingKey } from './pendingQueue.ts'
import type { FlushReason } from './types.ts'
import { type StrategyPort, capAt, drawJitter, dueAt } from './window.ts'

/** A moment at which a key, or the rest after its leading flush, is looked at again. */
interface Check {
  readonly atMs: number
  readonly id: string
  /** Missing for the rest of a burst whose leading flush has run. */
  readonly key: PendingKey | undefined
  readonly jitterMs: number
}

/**
 * One window per key over a single timer: a heap of moments to look at a key again. An event moves no timer; a key
 * whose window has moved on is put back when its moment comes.
 */
export class KeyWindows {
  readonly #port: StrategyPort
  readonly #checks = new Heap<Check>((a, b) => a.atMs < b.atMs)
  /** When each key whose burst is already answered was last seen, under `leading`. */
  readonly #answered = new Map<string, number>()

  constructor(port: StrategyPort) {
    this.#port = port
    port.queue.takeAdded()
    for (const key of port.queue.keys.values()) this.#open(key)
  }

  /** Milliseconds until the next key is to be looked at. */
  untilNext(): number {
    this.#takeAdded()
    const next = this.#checks.first
    return next ? Math.max(0, next.atMs - this.#port.now()) : 0
  }

  /** Whether the time has come to look at a key again; not in the turn in which its burst began. */
  isNextDue(): boolean {
    this.#takeAdded()
    const next = this.#checks.first
    if (next === undefined) return false
    const at = this.#port.now()
    return next.atMs <= at && next.key?.firstAtMs !== at
  }

  /** Whether any key or any burst is still open. */
  isOpen(): boolean {
    this.#takeAdded()
    const isOpen = this.#port.queue.size > 0 || this.#answered.size > 0
    if (!isOpen) this.#checks.clear()
    return isOpen
  }

  /** Removes the keys that are due from the windows and says why they are. */
  takeDue(): { keyIds: string[]; reason: FlushReason } {
    this.#takeAdded()
    const { queue, timing, now } = this.#port
    const at = now()
    const keyIds: string[] = []
    let capped = 0
    for (let check = this.#checks.first; check && check.atMs <= at; check = this.#checks.first) {
      this.#checks.pop()
      if (!check.key) this.#endBurst(check, at)
      else if (queue.keys.get(check.id) === check.key) {
        const { firstAtMs, lastAtMs } = check.key
        const due = dueAt(firstAtMs, lastAtMs, timing, check.jitterMs)
        if (due > at) this.#checks.push({ ...check, atMs: due })
        else {
          keyIds.push(check.id)
          if (at >= capAt(firstAtMs, timing, check.jitterMs)) {
            capped += 1
            if (timing.leading) this.#answer(check.id, lastAtMs)
          }
        }
      }
    }
    return { keyIds, reason: capped === keyIds.length ? 'maxWait' : 'quiet' }
  }

  /** Of these keys, those whose burst begins now; they count as answered from here on. */
  takeLeading(keyIds: readonly string[]): string[] {
    const first = keyIds.filter((id) => !this.#answered.has(id))
    for (const id of first) this.#answer(id, this.#port.now())
    return first
  }

  /** When the oldest pending key must be flushed. */
  overdueAtMs(): number {
    return capAt(this.#port.queue.oldestAtMs, this.#port.timing, 0)
  }

  #takeAdded(): void {
    for (const key of this.#port.queue.takeAdded()) this.#open(key)
  }

  #open(key: PendingKey): void {
    const jitterMs = drawJitter(this.#port.timing)
    this.#forgetFlushed()
    this.#checks.push({
      atMs: dueAt(key.firstAtMs, key.firstAtMs, this.#port.timing, jitterMs),
      id: key.id,
      key,
      jitterMs,
    })
  }

  #answer(id: string, lastAtMs: number): void {
    const isWatched = this.#answered.has(id)
    this.#answered.set(id, lastAtMs)
    if (isWatched) return
    this.#checks.push({ atMs: lastAtMs + this.#port.timing.quietMs, id, key: undefined, jitterMs: 0 })
  }

  /** Drops the checks of keys flushed before their time, once most of the heap is of that kind. */
  #forgetFlushed(): void {
    const { keys } = this.#port.queue
    if (this.#checks.size <= 2 * (keys.size + this.#answered.size) + 16) return
    this.#checks.keep(({ key, id }) => (key ? keys.get(id) === key : this.#answered.has(id)))
  }

  #endBurst(check: Check, at: number): void {
    const answeredAt = this.#answered.get(check.id)
    if (answeredAt === undefined) return
    const lastAtMs = Math.max(answeredAt, this.#port.queue.keys.get(check.id)?.lastAtMs ?? answeredAt)
    if (lastAtMs + this.#port.timing.quietMs <= at) this.#answered.delete(check.id)
    else this.#checks.push({ ...check, atMs: lastAtMs + this.#port.timing.quietMs })
  }
}
