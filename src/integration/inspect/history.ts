import type { InspectionEvent } from 'xstate'

/** Beside those that live, so many actors are remembered at most. */
const MAX_ACTORS = 200

interface Entry {
  readonly seq: number
  readonly event: InspectionEvent
}

/**
 * What a page that connects late, or reloads, is told first: the definitions of the actors that live, and the latest of
 * what happened to them. When there is too much, the events of a storm go before the flow.
 */
export class History {
  readonly #maxEvents: number
  #definitions: Entry[] = []
  #flow: Entry[] = []
  #storm: Entry[] = []
  #seq = 0

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents
  }

  add(event: InspectionEvent, isThinnable: boolean): void {
    const entry = { seq: (this.#seq += 1), event }
    if (event.type === '@xstate.actor') {
      this.#definitions.push(entry)
      if (this.#definitions.length > MAX_ACTORS) this.#dropOldestActor()
      return
    }
    const list = isThinnable ? this.#storm : this.#flow
    list.push(entry)
    if (this.#storm.length + this.#flow.length <= this.#maxEvents) return
    if (this.#storm.length > 0) this.#storm.shift()
    else this.#flow.shift()
  }

  has(sessionId: string): boolean {
    return this.#definitions.some(({ event }) => event.actorRef.sessionId === sessionId)
  }

  all(): InspectionEvent[] {
    this.#definitions = this.#definitions.filter(({ event }) => isLiving(event))
    const living = new Set(this.#definitions.map(({ event }) => event.actorRef.sessionId))
    const lives = ({ event }: Entry): boolean => living.has(event.actorRef.sessionId)
    this.#flow = this.#flow.filter(lives)
    this.#storm = this.#storm.filter(lives)
    return [...this.#definitions, ...this.#flow, ...this.#storm]
      .sort((a, b) => a.seq - b.seq)
      .map(({ event }) =>
        event.type === '@xstate.event' && event.sourceRef && !living.has(event.sourceRef.sessionId)
          ? { ...event, sourceRef: undefined }
          : event,
      )
  }

  clear(): void {
    this.#definitions = []
    this.#flow = []
    this.#storm = []
  }

  #dropOldestActor(): void {
    const dead = this.#definitions.findIndex(({ event }) => !isLiving(event))
    const child = this.#definitions.findIndex(({ event }) => event.actorRef.sessionId !== event.rootId)
    this.#definitions.splice(Math.max(0, dead === -1 ? child : dead), 1)
  }
}

const isLiving = ({ actorRef }: InspectionEvent): boolean =>
  (actorRef.getSnapshot() as { readonly status?: unknown }).status === 'active'
