import { type SupabaseClient, createClient } from '@supabase/supabase-js'

/** A join that the server has been asked for. */
export interface ScriptedJoin {
  readonly ref: string
  readonly topic: string
  readonly payload: {
    readonly access_token?: string
    readonly config: { readonly postgres_changes: readonly { readonly table: string }[] }
  }
  readonly socket: ScriptedSocket
}

export const tokenOf = (claims: object): string => `e30.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.signature`

/** The claims of nobody in particular, as an API key has them. */
export const apiKey = tokenOf({ iss: 'supabase', role: 'anon', exp: 4_102_444_800 })

const LEAVE = 'phx_leave'

/** A Realtime server on the wire, without a wire: the unmodified client talks to it under simulated time. */
export class ScriptedRealtime {
  readonly sockets: ScriptedSocket[] = []
  /** Every join there has been, in order. */
  readonly joins: ScriptedJoin[] = []
  /** Every token that came after a join. */
  readonly tokens: string[] = []
  readonly vsn: '1.0.0' | '2.0.0'
  /** Whether sockets can be opened. */
  isUp = true
  /** What the next joins are answered with instead; `'nothing'` is no answer. */
  readonly refusals: ('nothing' | 'error' | 'mismatch')[] = []
  #delivering: ScriptedJoin | undefined
  #commits = 0

  constructor(vsn: '1.0.0' | '2.0.0' = '2.0.0') {
    this.vsn = vsn
  }

  createClient(accessToken?: () => Promise<string>): SupabaseClient {
    // oxlint-disable-next-line typescript/no-this-alias -- the client makes the sockets itself
    const server = this
    class Transport extends ScriptedSocket {
      constructor(url: string) {
        super(url, server)
      }
    }
    return createClient('http://127.0.0.1:1', apiKey, {
      realtime: { transport: Transport as never, vsn: this.vsn },
      ...(accessToken ? { accessToken } : { auth: { persistSession: false, autoRefreshToken: false } }),
    })
  }

  get socket(): ScriptedSocket {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error('Expected a socket.')
    return socket
  }

  get join(): ScriptedJoin {
    const join = this.joins.at(-1)
    if (!join) throw new Error('Expected a join.')
    return join
  }

  /** Whether changes reach the client. */
  get isDelivering(): boolean {
    return this.#delivering !== undefined && this.#delivering.socket.readyState === 1
  }

  /** Tells of an INSERT, as far as anybody listens. */
  tell(table: string): void {
    const join = this.#delivering
    if (!join || !this.isDelivering) return
    this.#commits += 1
    const commit_timestamp = new Date(Date.now()).toISOString()
    const ids = join.payload.config.postgres_changes.flatMap((one, index) =>
      one.table === table ? [1_000 + index] : [],
    )
    const columns = [{ name: 'id', type: 'int8' }]
    const record = { id: this.#commits }
    const data = { schema: 'public', table, type: 'INSERT', commit_timestamp, columns, record, errors: null }
    join.socket.emit(null, null, join.topic, 'postgres_changes', { ids, data })
  }

  /** Attaches the feed of a join; repeated if it is attached already. */
  attach(join: ScriptedJoin): void {
    if (join !== this.joins.at(-1) || join.socket.readyState !== 1) return
    this.#delivering = join
    join.socket.system(join, 'ok', 'postgres_changes', 'Subscribed to PostgreSQL')
  }

  /** Delivers no more, of which nobody tells. */
  detach(): void {
    this.#delivering = undefined
  }

  take(socket: ScriptedSocket, data: unknown): void {
    if (typeof data !== 'string') return
    const message = JSON.parse(data)
    const [joinRef, ref, topic, event, payload] = Array.isArray(message)
      ? message
      : [message.join_ref, message.ref, message.topic, message.event, message.payload]
    if (event === 'access_token') this.tokens.push(payload.access_token)
    if (event === 'heartbeat' || event === LEAVE) {
      socket.emit(joinRef, ref, topic, 'phx_reply', { status: 'ok', response: {} })
    }
    if (event === LEAVE && this.#delivering?.ref === joinRef) this.detach()
    if (event === 'phx_join') this.#takeJoin({ ref, topic, payload, socket })
  }

  #takeJoin(join: ScriptedJoin): void {
    this.joins.push(join)
    this.detach()
    const refusal = this.refusals.shift()
    if (refusal === 'nothing') return
    const reply = (payload: object): void => join.socket.emit(join.ref, join.ref, join.topic, 'phx_reply', payload)
    if (refusal === 'error')
      return reply({ status: 'error', response: { reason: 'RealtimeRestarting: please standby' } })
    const bindings = join.payload.config.postgres_changes.map((one, index) => ({ ...one, id: 1_000 + index }))
    reply({ status: 'ok', response: { postgres_changes: refusal === 'mismatch' ? [] : bindings } })
    if (refusal === undefined) setTimeout(() => this.attach(join), 30)
  }
}

/** What a client takes for a WebSocket. */
export class ScriptedSocket {
  readonly url: string
  readyState = 0
  binaryType = 'arraybuffer'
  bufferedAmount = 0
  onopen: ((event: object) => void) | undefined
  onclose: ((event: object) => void) | undefined
  onerror: ((event: object) => void) | undefined
  onmessage: ((event: { readonly data: string }) => void) | undefined
  /** Whether it is open for the client, and hears and says nothing. */
  isDead = false
  readonly #server: ScriptedRealtime

  constructor(url: string, server: ScriptedRealtime) {
    this.url = url
    this.#server = server
    server.sockets.push(this)
    setTimeout(() => {
      if (this.readyState !== 0) return
      if (!server.isUp) return this.drop(1006)
      this.readyState = 1
      this.onopen?.({})
    }, 5)
  }

  send(data: unknown): void {
    setTimeout(() => {
      if (this.readyState === 1 && !this.isDead) this.#server.take(this, data)
    }, 2)
  }

  emit(joinRef: string | null, ref: string | null, topic: string, event: string, payload: object): void {
    if (this.readyState !== 1 || this.isDead) return
    const message =
      this.#server.vsn === '2.0.0' ? [joinRef, ref, topic, event, payload] : { topic, event, payload, ref }
    this.onmessage?.({ data: JSON.stringify(message) })
  }

  system({ ref, topic }: ScriptedJoin, status: 'ok' | 'error', extension: string, message: string): void {
    this.emit(ref, null, topic, 'system', { status, extension, message, channel: topic.replace('realtime:', '') })
  }

  close(code = 1000): void {
    if (this.readyState >= 2) return
    this.readyState = 2
    // A peer that is gone does not answer the farewell.
    setTimeout(() => this.drop(code), this.isDead ? 60_000 : 1)
  }

  /** The connection is gone. */
  drop(code: number): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.onclose?.({ code, reason: '', wasClean: code === 1000 })
  }
}
