import { type Authorization, type Extension, notReadable } from './authorization.ts'
import { ChannelFeed, type FeedHost } from './channelFeed.ts'
import { ChannelTalk, type TalkHost } from './channelTalk.ts'
import type { FaultState } from './faults.ts'
import type { ChangeFeed } from './feed.ts'
import type { Address } from './frames.ts'
import type { JoinConfig } from './joinConfig.ts'
import { type Claims, describeTokenError, verifyToken } from './jwt.ts'
import type { Topics, UserBroadcast } from './topics.ts'

/** What a channel needs of its surroundings. */
export interface ChannelContext {
  faults: FaultState
  feed: ChangeFeed
  topics: Topics
  authorization: Authorization
  sendJson(address: Address, payloadJson: string): void
  sendUser(topic: string, broadcast: UserBroadcast): void
  /** Called once, when the channel has ended. */
  onEnd(channel: Channel): void
}

/** What a join was allowed: whose it is, what it may read, and what is sent again. */
export interface Admission {
  claims: Claims
  readable: ReadonlySet<Extension>
  replayed: readonly UserBroadcast[]
}

/** How far a channel has come: only a live one gets changes. */
export type ChannelState = 'joining' | 'joined' | 'live' | 'closed'

const maxTimerMs = 2 ** 31 - 1
const replicationCheckMs = 500

/** One joined topic of one socket. */
export class Channel implements FeedHost, TalkHost {
  readonly topic: string
  readonly joinRef: string | null
  readonly feed: ChannelFeed
  readonly talk: ChannelTalk
  readonly #config: JoinConfig
  readonly #context: ChannelContext
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #replayed: readonly UserBroadcast[]
  #state: ChannelState = 'joining'
  #claims: Claims
  #token: string | undefined
  #expiryTimer: NodeJS.Timeout | undefined

  constructor(
    topic: string,
    joinRef: string | null,
    config: JoinConfig,
    { claims, readable, replayed }: Admission,
    context: ChannelContext,
  ) {
    this.topic = topic
    this.joinRef = joinRef
    this.#config = config
    this.#claims = claims
    this.#token = config.accessToken
    this.#replayed = replayed
    this.#context = context
    this.feed = new ChannelFeed(this, config, context)
    this.talk = new ChannelTalk(this, config, readable, context)
  }

  get state(): ChannelState {
    return this.#state
  }

  get claims(): Claims {
    return this.#claims
  }

  get isJoined(): boolean {
    return this.#state === 'joined' || this.#state === 'live'
  }

  get name(): string {
    return this.topic.replace(/^realtime:/, '')
  }

  get isEnded(): boolean {
    return this.#state === 'closed'
  }

  /** Answers the join with `ref`, then attaches the feed. */
  join(ref: string | null): void {
    const { settings } = this.#context.faults
    if (settings.withholdJoinReply) return
    this.after(settings.joinReplyDelayMs, () => {
      this.#replyToJoin(ref)
      this.feed.attachAfter(settings.systemOkDelayMs)
    })
  }

  #replyToJoin(ref: string | null): void {
    const { settings } = this.#context.faults
    this.talk.join(settings.replicationDelayMs)
    this.#state = 'joined'
    const response =
      settings.joinReplyBindings === 'missing'
        ? {}
        : { postgres_changes: settings.joinReplyBindings === 'empty' ? [] : this.feed.echo }
    this.reply(ref, 'ok', response)
    for (const broadcast of this.#replayed) this.#replay(broadcast)
    this.talk.sendPresenceState()
    this.#watchExpiry()
    if (!this.#config.wantsReplicationReady) return
    const readyAfterMs = Math.ceil(settings.replicationDelayMs / replicationCheckMs) * replicationCheckMs
    this.after(readyAfterMs, () => this.sendSystem('system', 'ok', 'Replication connection established'))
  }

  #replay(broadcast: UserBroadcast): void {
    const { event, isJson, payload, meta } = broadcast
    if (!isJson) {
      this.sendUser(this.topic, broadcast)
      return
    }
    const json =
      `{"type":"broadcast","event":${JSON.stringify(event)},"payload":${payload.toString('utf8')},` +
      `"meta":${JSON.stringify(meta)}}`
    this.#context.sendJson({ joinRef: this.joinRef, topic: this.topic, event: 'broadcast' }, json)
  }

  /** The feed is attached, or was said to be. */
  onLive(): void {
    this.#state = 'live'
    this.sendSystemOk()
  }

  /** A new token: what the channel may see is decided anew, and `system` ok comes again. */
  async setToken(token: string): Promise<void> {
    if (token.startsWith('sb_') || token === this.#token) return
    this.#token = token
    let claims: Claims
    try {
      claims = verifyToken(token)
    } catch (error) {
      this.closeWithError(describeTokenError(error))
      return
    }
    this.#claims = claims
    if (this.#state === 'joining') return
    this.#watchExpiry()
    if (this.#config.isPrivate && !(await this.#authorize(claims))) return
    const { tokenOkDelayMs, systemOkDelayMs } = this.#context.faults.settings
    this.feed.attachAfter(tokenOkDelayMs + systemOkDelayMs)
  }

  async #authorize(claims: Claims): Promise<boolean> {
    const readable = await this.#context.authorization.readable(this.name, claims).catch(() => new Set<Extension>())
    if (this.#state === 'closed' || claims !== this.#claims) return false
    if (readable.size === 0) {
      this.closeWithError(notReadable(this.name))
      return false
    }
    this.talk.authorize(readable)
    return true
  }

  sendJson(address: Address, payloadJson: string): void {
    this.#context.sendJson(address, payloadJson)
  }

  sendUser(topic: string, broadcast: UserBroadcast): void {
    this.#context.sendUser(topic, broadcast)
  }

  sendSystemOk(): void {
    this.sendSystem('postgres_changes', 'ok', 'Subscribed to PostgreSQL')
  }

  sendSystem(extension: string, status: 'ok' | 'error', message: string): void {
    this.send('system', { message, status, extension, channel: this.name })
  }

  /** What precedes the end of all sockets, to nobody's join in particular. */
  announceDisconnect(): void {
    const payload = { message: 'Server requested disconnect', status: 'ok', extension: 'system' }
    this.#context.sendJson({ topic: this.topic, event: 'system' }, JSON.stringify(payload))
  }

  send(event: string, payload: unknown): void {
    this.#context.sendJson({ joinRef: this.joinRef, topic: this.topic, event }, JSON.stringify(payload))
  }

  reply(ref: string | null, status: 'ok' | 'error', response: unknown): void {
    const address = { joinRef: this.joinRef, ref, topic: this.topic, event: 'phx_reply' }
    this.#context.sendJson(address, JSON.stringify({ status, response }))
  }

  /** What the real server does with a channel it gives up: a `system` error, then `phx_close`. */
  closeWithError(message: string): void {
    if (this.#state === 'closed') return
    this.sendSystem('system', 'error', message)
    this.close()
  }

  crash(): void {
    this.close('phx_error', { reason: 'channel_crash' })
  }

  /** Ends the channel and tells the client. */
  close(event: 'phx_close' | 'phx_error' = 'phx_close', payload: object = {}): void {
    if (this.#state === 'closed') return
    this.end()
    const address = { joinRef: this.joinRef, ref: this.joinRef, topic: this.topic, event }
    this.#context.sendJson(address, JSON.stringify(payload))
  }

  /** Ends the channel without a word. */
  end(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#expiryTimer)
    for (const timer of this.#timers) clearTimeout(timer)
    this.feed.detach()
    this.talk.leave()
    this.#context.onEnd(this)
  }

  /** Does `work` after `delayMs`, unless the channel has ended. */
  after(delayMs: number, work: () => void): void {
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
    this.#expiryTimer = setTimeout(() => this.expireToken(), Math.max(remainingMs, 0))
    this.#expiryTimer.unref()
  }

  /** Treats the token as expired. */
  expireToken(): void {
    this.closeWithError('Token has expired 0 seconds ago')
  }
}
