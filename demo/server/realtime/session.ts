import type { RawData, WebSocket } from 'ws'
import { Channel, type ChannelContext } from './channel.ts'
import { type Address, type ClientMessage, type Vsn, decodeBinary, decodeText } from './frames.ts'
import { encodeBinaryBroadcast, encodeText, isRecord } from './frames.ts'
import { readJoinConfig } from './joinConfig.ts'
import { type Claims, verifyToken } from './jwt.ts'

/** What the server allows one socket. */
export interface SessionLimits {
  channelsPerSocket: number
  /** A socket whose unread frames exceed this is dropped. */
  bufferedBytesPerSocket: number
}

export interface SessionContext extends Omit<ChannelContext, 'sendJson' | 'sendBytes' | 'onEnd'> {
  limits: SessionLimits
  /** Counts a join; whether it is allowed. */
  admitJoin(): boolean
}

/** One websocket: reads frames, answers heartbeats and joins, and hands the rest to its channels. */
export class Session {
  readonly id: number
  readonly vsn: Vsn
  readonly #socket: WebSocket
  readonly #apiKeyClaims: Claims
  readonly #context: SessionContext
  readonly #channels = new Map<string, Channel>()
  lastHeardAtMs = Date.now()

  constructor(id: number, socket: WebSocket, vsn: Vsn, apiKeyClaims: Claims, context: SessionContext) {
    this.id = id
    this.vsn = vsn
    this.#socket = socket
    this.#apiKeyClaims = apiKeyClaims
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

  send(data: string | Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(data)
    if (this.#socket.bufferedAmount > this.#context.limits.bufferedBytesPerSocket) this.terminate()
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.lastHeardAtMs = Date.now()
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)
    if (isBinary) {
      this.#receiveBinary(bytes)
      return
    }
    const message = decodeText(this.vsn, bytes.toString('utf8'))
    if (message !== undefined) this.#handle(message)
  }

  #receiveBinary(bytes: Buffer): void {
    const broadcast = decodeBinary(bytes)
    if (broadcast === undefined) return
    const { ref, topic, event, isJson, payload } = broadcast
    const channel = this.#channels.get(topic)
    if (channel === undefined) this.#replyError(broadcast, 'unmatched topic')
    else if (!isJson) channel.receiveBroadcast(ref, { event, payload })
    else if (isJsonText(payload)) channel.receiveBroadcast(ref, { event, payload: payload.toString('utf8') })
  }

  #handle(message: ClientMessage): void {
    const { ref, topic, event, payload } = message
    if (topic === 'phoenix') {
      if (event === 'heartbeat' && !this.#context.faults.settings.muteHeartbeats) this.#reply(message, 'ok', {})
      return
    }
    if (event === 'phx_join') {
      this.#join(message)
      return
    }
    const channel = this.#channels.get(topic)
    if (event === 'phx_leave') {
      this.#reply(message, 'ok', {})
      channel?.close()
    } else if (channel === undefined) {
      this.#replyError(message, 'unmatched topic')
    } else if (event === 'access_token') {
      const token = isRecord(payload) ? payload['access_token'] : undefined
      if (typeof token === 'string') channel.setToken(token)
    } else if (event === 'broadcast') {
      const { event: name, payload: content } = isRecord(payload) ? payload : {}
      channel.receiveBroadcast(ref, { event: String(name), payload: JSON.stringify(content ?? {}) })
    } else if (event === 'presence') {
      channel.receivePresence(ref, payload)
    }
  }

  #join(message: ClientMessage): void {
    const { joinRef, ref, topic, payload } = message
    const { faults, limits } = this.#context
    if (!topic.startsWith('realtime:')) {
      this.#replyError(message, 'unmatched topic')
      return
    }
    if (topic === 'realtime:') {
      this.#replyError(message, 'TopicNameRequired: You must provide a topic name')
      return
    }
    if (faults.take('joinErrorsNext')) {
      this.#replyError(message, faults.joinErrorReason)
      return
    }
    if (!this.#context.admitJoin()) {
      this.#replyError(message, 'ClientJoinRateLimitReached: Too many joins per second')
      this.close(1001, '')
      return
    }
    const replaced = this.#channels.get(topic)
    if (replaced === undefined && this.#channels.size >= limits.channelsPerSocket) {
      this.#replyError(message, 'ChannelRateLimitReached: Too many channels')
      return
    }
    const config = readJoinConfig(payload)
    let claims: Claims
    try {
      const token = config.accessToken
      claims = token === undefined || token.startsWith('sb_') ? this.#apiKeyClaims : verifyToken(token)
    } catch (error) {
      this.#replyError(message, error instanceof Error ? error.message : String(error))
      return
    }
    const channel = new Channel(topic, joinRef, config, claims, {
      ...this.#context,
      sendJson: (address, payloadJson) => this.#send(address, payloadJson),
      sendBytes: (onTopic, event, bytes) => this.#sendBytes(onTopic, event, bytes),
      onEnd: (ended) => {
        if (this.#channels.get(ended.topic) === ended) this.#channels.delete(ended.topic)
      },
    })
    replaced?.end()
    this.#channels.set(topic, channel)
    channel.join(ref)
    // The real server closes the replaced channel after it has answered the new join.
    if (replaced !== undefined) {
      this.#send({ joinRef: replaced.joinRef, ref: replaced.joinRef, topic, event: 'phx_close' }, '{}')
    }
  }

  #reply({ joinRef, ref, topic }: Omit<Address, 'event'>, status: 'ok' | 'error', response: Record<string, unknown>) {
    const address = { joinRef: joinRef ?? null, ref: ref ?? null, topic, event: 'phx_reply' }
    this.#send(address, JSON.stringify({ status, response }))
  }

  #replyError(address: Omit<Address, 'event'>, reason: string): void {
    this.#reply(address, 'error', { reason })
  }

  #send(address: Address, payloadJson: string): void {
    this.send(encodeText(this.vsn, address, payloadJson))
  }

  #sendBytes(topic: string, event: string, payload: Buffer): void {
    // The text-only serializer has no way to carry raw bytes.
    if (this.vsn !== '1.0.0') this.send(encodeBinaryBroadcast(topic, event, payload))
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
