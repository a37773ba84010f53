import type { RawData, WebSocket } from 'ws'
import { type Admission, Channel, type ChannelContext } from './channel.ts'
import { type Address, type BinaryBroadcast, type ClientMessage, type Vsn, decodeBinary, decodeText } from './frames.ts'
import { encodeBinaryBroadcast, encodeText, isRecord } from './frames.ts'
import { type JoinConfig, readJoinConfig } from './joinConfig.ts'
import { type Claims, verifyKey, verifyToken } from './jwt.ts'
import type { UserBroadcast } from './topics.ts'
import { Turns } from './turns.ts'

/** What the server allows one socket. */
export interface SessionLimits {
  channelsPerSocket: number
  /** A socket whose unread frames exceed this is dropped. */
  bufferedBytesPerSocket: number
}

export interface SessionContext extends Omit<ChannelContext, 'sendJson' | 'sendUser' | 'onEnd'> {
  limits: SessionLimits
  /** Asks the policies about a private topic, and reads what is sent again. Rejects with the reason of a refusal. */
  authorize(name: string, config: JoinConfig, claims: Claims): Promise<Admission>
  /** Counts a join; whether it is allowed. */
  admitJoin(): boolean
}

const tooManyJoins = 'ClientJoinRateLimitReached: Too many joins per second'

/** One websocket: reads frames, answers heartbeats and joins, and hands the rest to its channels. */
export class Session {
  readonly id: number
  readonly vsn: Vsn
  readonly #socket: WebSocket
  readonly #apiKey: string
  readonly #context: SessionContext
  readonly #channels = new Map<string, Channel>()
  readonly #turns = new Turns()
  readonly #held: (string | Buffer)[] = []
  lastHeardAtMs = Date.now()

  constructor(id: number, socket: WebSocket, vsn: Vsn, apiKey: string, context: SessionContext) {
    this.id = id
    this.vsn = vsn
    this.#socket = socket
    this.#apiKey = apiKey
    this.#context = context
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('close', () => this.#endChannels())
    // Oversized and broken frames surface here; ws then closes the socket itself.
    socket.on('error', () => undefined)
  }

  get channels(): Channel[] {
    return [...this.#channels.values()]
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  terminate(): void {
    this.#endChannels()
    this.#socket.terminate()
  }

  close(code: number, reason: string): void {
    this.#endChannels()
    this.#socket.close(code, reason)
  }

  /** Sends a frame, after the turn that is being taken if there is one. */
  send(data: string | Buffer): void {
    if (this.#turns.isBusy) this.#held.push(data)
    else this.#sendNow(data)
  }

  #sendNow(data: string | Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(data)
    if (this.#socket.bufferedAmount > this.#context.limits.bufferedBytesPerSocket) this.terminate()
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.lastHeardAtMs = Date.now()
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)
    if (isBinary) {
      const broadcast = decodeBinary(bytes)
      if (broadcast !== undefined) this.#turns.take(() => this.#handleBinary(broadcast))
      return
    }
    const message = decodeText(this.vsn, bytes.toString('utf8'))
    if (message !== undefined) this.#turns.take(() => this.#handle(message))
  }

  #handleBinary(message: BinaryBroadcast): void {
    const { ref, topic, event, isJson, payload } = message
    const channel = this.#channels.get(topic)
    if (channel === undefined) this.#replyUnmatched(message)
    else if (!isJson || isJsonText(payload)) channel.talk.broadcast(ref, { kind: 'user', event, isJson, payload })
  }

  #handle(message: ClientMessage): void | Promise<() => void> {
    const { joinRef, ref, topic, event, payload } = message
    if (topic === 'phoenix') {
      if (event !== 'heartbeat') this.#replyUnmatched(message)
      else if (!this.#context.faults.settings.muteHeartbeats) this.#reply(message, 'ok', {})
      return
    }
    if (event === 'phx_join') return this.#join(message)
    const channel = this.#channels.get(topic)
    if (event === 'phx_leave') {
      // A leave of an earlier join of the topic comes too late to mean anything.
      if (channel !== undefined && joinRef !== null && joinRef !== channel.joinRef) return
      this.#reply(message, 'ok', {})
      channel?.close()
    } else if (channel === undefined) {
      this.#replyUnmatched(message)
    } else if (event === 'access_token') {
      const token = isRecord(payload) ? payload['access_token'] : undefined
      if (typeof token === 'string') void channel.setToken(token)
    } else if (event === 'broadcast') {
      channel.talk.broadcastText(ref, payload)
    } else if (event === 'presence') {
      channel.talk.presence(ref, payload)
    }
  }

  /** Answers a join. While it is being decided, and while a refusal is held back, the whole socket stands still. */
  #join(message: ClientMessage): void | Promise<() => void> {
    const { topic, payload } = message
    if (!topic.startsWith('realtime:')) {
      this.#replyUnmatched(message)
      return
    }
    const config = readJoinConfig(topic, payload)
    try {
      const claims = this.#check(topic, config)
      if (!config.isPrivate && config.replay === undefined) {
        this.#admit(message, config, { claims, readable: new Set(), replayed: [] })
        return
      }
      return this.#context
        .authorize(topic.replace(/^realtime:/, ''), config, claims)
        .then((admission) => () => this.#admit(message, config, admission))
        .catch((error: unknown) => this.#refuse(message, error))
    } catch (error) {
      const { refusedJoinDelayMs } = this.#context.faults.settings
      if (refusedJoinDelayMs > 0) return this.#refuse(message, error)
      this.#replyError(message, error)
    }
  }

  /** Whose join it is. Throws an Error with the reason when it is refused. */
  #check(topic: string, config: JoinConfig): Claims {
    const { faults, limits } = this.#context
    if (topic === 'realtime:') throw new Error('TopicNameRequired: You must provide a topic name')
    if (faults.take('joinErrorsNext')) throw new Error(faults.joinErrorReason)
    if (!this.#context.admitJoin()) throw new Error(tooManyJoins)
    if (!this.#channels.has(topic) && this.#channels.size >= limits.channelsPerSocket) {
      throw new Error('ChannelRateLimitReached: Too many channels')
    }
    const { accessToken } = config
    const isOwnKey = accessToken === undefined || accessToken.startsWith('sb_')
    return isOwnKey ? verifyKey(this.#apiKey) : verifyToken(accessToken)
  }

  async #refuse(message: ClientMessage, error: unknown): Promise<() => void> {
    await new Promise((resolve) => setTimeout(resolve, this.#context.faults.settings.refusedJoinDelayMs))
    return () => this.#replyError(message, error)
  }

  #replyError(message: ClientMessage, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#reply(message, 'error', { reason })
    this.#flush()
    if (reason === tooManyJoins) this.close(1001, '')
  }

  #admit({ joinRef, ref, topic }: ClientMessage, config: JoinConfig, admission: Admission): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const channel = new Channel(topic, joinRef, config, admission, {
      ...this.#context,
      sendJson: (address, payloadJson) => this.#send(address, payloadJson),
      sendUser: (onTopic, broadcast) => this.#sendUser(onTopic, broadcast),
      onEnd: (ended) => {
        if (this.#channels.get(ended.topic) === ended) this.#channels.delete(ended.topic)
      },
    })
    const replaced = this.#channels.get(topic)
    replaced?.end()
    this.#channels.set(topic, channel)
    channel.join(ref)
    // The real server closes the replaced channel after it has answered the new join.
    if (replaced !== undefined) {
      this.#send({ joinRef: replaced.joinRef, ref: replaced.joinRef, topic, event: 'phx_close' }, '{}')
    }
    this.#flush()
  }

  #flush(): void {
    for (const data of this.#held.splice(0)) this.#sendNow(data)
  }

  #replyUnmatched({ ref, topic }: Omit<Address, 'event'>): void {
    this.#reply({ joinRef: null, ref: ref ?? null, topic }, 'error', { reason: 'unmatched topic' })
  }

  #reply({ joinRef, ref, topic }: Omit<Address, 'event'>, status: 'ok' | 'error', response: Record<string, unknown>) {
    const address = { joinRef: joinRef ?? null, ref: ref ?? null, topic, event: 'phx_reply' }
    this.#send(address, JSON.stringify({ status, response }))
  }

  #send(address: Address, payloadJson: string): void {
    this.send(encodeText(this.vsn, address, payloadJson))
  }

  #sendUser(topic: string, { event, isJson, payload, meta }: UserBroadcast): void {
    if (this.vsn !== '1.0.0') {
      this.send(encodeBinaryBroadcast(topic, event, meta === undefined ? '' : JSON.stringify(meta), isJson, payload))
      return
    }
    // The text-only serializer has no way to carry raw bytes.
    if (!isJson) return
    const metaJson = meta === undefined ? '' : `,"meta":${JSON.stringify(meta)}`
    const json = `{"type":"broadcast","event":${JSON.stringify(event)},"payload":${payload.toString('utf8')}${metaJson}}`
    this.#send({ topic, event: 'broadcast' }, json)
  }

  #endChannels(): void {
    for (const channel of this.channels) channel.end()
  }
}

function isJsonText(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}
