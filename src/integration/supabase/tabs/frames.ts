import type { ResolvedTopic } from '../resolveBroadcast.ts'
import type { Told } from './messages.ts'

/** What a leader has told of the feed that a tab wants to know. */
export type Taken = Extract<Told, { readonly kind: 'change' | 'message' | 'news' }>

/** What a tab wants of the feed. */
export interface FrameWants {
  /** The names of what the tab wants. */
  readonly units: readonly string[]
  readonly topics: ReadonlyMap<string, Pick<ResolvedTopic, 'events'>>
}

/** Picks what a tab wants of what one leader tells. */
export class FrameLog {
  readonly #wants: FrameWants
  /** Whether the row event that is being told, once for each binding, has been taken. */
  #isTaken = false

  constructor(wants: FrameWants) {
    this.#wants = wants
  }

  taken(told: Told): Taken | undefined {
    switch (told.kind) {
      case 'change':
        if (!told.isRepeated) this.#isTaken = false
        if (this.#isTaken || !this.#wants.units.includes(told.unit)) return undefined
        this.#isTaken = true
        return told
      case 'message':
        return this.#isWanted(told.topic, told.message) ? told : undefined
      case 'news':
        return told.units.some((unit) => this.#wants.units.includes(unit)) ? told : undefined
      default:
        return undefined
    }
  }

  #isWanted(topic: string, message: unknown): boolean {
    const events = this.#wants.topics.get(topic)?.events
    if (!events) return false
    const { event } = (message ?? {}) as { readonly event?: unknown }
    return events.has('*') || (typeof event === 'string' && events.has(event))
  }
}
