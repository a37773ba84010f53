import type { AnyActorRef, InspectionEvent } from 'xstate'
import { followCompanions } from '../companions.ts'
import type { KnownEvent } from './describe.ts'

/** Whether an inspector page understands an event. */
const isKnownEvent = (event: InspectionEvent): event is KnownEvent =>
  event.type === '@xstate.actor' || event.type === '@xstate.event' || event.type === '@xstate.snapshot'

/**
 * Passes on what an inspector page understands, each event once: an inspector that is given to `createCoalescer` and
 * attached as well hears everything twice.
 */
export function hearOnce(take: (event: KnownEvent) => void): (event: InspectionEvent) => void {
  const heard = new WeakSet<InspectionEvent>()
  return (event) => {
    if (!isKnownEvent(event) || heard.has(event)) return
    heard.add(event)
    take(event)
  }
}

/** What an inspector that had watched from the start would know of an actor and its children. */
export function* currentActors(actorRef: AnyActorRef, rootId: string): Generator<KnownEvent> {
  yield { type: '@xstate.actor', actorRef, rootId }
  const snapshot = actorRef.getSnapshot() as { children?: Record<string, AnyActorRef | undefined> }
  yield { type: '@xstate.snapshot', actorRef, rootId, event: { type: 'xstate.init' }, snapshot: snapshot as never }
  for (const child of Object.values(snapshot.children ?? {})) if (child) yield* currentActors(child, rootId)
}

/** What is watched, each thing once however often it is attached, until all of those have been detached. */
export class Attachments {
  readonly #following = new Set<() => void>()
  readonly #held = new Map<object, { holders: number; readonly end: () => void }>()

  /** @param begin starts to watch, and returns what ends it */
  attach(watched: object, begin: () => () => void): () => void {
    const one = this.#held.get(watched) ?? { holders: 0, end: begin() }
    one.holders += 1
    this.#held.set(watched, one)
    let isAttached = true
    return () => {
      if (!isAttached) return
      isAttached = false
      one.holders -= 1
      if (one.holders === 0 && this.#held.delete(watched)) one.end()
    }
  }

  /** Attaches an actor's system, and those of the actors that work for it, once they do. */
  attachWithCompanions(actor: AnyActorRef, begin: (actor: AnyActorRef) => () => void): () => void {
    const ends = [this.attach(actor.system, () => begin(actor))]
    const end = (): void => {
      this.#following.delete(end)
      for (const one of ends.splice(0)) one()
    }
    this.#following.add(end)
    ends.push(followCompanions(actor, (companion) => ends.push(this.attach(companion.system, () => begin(companion)))))
    return end
  }

  endAll(): void {
    for (const end of this.#following) end()
    const all = [...this.#held.values()]
    this.#held.clear()
    for (const { end } of all) end()
  }
}
