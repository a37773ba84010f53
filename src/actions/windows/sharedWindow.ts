import { capAt, drawJitter, dueAt } from './deadlines.ts'
import type { Due, StrategyPort, Windows } from './windows.ts'

/** One window over everything pending, which any event moves: what `debounce`, `batch` and `hybrid` share. */
export class SharedWindow implements Windows {
  /** When something outside of the window must be looked at; `Infinity` for never. */
  alsoDueAtMs = Infinity
  readonly #port: StrategyPort
  /** The random share of this window. */
  #jitterMs: number
  /** Whether the burst under way has been answered, under `leading`. */
  #isAnswered = false

  constructor(port: StrategyPort) {
    this.#port = port
    this.#jitterMs = drawJitter(port.timing)
  }

  begin(): void {
    this.#jitterMs = drawJitter(this.#port.timing)
  }

  isOpen(): boolean {
    return this.#port.queue.size > 0 || this.#isAnswered
  }

  isOver(): boolean {
    return this.#port.queue.size === 0 && this.#port.now() >= this.#dueAtMs()
  }

  untilNext(): number {
    return Math.max(0, this.#dueAtMs() - this.#port.now())
  }

  isOverdue(): boolean {
    const { queue, timing, now } = this.#port
    return queue.size > 0 && (now() >= this.#capAtMs() || queue.changes.length >= timing.maxBufferedChanges)
  }

  overdueAtMs(): number {
    return Math.min(this.#capAtMs(), this.alsoDueAtMs)
  }

  mayPassBy(): boolean {
    return this.#port.queue.size > 0
  }

  due(): Due | undefined {
    if (this.#port.queue.size === 0) return undefined
    if (this.isOverdue()) return { reason: 'maxWait' }
    return this.#port.now() >= this.#dueAtMs() ? { reason: 'quiet' } : undefined
  }

  dueAtOnce(_keyIds: readonly string[], isCollecting: boolean): Due | undefined {
    return !isCollecting && this.#port.timing.leading && this.#port.queue.size > 0 ? { reason: 'leading' } : undefined
  }

  dueUrgently(): Due {
    return { reason: 'urgent' }
  }

  look(): void {
    if (this.isOver()) this.#isAnswered = false
  }

  take({ reason }: Due): void {
    this.#isAnswered = this.#port.timing.leading && (reason === 'leading' || reason === 'maxWait')
  }

  #capAtMs(): number {
    return capAt(this.#port.queue.oldestAtMs, this.#port.timing, this.#jitterMs)
  }

  #dueAtMs(): number {
    const { queue, timing } = this.#port
    return dueAt(queue.oldestAtMs, queue.lastEventAtMs, timing, this.#jitterMs)
  }
}
