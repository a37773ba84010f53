import type { Coalescer } from 'realtime-coalescer'

/** The states of the actor that follows what keeps fetches back from outside. */
export function surroundingsOf({ actor }: Pick<Coalescer, 'actor'>): Readonly<Record<'page' | 'ownWrites', string>> {
  const { surroundings } = actor.getSnapshot().children
  return surroundings?.getSnapshot().value
}
