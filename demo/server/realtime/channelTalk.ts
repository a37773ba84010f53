import { randomUUID } from 'node:crypto'
import type { Authorization, Extension } from './authorization.ts'
import type { FaultState } from './faults.ts'
import { type Address, isRecord } from './frames.ts'
import type { JoinConfig } from './joinConfig.ts'
import type { Claims } from './jwt.ts'
import type { PresenceDiff } from './presence.ts'
import { type Broadcast, type Member, type Topics, type UserBroadcast, maxBroadcastBytes } from './topics.ts'

/** What the talk of a channel needs of it. */
export interface TalkHost {
  readonly topic: string
  readonly claims: Claims
  readonly isJoined: boolean
  reply(ref: string | null, status: 'ok' | 'error', response: unknown): void
  send(event: string, payload: unknown): void
  sendJson(address: Address, payloadJson: string): void
  sendUser(topic: string, broadcast: UserBroadcast): void
  closeWithError(message: string): void
  crash(): void
}

interface TalkContext {
  faults: FaultState
  topics: Topics
  authorization: Authorization
}

const maxPresenceCalls = 5
const presenceWindowMs = 30_000

/** What a channel says to the others of its topic, and hears of them: broadcasts and presence. */
export class ChannelTalk implements Member {
  readonly #host: TalkHost
  readonly #config: JoinConfig
  readonly #context: TalkContext
  #readable: ReadonlySet<Extension>
  readonly #writable = new Map<Extension, Promise<boolean>>()
  #isPresenceEnabled: boolean
  #generatedPresenceKey: string | undefined
  #shown: string | undefined
  #presenceCalls: number[] = []
  #hearsDatabaseAtMs = 0

  constructor(host: TalkHost, config: JoinConfig, readable: ReadonlySet<Extension>, context: TalkContext) {
    this.#host = host
    this.#config = config
    this.#context = context
    this.#readable = readable
    this.#isPresenceEnabled = config.isPresenceEnabled
  }

  get isPrivate(): boolean {
    return this.#config.isPrivate
  }

  /** Joins the others of the topic; `deafMs` is the time until messages of the database are heard. */
  join(deafMs: number): void {
    this.#context.topics.join(this.#host.topic, this)
    this.#hearsDatabaseAtMs = Date.now() + deafMs
  }

  sendPresenceState(): void {
    if (!this.#isPresenceEnabled || !this.#mayRead('presence')) return
    this.#host.send('presence_state', this.#context.topics.join(this.#host.topic, this).state)
  }

  leave(): void {
    this.#context.topics.leave(this.#host.topic, this)
  }

  /** A new token: what may be read is told, what may be sent is asked anew. */
  authorize(readable: ReadonlySet<Extension>): void {
    this.#readable = readable
    this.#writable.clear()
  }

  broadcast(ref: string | null, broadcast: Broadcast): void {
    if (!this.#host.isJoined) return
    this.#whenWritable('broadcast', (isAllowed) => {
      if (isAllowed) this.#pass(ref, broadcast)
    })
  }

  /** A broadcast whose payload came as text. */
  broadcastText(ref: string | null, payload: unknown): void {
    if (isRecord(payload)) this.broadcast(ref, { kind: 'text', payloadJson: JSON.stringify(payload) })
    else this.#host.crash()
  }

  presence(ref: string | null, payload: unknown): void {
    if (!this.#host.isJoined) return
    if (!isRecord(payload) || typeof payload['event'] !== 'string') {
      this.#host.reply(ref, 'ok', {})
      return
    }
    if (this.#isOverPresenceRate()) {
      this.#host.closeWithError('Client presence rate limit exceeded')
      return
    }
    const event = payload['event'].toLowerCase()
    if (event === 'untrack') {
      this.#shown = undefined
      this.#host.reply(ref, 'ok', {})
      this.#context.topics.untrack(this.#host.topic, this)
    } else if (event !== 'track') this.#host.reply(ref, 'error', {})
    else this.#whenWritable('presence', (isAllowed) => this.#track(ref, payload['payload'] ?? {}, isAllowed))
  }

  hear(broadcast: Broadcast): void {
    const isOfDatabase = broadcast.kind === 'user' && broadcast.meta !== undefined
    if ((isOfDatabase && Date.now() < this.#hearsDatabaseAtMs) || !this.#mayRead('broadcast')) return
    const { topic } = this.#host
    if (broadcast.kind === 'user') this.#host.sendUser(topic, broadcast)
    else this.#host.sendJson({ topic, event: 'broadcast' }, broadcast.payloadJson)
  }

  hearPresence(diff: PresenceDiff): void {
    if (!this.#isPresenceEnabled || !this.#mayRead('presence')) return
    this.#host.sendJson({ topic: this.#host.topic, event: 'presence_diff' }, JSON.stringify(diff))
  }

  #mayRead(extension: Extension): boolean {
    return !this.isPrivate || this.#readable.has(extension)
  }

  #pass(ref: string | null, broadcast: Broadcast): void {
    const { echoesBroadcasts, acknowledgesBroadcasts } = this.#config
    const size = broadcast.kind === 'user' ? broadcast.payload.length : Buffer.byteLength(broadcast.payloadJson)
    const isTooLarge = size > maxBroadcastBytes
    if (!isTooLarge) {
      this.#context.topics.send(this.#host.topic, this.isPrivate, broadcast, echoesBroadcasts ? undefined : this)
    }
    if (!acknowledgesBroadcasts) return
    if (isTooLarge) this.#host.reply(ref, 'error', 'payload_size_exceeded')
    else this.#host.reply(ref, 'ok', {})
  }

  #track(ref: string | null, shown: unknown, isAllowed: boolean): void {
    if (!isAllowed) {
      this.#host.reply(ref, 'error', {})
      return
    }
    if (!isRecord(shown)) {
      this.#host.reply(ref, 'error', { reason: 'Presence track payload must be a map' })
      return
    }
    this.#host.reply(ref, 'ok', {})
    const json = JSON.stringify(shown)
    if (json === this.#shown) return
    this.#shown = json
    const wasEnabled = this.#isPresenceEnabled
    this.#isPresenceEnabled = true
    const key = this.#config.presenceKey || (this.#generatedPresenceKey ??= randomUUID())
    this.#context.topics.track(this.#host.topic, this, key, shown)
    if (!wasEnabled) this.sendPresenceState()
  }

  #isOverPresenceRate(): boolean {
    const startMs = Date.now() - presenceWindowMs
    this.#presenceCalls = this.#presenceCalls.filter((calledAtMs) => calledAtMs > startMs)
    this.#presenceCalls.push(Date.now())
    return this.#presenceCalls.length > maxPresenceCalls
  }

  /** Runs `work` with whether the policies allow sending; in the order of the calls. */
  #whenWritable(extension: Extension, work: (isAllowed: boolean) => void): void {
    if (!this.isPrivate) {
      work(true)
      return
    }
    const { authorization } = this.#context
    const name = this.#host.topic.replace(/^realtime:/, '')
    const asked = this.#writable.get(extension) ?? authorization.isWritable(name, this.#host.claims, extension)
    this.#writable.set(extension, asked)
    void asked
      .catch(() => false)
      .then((isAllowed) => {
        if (this.#host.isJoined) work(isAllowed)
      })
  }
}
