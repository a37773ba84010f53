import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { EmbeddedPostgres } from '../database/embedded.ts'
import { Authorization, notReadable } from './authorization.ts'
import { Delivery, type DeliveryStats, type MessageStats } from './delivery.ts'
import { type FaultSettings, FaultState } from './faults.ts'
import { ChangeFeed } from './feed.ts'
import { parseVsn } from './frames.ts'
import { type Claims, readApiKey } from './jwt.ts'
import { MessageFeed } from './messageFeed.ts'
import { parseReplay, readReplay } from './replay.ts'
import type { JoinConfig } from './joinConfig.ts'
import type { Admission } from './channel.ts'
import { Session, type SessionLimits } from './session.ts'
import { Topics } from './topics.ts'

const websocketPath = '/realtime/v1/websocket'

/** Limits of the server; the defaults are those of a self-hosted Supabase. */
export interface RealtimeLimits extends SessionLimits {
  connections: number
  /** An average over a minute, as on the real server: more at once are let through. */
  joinsPerSecond: number
  /** A socket that sends nothing for this long is dropped. */
  idleTimeoutMs: number
}

const defaultLimits: RealtimeLimits = {
  connections: 200,
  channelsPerSocket: 100,
  joinsPerSecond: 100,
  idleTimeoutMs: 60_000,
  bufferedBytesPerSocket: 8_000_000,
}

const maxFrameBytes = 5_000_000
const maxSweepIntervalMs = 10_000
const joinWindowMs = 60_000

const statusTexts: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
}

/** A server of the Supabase Realtime protocol over the embedded Postgres. */
export class RealtimeServer {
  readonly faultState: FaultState
  readonly topics = new Topics()
  readonly authorization: Authorization
  readonly #apiKey: string
  readonly #db: EmbeddedPostgres
  readonly #limits: RealtimeLimits
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, perMessageDeflate: false })
  readonly #sessions = new Set<Session>()
  readonly #delivery: Delivery
  readonly #feed: ChangeFeed
  readonly #messages: MessageFeed
  readonly #sweepTimer: NodeJS.Timeout
  #lastSessionId = 0
  /** When the joins of the last minute came. */
  #joinTimes: number[] = []

  /**
   * `apiKey` is the only one that opens a socket. `timing` are the fault settings that are in force from the start, and
   * after a reset.
   */
  constructor(
    db: EmbeddedPostgres,
    apiKey: string,
    limits: Partial<RealtimeLimits> = {},
    timing: Partial<FaultSettings> = {},
  ) {
    this.#db = db
    this.#apiKey = apiKey
    this.#limits = { ...defaultLimits, ...limits }
    this.faultState = new FaultState(timing)
    this.authorization = new Authorization(db)
    this.#delivery = new Delivery(this.faultState)
    this.#messages = new MessageFeed(db, this.faultState, this.topics)
    this.#feed = new ChangeFeed(db, this.faultState, (change) => this.#delivery.deliver(change))
    this.#sweepTimer = setInterval(() => this.#dropIdle(), Math.min(this.#limits.idleTimeoutMs, maxSweepIntervalMs))
    this.#sweepTimer.unref()
  }

  get sessions(): Session[] {
    return [...this.#sessions]
  }

  get stats(): DeliveryStats & MessageStats {
    return { ...this.#delivery.stats, ...this.#messages.stats }
  }

  async start(): Promise<void> {
    await this.#feed.start()
    await this.#messages.start()
  }

  /** Resolves when everything committed so far has been read and sent, or set aside for the delivery delay. */
  async drained(): Promise<void> {
    await this.#messages.drained()
    await this.#feed.drained()
  }

  stopWorker(): void {
    this.#feed.stopWorker()
  }

  resumePolls(): void {
    this.#feed.resume()
  }

  /** Takes an HTTP upgrade; whatever is not a valid websocket request of the protocol is refused. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { upgrade } = this.faultState.settings
    if (upgrade === 'refuse') {
      socket.destroy()
      return
    }
    if (upgrade !== 'accept') {
      refuse(socket, upgrade, statusTexts[upgrade] ?? 'Refused')
      return
    }
    // Not as a base: a path such as `//` would be read as a host.
    const url = new URL(`http://localhost${request.url ?? '/'}`)
    const vsn = parseVsn(url.searchParams.get('vsn'))
    if (url.pathname !== websocketPath) refuse(socket, 404, 'Not Found')
    else if (vsn === undefined) refuse(socket, 403)
    else if (this.#sessions.size >= this.#limits.connections) refuse(socket, 429, 'Too many connected users')
    else {
      const claims = readApiKey(url.searchParams.get('apikey'), this.#apiKey)
      if (typeof claims === 'string') {
        setTimeout(() => refuse(socket, 401, claims), this.faultState.settings.refusedUpgradeDelayMs)
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const session = new Session(++this.#lastSessionId, webSocket, vsn, this.#apiKey, {
          faults: this.faultState,
          feed: this.#feed,
          topics: this.topics,
          authorization: this.authorization,
          authorize: (name, config, owner) => this.#authorize(name, config, owner),
          limits: this.#limits,
          admitJoin: () => this.#admitJoin(),
        })
        this.#sessions.add(session)
        webSocket.on('close', () => this.#sessions.delete(session))
      })
    }
  }

  /** Drops every socket. */
  terminateAll(): void {
    for (const session of this.#sessions) session.terminate()
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweepTimer)
    this.terminateAll()
    this.#delivery.stop()
    await this.#feed.stop()
    await this.#messages.stop()
    this.#sockets.close()
  }

  async #authorize(name: string, config: JoinConfig, claims: Claims): Promise<Admission> {
    if (!config.isPrivate) throw new Error('UnableToReplayMessages: Replay is not allowed for public channels')
    const readable = await this.authorization.readable(name, claims)
    const mustReadBroadcasts = config.replay !== undefined
    if (readable.size === 0 || (mustReadBroadcasts && !readable.has('broadcast'))) {
      throw new Error(`Unauthorized: ${notReadable(name)}`)
    }
    const request = config.replay === undefined ? undefined : parseReplay(config.replay.requested)
    return { claims, readable, replayed: request === undefined ? [] : await readReplay(this.#db, name, request) }
  }

  #admitJoin(): boolean {
    const oldestMs = Date.now() - joinWindowMs
    this.#joinTimes = this.#joinTimes.filter((joinedAtMs) => joinedAtMs > oldestMs)
    if (this.#joinTimes.length >= (this.#limits.joinsPerSecond * joinWindowMs) / 1000) return false
    this.#joinTimes.push(Date.now())
    return true
  }

  #dropIdle(): void {
    const oldestMs = Date.now() - this.#limits.idleTimeoutMs
    for (const session of this.#sessions) if (session.lastHeardAtMs < oldestMs) session.close(1000, '')
  }
}

function refuse(socket: Duplex, status: number, reason?: string): void {
  const body = reason === undefined ? '' : JSON.stringify({ error: reason })
  socket.end(
    `HTTP/1.1 ${status} ${statusTexts[status] ?? 'Refused'}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
