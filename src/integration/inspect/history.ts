import type { InspectionEvent } from 'xstate'

const MAX_ACTORS = 200

/** What a page that connects late, or reloads, is told first: every definition, and the latest events. */
export class History {
  readonly #maxEvents: number
  #definitions: { seq: number; event: InspectionEvent }[] = []
  #events: { seq: number; event: InspectionEvent }[] = []
  #seq = 0

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents
  }

  add(event: InspectionEvent): void {
    this.#seq += 1
    const isDefinition = event.type === '@xstate.actor'
    const list = isDefinition ? this.#definitions : this.#events
    list.push({ seq: this.#seq, event })
    if (isDefinition && list.length > MAX_ACTORS) this.#dropOldestChild()
    else if (!isDefinition && list.length > this.#maxEvents) list.shift()
  }

  all(): InspectionEvent[] {
    return [...this.#definitions, ...this.#events].sort((a, b) => a.seq - b.seq).map(({ event }) => event)
  }

  clear(): void {
    this.#definitions = []
    this.#events = []
  }

  #dropOldestChild(): void {
    const oldest = this.#definitions.findIndex(({ event }) => event.actorRef.sessionId !== event.rootId)
    this.#definitions.splice(Math.max(0, oldest), 1)
  }
}
