import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { EmbeddedPostgres } from '../database/embedded.ts'
import { Delivery, type DeliveryStats } from './delivery.ts'
import { FaultState } from './faults.ts'
import { ChangeFeed } from './feed.ts'
import { parseVsn } from './frames.ts'
import { type Claims, verifyToken } from './jwt.ts'
import { Session, type SessionLimits } from './session.ts'
import { Topics } from './topics.ts'

const websocketPath = '/realtime/v1/websocket'

/** Limits of the server; the defaults are those of a self-hosted Supabase. */
export interface RealtimeLimits extends SessionLimits {
  connections: number
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

const statusTexts: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
}

/** A server of the Supabase Realtime protocol over the embedded Postgres. */
export class RealtimeServer {
  readonly faultState = new FaultState()
  readonly topics = new Topics()
  readonly #apiKey: string
  readonly #limits: RealtimeLimits
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, perMessageDeflate: false })
  readonly #sessions = new Set<Session>()
  readonly #delivery = new Delivery(this.faultState)
  readonly #feed: ChangeFeed
  readonly #sweepTimer: NodeJS.Timeout
  #lastSessionId = 0
  #joinSecond = 0
  #joinsThisSecond = 0

  /** `apiKey` is the only one that opens a socket. */
  constructor(db: EmbeddedPostgres, apiKey: string, limits: Partial<RealtimeLimits> = {}) {
    this.#apiKey = apiKey
    this.#limits = { ...defaultLimits, ...limits }
    this.#feed = new ChangeFeed(db, this.faultState, (change) => this.#delivery.deliver(change))
    this.#sweepTimer = setInterval(() => this.#dropIdle(), Math.min(this.#limits.idleTimeoutMs, maxSweepIntervalMs))
    this.#sweepTimer.unref()
  }

  get sessions(): Session[] {
    return [...this.#sessions]
  }

  get stats(): DeliveryStats {
    return { ...this.#delivery.stats }
  }

  start(): Promise<void> {
    return this.#feed.start()
  }

  /** Resolves when every change committed so far has been read and sent, or set aside for the delivery delay. */
  drained(): Promise<void> {
    return this.#feed.drained()
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
    else if (vsn === undefined) refuse(socket, 403, 'Unsupported vsn')
    else if (this.#sessions.size >= this.#limits.connections) refuse(socket, 429, 'Too many connected users')
    else {
      const claims = readApiKey(url.searchParams.get('apikey'), this.#apiKey)
      if (typeof claims === 'string') {
        refuse(socket, 401, claims)
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const session = new Session(++this.#lastSessionId, webSocket, vsn, claims, {
          faults: this.faultState,
          feed: this.#feed,
          topics: this.topics,
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
    this.#sockets.close()
  }

  #admitJoin(): boolean {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#joinSecond) this.#joinsThisSecond = 0
    this.#joinSecond = second
    return ++this.#joinsThisSecond <= this.#limits.joinsPerSecond
  }

  #dropIdle(): void {
    const oldestMs = Date.now() - this.#limits.idleTimeoutMs
    for (const session of this.#sessions) if (session.lastHeardAtMs < oldestMs) session.close(1000, '')
  }
}

/** The claims of an API key, or why it is refused: only `ownKey` is not. Keys of the new kind (`sb_…`) are anonymous. */
export function readApiKey(key: string | null, ownKey: string): Claims | string {
  if (key === null || key === '') return 'API key is missing'
  if (key !== ownKey) return 'API key is of another server'
  if (key.startsWith('sb_')) return { role: 'anon', exp: Number.MAX_SAFE_INTEGER }
  try {
    return verifyToken(key)
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/^\w+: /, '')
  }
}

function refuse(socket: Duplex, status: number, reason: string): void {
  const body = JSON.stringify({ error: reason })
  socket.end(
    `HTTP/1.1 ${status} ${statusTexts[status] ?? 'Refused'}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
