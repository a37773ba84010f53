import type { Deliveries } from './deliveries.ts'
import { type Commit, type TestMessage, changeFor, changeOf, messagesOf } from './feedPayloads.ts'
import type { TestFeedChannel } from './testChannel.ts'
import type { TestWrite } from './testServer.ts'
import type { Transit } from './transit.ts'

interface TellingPort {
  readonly schema: string
  /** The topic that each table is broadcast to; those left out come as `postgres_changes`. */
  readonly topics: Readonly<Record<string, string>>
  readonly send: 'rows' | 'statements'
  readonly transit: Transit
  readonly deliveries: Deliveries
  channels(): readonly TestFeedChannel[]
}

/** The most messages of a topic that a server replays. */
const MOST_REPLAYED = 25

/** Tells channels of commits, each by how its table is told of, and what a topic has missed. */
export class Telling {
  readonly #port: TellingPort
  /** What was sent to each topic. */
  readonly #sent = new Map<string, TestMessage[]>()

  constructor(port: TellingPort) {
    this.#port = port
  }

  /** Tells every channel that listens to a table of its writes, in order. */
  tell(commit: Commit): void {
    this.#port.deliveries.tell(commit.writes)
    for (const write of commit.writes) {
      if (this.#port.topics[write.table] === undefined) this.#tellChange(write, commit)
    }
    this.#tellMessages(commit)
  }

  /** Sends a channel again what was sent to its topic, if it asks for that. */
  replay(channel: TestFeedChannel, topic: string): void {
    const { broadcast } = channel.params.config as { broadcast?: { replay?: object } }
    if (!broadcast?.replay) return
    for (const message of this.#sent.get(topic)?.slice(-MOST_REPLAYED) ?? []) {
      this.#deliver(channel, { ...message, meta: { ...message.meta, replayed: true } })
    }
  }

  #tellChange(write: TestWrite, commit: Commit): void {
    const { channels, deliveries, schema, transit } = this.#port
    const payload = changeOf(write, commit, schema)
    for (const channel of channels()) {
      transit.send(channel, () =>
        channel.deliver(({ type, filter }) => {
          const change = type === 'postgres_changes' ? changeFor(filter, payload, write) : undefined
          if (change) deliveries.bring(write)
          return change
        }),
      )
    }
  }

  #tellMessages(commit: Commit): void {
    const { channels, schema, send, topics, transit } = this.#port
    const writes = commit.writes.filter(({ table }) => topics[table] !== undefined)
    for (const { table, ...message } of messagesOf({ ...commit, writes }, send, schema)) {
      const topic = topics[table] ?? ''
      this.#sent.set(topic, [...(this.#sent.get(topic) ?? []), message])
      const told = writes.filter((write) => write.table === table)
      for (const channel of channels()) {
        if (channel.topic === `realtime:${topic}`) transit.send(channel, () => this.#deliver(channel, message, told))
      }
    }
  }

  #deliver(channel: TestFeedChannel, message: TestMessage, writes: readonly TestWrite[] = []): void {
    channel.deliver(({ type, filter }) => {
      if (type !== 'broadcast' || (filter.event !== '*' && filter.event !== message.event)) return undefined
      this.#port.deliveries.bring(...writes)
      return message
    })
  }
}
