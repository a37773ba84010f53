import type { AnyActorRef } from 'xstate'
import { type KnownEvent, statusOf, valueOf } from './describe.ts'

const WINDOW_MS = 1000
/** Before the flow goes on, so many that were left out are worth a line of their own. */
const WORTH_A_LINE = 10

/** What storms consist of. Everything else is the flow, and is never left out. */
const THINNED: ReadonlySet<string> = new Set(['INVALIDATE', 'REFETCH', 'CHANGE', 'SCHEDULE', 'PENDING'])

/** Whether an event may be left out in a storm. */
export const isThinnable = (event: KnownEvent): boolean =>
  event.type === '@xstate.event' && THINNED.has(event.event.type)

interface LeftOut {
  readonly rootId: string
  readonly counts: Record<string, number>
}

/**
 * Thins out a storm before anything is copied. Only the events that storms consist of count, up to a number per second;
 * what was left out is told in their place, with numbers. Definitions, all other events and every change of a state get
 * through.
 */
export class Limiter {
  dropped = 0
  readonly #maxPerSecond: number
  readonly #pass: (event: KnownEvent) => void
  #passed = 0
  #leftOut = new Map<KnownEvent['actorRef'], LeftOut>()
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #last = new WeakMap<object, { value: string; status: unknown }>()

  constructor(maxPerSecond: number, pass: (event: KnownEvent) => void) {
    this.#maxPerSecond = maxPerSecond
    this.#pass = pass
  }

  take(event: KnownEvent): void {
    if (event.type === '@xstate.snapshot' && !this.#isMove(event.actorRef as AnyActorRef, event.snapshot)) return
    if (event.type !== '@xstate.event' || !isThinnable(event)) {
      if (event.type === '@xstate.event') this.#tellLeftOut(WORTH_A_LINE)
      return this.#pass(event)
    }
    this.#timer ??= setTimeout(() => this.#nextWindow(), WINDOW_MS)
    if (this.#passed < this.#maxPerSecond) {
      this.#passed += 1
      return this.#pass(event)
    }
    this.dropped += 1
    const { counts } = this.#leftOut.get(event.actorRef) ?? this.#startCounting(event)
    counts[event.event.type] = (counts[event.event.type] ?? 0) + 1
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#leftOut.clear()
    this.#passed = 0
  }

  #startCounting({ actorRef, rootId }: KnownEvent): LeftOut {
    const leftOut = { rootId, counts: {} }
    this.#leftOut.set(actorRef, leftOut)
    return leftOut
  }

  #tellLeftOut(atLeast: number): void {
    for (const [actorRef, { rootId, counts }] of this.#leftOut) {
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
      if (total < atLeast) continue
      this.#leftOut.delete(actorRef)
      const type = `… ${String(total).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')} more`
      this.#pass({ type: '@xstate.event', actorRef, rootId, sourceRef: undefined, event: { type, ...counts } })
    }
  }

  /** Whether a snapshot shows another state than the one before; between moves nothing lights up anew. */
  #isMove(actorRef: object, snapshot: unknown): boolean {
    const value = JSON.stringify(valueOf(snapshot)) ?? ''
    const status = statusOf(snapshot)
    const last = this.#last.get(actorRef)
    if (last && last.value === value && last.status === status) return false
    this.#last.set(actorRef, { value, status })
    return true
  }

  #nextWindow(): void {
    this.#timer = undefined
    this.#passed = 0
    this.#tellLeftOut(1)
  }
}
