import { randomUUID } from 'node:crypto'
import { type Binding, bindingId, parseBindings } from './bindings.ts'
import type { FaultState } from './faults.ts'
import type { ChangeFeed } from './feed.ts'
import { type Address, isRecord } from './frames.ts'
import type { JoinConfig } from './joinConfig.ts'
import { type Claims, verifyToken } from './jwt.ts'
import type { PresenceDiff } from './presence.ts'
import type { Subscriber } from './subscriptions.ts'
import type { Broadcast, Member, Topics } from './topics.ts'

/** What a channel needs of its surroundings. */
export interface ChannelContext {
  faults: FaultState
  feed: ChangeFeed
  topics: Topics
  sendJson(address: Address, payloadJson: string): void
  sendBytes(topic: string, event: string, payload: Buffer): void
  /** Called once, when the channel has ended. */
  onEnd(channel: Channel): void
}

/** How far a channel has come: only a live one gets changes. */
export type ChannelState = 'joining' | 'joined' | 'live' | 'closed'

const maxTimerMs = 2 ** 31 - 1
const maxBroadcastBytes = 3_000_500

/** One joined topic of one socket. */
export class Channel implements Subscriber, Member {
  readonly topic: string
  readonly joinRef: string | null
  readonly bindingIds: readonly number[]
  readonly #config: JoinConfig
  readonly #context: ChannelContext
  readonly #timers = new Set<NodeJS.Timeout>()
  #state: ChannelState = 'joining'
  #claims: Claims
  #token: string | undefined
  #expiryTimer: NodeJS.Timeout | undefined
  #generatedPresenceKey: string | undefined

  constructor(topic: string, joinRef: string | null, config: JoinConfig, claims: Claims, context: ChannelContext) {
    this.topic = topic
    this.joinRef = joinRef
    this.#config = config
    this.#claims = claims
    this.#token = config.accessToken
    this.#context = context
    this.bindingIds = config.requestedBindings.map(bindingId)
  }

  get state(): ChannelState {
    return this.#state
  }

  get isPrivate(): boolean {
    return this.#config.isPrivate
  }

  get requestedBindings(): readonly Record<string, unknown>[] {
    return this.#config.requestedBindings
  }

  /** Answers the join with `ref`, then attaches the feed. */
  join(ref: string | null): void {
    const { settings } = this.#context.faults
    if (settings.withholdJoinReply) return
    if (this.#config.waitsForFeed && this.bindingIds.length > 0) {
      this.#after(settings.joinReplyDelayMs + settings.systemOkDelayMs, () => {
        void this.#attach(() => this.#replyToJoin(ref))
      })
      return
    }
    this.#after(settings.joinReplyDelayMs, () => {
      this.#replyToJoin(ref)
      if (this.bindingIds.length > 0) this.#after(settings.systemOkDelayMs, () => void this.#attach())
    })
  }

  #replyToJoin(ref: string | null): void {
    const { settings } = this.#context.faults
    const presence = this.#context.topics.join(this.topic, this)
    this.#state = 'joined'
    const echoed = this.requestedBindings.map((binding) => ({ id: bindingId(binding), ...binding }))
    const response =
      settings.joinReplyBindings === 'missing'
        ? {}
        : { postgres_changes: settings.joinReplyBindings === 'empty' ? [] : echoed }
    this.reply(ref, 'ok', response)
    if (this.#config.isPresenceEnabled) this.#send('presence_state', presence.state)
    this.#watchExpiry()
  }

  async #attach(beforeOk?: () => void): Promise<void> {
    if (this.#context.faults.settings.withholdSystemOk) return
    const claims = this.#claims
    let bindings: Binding[]
    try {
      bindings = parseBindings(this.requestedBindings)
      const isCurrent = () => this.#state !== 'closed' && claims === this.#claims
      await this.#context.feed.subscribe(this, bindings, claims.role, JSON.stringify(claims), isCurrent)
      if (!isCurrent()) return
    } catch (error) {
      if (this.#state === 'closed') return
      beforeOk?.()
      this.sendSystem('postgres_changes', 'error', error instanceof Error ? error.message : String(error))
      return
    }
    beforeOk?.()
    this.#state = 'live'
    this.sendSystemOk()
  }

  /** A new token: what the channel may see is decided anew, and `system` ok comes again. */
  setToken(token: string): void {
    if (token.startsWith('sb_') || token === this.#token) return
    this.#token = token
    try {
      this.#claims = verifyToken(token)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.closeWithError(message.replace(/^\w+: /, ''))
      return
    }
    if (this.#state === 'joining') return
    this.#watchExpiry()
    if (this.bindingIds.length > 0)
      this.#after(this.#context.faults.settings.systemOkDelayMs, () => void this.#attach())
  }

  receiveBroadcast(ref: string | null, broadcast: Broadcast): void {
    if (this.#state === 'joining') return
    const { echoesBroadcasts, acknowledgesBroadcasts } = this.#config
    const isTooLarge = Buffer.byteLength(broadcast.payload) > maxBroadcastBytes
    if (!isTooLarge)
      this.#context.topics.broadcast(this.topic, this.isPrivate, broadcast, echoesBroadcasts ? undefined : this)
    if (!acknowledgesBroadcasts) return
    if (isTooLarge) this.reply(ref, 'error', { reason: 'Payload too large' })
    else this.reply(ref, 'ok', {})
  }

  receivePresence(ref: string | null, payload: unknown): void {
    if (!isRecord(payload) || this.#state === 'joining') return
    const { event, payload: shown } = payload
    if (event === 'untrack') this.#context.topics.untrack(this.topic, this)
    else if (shown !== undefined && !isRecord(shown)) {
      this.reply(ref, 'error', { reason: 'Presence track payload must be a map' })
      return
    } else {
      const key = this.#config.presenceKey || (this.#generatedPresenceKey ??= randomUUID())
      this.#context.topics.track(this.topic, this, key, shown ?? {})
    }
    this.reply(ref, 'ok', {})
  }

  sendChange(ids: readonly number[], dataJson: string): void {
    if (this.#state !== 'live') return
    const address = { topic: this.topic, event: 'postgres_changes' }
    this.#context.sendJson(address, `{"ids":${JSON.stringify(ids)},"data":${dataJson}}`)
  }

  sendBroadcast({ event, payload }: Broadcast): void {
    if (typeof payload !== 'string') {
      this.#context.sendBytes(this.topic, event, payload)
      return
    }
    const json = `{"type":"broadcast","event":${JSON.stringify(event)},"payload":${payload}}`
    this.#context.sendJson({ topic: this.topic, event: 'broadcast' }, json)
  }

  sendPresenceDiff(diff: PresenceDiff): void {
    if (this.#config.isPresenceEnabled) this.#send('presence_diff', diff)
  }

  sendSystemOk(): void {
    this.sendSystem('postgres_changes', 'ok', 'Subscribed to PostgreSQL')
  }

  sendSystem(extension: string, status: 'ok' | 'error', message: string): void {
    this.#send('system', { message, status, extension, channel: this.topic.replace(/^realtime:/, '') })
  }

  reply(ref: string | null, status: 'ok' | 'error', response: Record<string, unknown>): void {
    const address = { joinRef: this.joinRef, ref, topic: this.topic, event: 'phx_reply' }
    this.#context.sendJson(address, JSON.stringify({ status, response }))
  }

  /** What the real server does with a channel it gives up: a `system` error, then `phx_close`. */
  closeWithError(message: string): void {
    this.sendSystem('system', 'error', message)
    this.close()
  }

  /** Ends the channel and tells the client. */
  close(event: 'phx_close' | 'phx_error' = 'phx_close'): void {
    if (this.#state === 'closed') return
    this.end()
    this.#context.sendJson({ joinRef: this.joinRef, ref: this.joinRef, topic: this.topic, event }, '{}')
  }

  /** Ends the channel without a word. */
  end(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#expiryTimer)
    for (const timer of this.#timers) clearTimeout(timer)
    this.#context.feed.unsubscribe(this)
    this.#context.topics.leave(this.topic, this)
    this.#context.onEnd(this)
  }

  #send(event: string, payload: unknown): void {
    this.#context.sendJson({ joinRef: this.joinRef, topic: this.topic, event }, JSON.stringify(payload))
  }

  #after(delayMs: number, work: () => void): void {
    if (delayMs <= 0) {
      work()
      return
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, delayMs)
    this.#timers.add(timer)
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiryTimer)
    const remainingMs = this.#claims.exp * 1000 - Date.now()
    if (remainingMs > maxTimerMs) return
    this.#expiryTimer = setTimeout(() => this.expireToken(), Math.max(remainingMs, 0) + 1000)
    this.#expiryTimer.unref()
  }

  /** Treats the token as expired. */
  expireToken(): void {
    this.closeWithError('Token has expired 1 seconds ago')
  }
}
