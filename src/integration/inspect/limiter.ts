import type { AnyActorRef } from 'xstate'
import { type KnownEvent, statusOf, valueOf } from './describe.ts'

const WINDOW_MS = 1000

/**
 * Thins out a storm before anything is copied: definitions always pass, the rest up to a number per second. The last
 * snapshot of an actor is never lost, so that the chart ends where the actor is.
 */
export class Limiter {
  dropped = 0
  readonly #maxPerSecond: number
  readonly #pass: (event: KnownEvent) => void
  #passed = 0
  #withheld = new Map<object, KnownEvent>()
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #last = new WeakMap<object, { value: string; status: unknown }>()

  constructor(maxPerSecond: number, pass: (event: KnownEvent) => void) {
    this.#maxPerSecond = maxPerSecond
    this.#pass = pass
  }

  take(event: KnownEvent): void {
    if (event.type === '@xstate.actor') return this.#pass(event)
    if (event.type === '@xstate.snapshot') {
      if (!this.#isMove(event.actorRef as AnyActorRef, event.snapshot)) return
      this.#withheld.delete(event.actorRef)
      if (this.#passed >= this.#maxPerSecond) this.#withheld.set(event.actorRef, event)
    }
    this.#timer ??= setTimeout(() => this.#nextWindow(), WINDOW_MS)
    if (this.#passed < this.#maxPerSecond) {
      this.#passed += 1
      this.#pass(event)
    } else this.dropped += 1
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#withheld.clear()
    this.#passed = 0
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
    const withheld = this.#withheld
    this.#withheld = new Map()
    for (const event of withheld.values()) this.#pass(event)
  }
}
