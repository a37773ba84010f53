import type { EmbeddedPostgres } from '../database/embedded.ts'
import type { MessageStats } from './delivery.ts'
import type { FaultState } from './faults.ts'
import { type Topics, type UserBroadcast, maxBroadcastBytes } from './topics.ts'

/** A row of `realtime.messages`. */
export interface StoredMessage {
  id: string
  topic: string
  event: string
  is_private: boolean
  /** JSON text, with the digits and the order that Postgres gives it. */
  payload: string | null
  binary_payload: Uint8Array | null
}

const retentionHours = 72
const retentionIntervalMs = 3_600_000

/** Hands messages that were sent in the database to the channels of their topic, in commit order, each once. */
export class MessageFeed {
  readonly stats: MessageStats = { messages: 0 }
  readonly #db: EmbeddedPostgres
  readonly #faults: FaultState
  readonly #topics: Topics
  #unlisten: (() => Promise<void>) | undefined
  #retentionTimer: NodeJS.Timeout | undefined
  #reading: Promise<void> | undefined
  #hasNews = false
  #isStopped = false

  constructor(db: EmbeddedPostgres, faults: FaultState, topics: Topics) {
    this.#db = db
    this.#faults = faults
    this.#topics = topics
  }

  async start(): Promise<void> {
    this.#unlisten = await this.#db.listen('realtime_messages', () => this.#wake())
    await this.#db.query('delete from realtime_outbox.messages')
    await this.#dropOld()
    this.#retentionTimer = setInterval(() => void this.#dropOld().catch(() => undefined), retentionIntervalMs)
    this.#retentionTimer.unref()
  }

  /** Resolves when every message committed so far has been handed on. */
  async drained(): Promise<void> {
    while (!this.#isStopped && (this.#hasNews || this.#reading !== undefined)) await this.#reading
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#retentionTimer)
    await this.#reading
    await this.#unlisten?.()
  }

  #wake(): void {
    this.#hasNews = true
    if (this.#isStopped || this.#reading !== undefined) return
    this.#hasNews = false
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined
      if (this.#hasNews) this.#wake()
    })
  }

  async #read(): Promise<void> {
    try {
      const rows = await this.#db.query<StoredMessage>(
        `with taken as (delete from realtime_outbox.messages returning *)
        select id, topic, event, is_private, payload, binary_payload from taken order by seq`,
      )
      for (const row of rows) this.#deliver(row)
    } catch (error) {
      if (!this.#isStopped) console.error('The realtime server could not read messages; they are lost.', error)
    }
  }

  #deliver(row: StoredMessage): void {
    const broadcast = toBroadcast(row, { id: row.id })
    if (this.#faults.take('loseMessagesNext') || this.#faults.settings.loseMessages) return
    if (broadcast.payload.length > maxBroadcastBytes) return
    const copies = this.#faults.settings.duplicateMessages ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      this.stats.messages += this.#topics.send(`realtime:${row.topic}`, row.is_private, broadcast)
    }
  }

  async #dropOld(): Promise<void> {
    await this.#db.query(
      `delete from realtime.messages where inserted_at < localtimestamp - ${retentionHours} * interval '1 hour'`,
    )
  }
}

export function toBroadcast(row: StoredMessage, meta: { id: string; replayed?: true }): UserBroadcast {
  return {
    kind: 'user',
    event: row.event,
    isJson: row.binary_payload === null,
    payload: row.binary_payload === null ? Buffer.from(row.payload ?? 'null') : Buffer.from(row.binary_payload),
    meta,
  }
}
