import { Presence, type PresenceDiff } from './presence.ts'

/** A broadcast with an event and a payload of its own; it travels as a binary frame where the client can read one. */
export interface UserBroadcast {
  kind: 'user'
  event: string
  /** Whether `payload` is JSON text; otherwise it is raw bytes. */
  isJson: boolean
  payload: Buffer
  /** Only messages of the database have it. */
  meta?: { id: string; replayed?: true }
}

/** A broadcast that came as a text frame, or over HTTP in a batch: handed on as it came. */
export interface TextBroadcast {
  kind: 'text'
  payloadJson: string
}

export type Broadcast = UserBroadcast | TextBroadcast

/** Bytes of a payload above which nobody gets it. */
export const maxBroadcastBytes = 3_000_500

/** A channel as the others on its topic see it. */
export interface Member {
  readonly isPrivate: boolean
  hear(broadcast: Broadcast): void
  hearPresence(diff: PresenceDiff): void
}

interface Topic {
  members: Set<Member>
  presence: Presence
}

/** Which channels are joined to which topic. */
export class Topics {
  readonly #topics = new Map<string, Topic>()

  join(name: string, member: Member): Presence {
    const topic = this.#topics.get(name) ?? { members: new Set(), presence: new Presence() }
    this.#topics.set(name, topic)
    topic.members.add(member)
    return topic.presence
  }

  leave(name: string, member: Member): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    topic.members.delete(member)
    this.#announce(topic, topic.presence.untrack(member))
    if (topic.members.size === 0) this.#topics.delete(name)
  }

  /** Sends to everyone on the topic that is as private as the broadcast, but not to `except`; gives how many they are. */
  send(name: string, isPrivate: boolean, broadcast: Broadcast, except?: Member): number {
    let heard = 0
    for (const member of this.#topics.get(name)?.members ?? []) {
      if (member === except || member.isPrivate !== isPrivate) continue
      member.hear(broadcast)
      heard++
    }
    return heard
  }

  track(name: string, member: Member, key: string, payload: Record<string, unknown>): void {
    const topic = this.#topics.get(name)
    if (topic !== undefined) this.#announce(topic, topic.presence.track(member, key, payload))
  }

  untrack(name: string, member: Member): void {
    const topic = this.#topics.get(name)
    if (topic !== undefined) this.#announce(topic, topic.presence.untrack(member))
  }

  #announce(topic: Topic, diff: PresenceDiff): void {
    if (Object.keys(diff.joins).length === 0 && Object.keys(diff.leaves).length === 0) return
    for (const member of topic.members) member.hearPresence(diff)
  }
}
