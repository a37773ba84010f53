import type { AnyActorRef } from 'xstate'

interface Companions {
  readonly actors: Set<AnyActorRef>
  readonly followers: Set<(actor: AnyActorRef) => void>
}

const all = new WeakMap<object, Companions>()

function companionsOf(owner: object): Companions {
  let companions = all.get(owner)
  if (!companions) all.set(owner, (companions = { actors: new Set(), followers: new Set() }))
  return companions
}

/** An actor works for `owner`, without being the child of one, as the channels of a feed do; returns what ends that. */
export function addCompanion(owner: object, actor: AnyActorRef): () => void {
  const { actors, followers } = companionsOf(owner)
  actors.add(actor)
  for (const follow of followers) follow(actor)
  return () => void actors.delete(actor)
}

/** Makes the companions of one thing those of another, too: of a service, and of its actor. */
export function shareCompanions(owner: object, other: object): void {
  all.set(other, companionsOf(owner))
}

/** Is told of the companions there are and of those to come, until the returned function is called. */
export function followCompanions(owner: object, told: (actor: AnyActorRef) => void): () => void {
  const { actors, followers } = companionsOf(owner)
  for (const actor of actors) told(actor)
  followers.add(told)
  return () => void followers.delete(told)
}
