import type { FeedBinding } from '../../src/integration/supabase/client.ts'

export type JoinStatus = 'SUBSCRIBED' | 'CHANNEL_ERROR' | 'TIMED_OUT' | 'CLOSED'

/** A payload of `postgres_changes`, as supabase-js hands it on. */
export interface ChangePayload {
  readonly schema: string
  readonly table: string
  readonly eventType: 'INSERT' | 'UPDATE' | 'DELETE'
  readonly new: object
  readonly old: object
  readonly commit_timestamp: string | null
  readonly errors: readonly string[] | null
}

/** A channel of which a test decides what happens to it. */
export class FakeChannel {
  readonly bindings: FeedBinding[] = []
  /** The broadcast events that are listened to. */
  readonly events: string[] = []
  readonly topic: string
  readonly params: { readonly config: Record<string, unknown> }
  /** The token the join carried. */
  joinedWith: string | undefined
  isSubscribed = false
  isTornDown = false
  /** Whether its feed has been attached. */
  isLive = false
  readonly #client: FakeSupabase
  readonly #changed: ((payload: unknown) => void)[] = []
  readonly #heard: ((message: unknown) => void)[] = []
  #system: (payload: unknown) => void = () => undefined
  #follow: (status: JoinStatus, error?: Error) => void = () => undefined

  constructor(client: FakeSupabase, topic: string, config: Record<string, unknown> = {}) {
    this.#client = client
    this.params = { config }
    this.topic = topic
  }

  on(type: string, filter: FeedBinding | { event: string }, callback: (payload: unknown) => void): this {
    if (this.isSubscribed) throw new Error(`cannot add \`${type}\` callbacks for ${this.topic} after \`subscribe()\`.`)
    if (type === 'system') this.#system = callback
    else if (type === 'broadcast') {
      this.events.push(filter.event)
      this.#heard.push(callback)
    } else {
      this.bindings.push(filter as FeedBinding)
      this.#changed.push(callback)
    }
    return this
  }

  subscribe(callback: (status: JoinStatus, error?: Error) => void): this {
    if (this.isSubscribed) throw new Error('tried to join multiple times')
    this.isSubscribed = true
    this.joinedWith = this.#client.realtime.accessTokenValue
    this.#follow = callback
    this.#client.subscribed(this)
    return this
  }

  teardown(): void {
    this.isTornDown = true
  }

  tell(status: JoinStatus, error?: Error): void {
    // The client drops every channel of the topic, whichever of them closes.
    if (status === 'CLOSED') this.#client.drop(this.topic)
    this.#follow(status, error)
  }

  system(status: 'ok' | 'error', message = 'Subscribed to PostgreSQL', extension = 'postgres_changes'): void {
    this.#system({ extension, status, message, channel: 'db' })
  }

  /** Joined, and the feed attached. */
  goLive(): void {
    this.isLive = true
    this.tell('SUBSCRIBED')
    if (this.bindings.length > 0) this.system('ok')
    else this.system('ok', 'Replication connection established', 'system')
  }

  /** Delivers a change to one of the bindings. */
  deliver(payload: unknown, binding = 0): void {
    this.#changed[binding]?.(payload)
  }

  /** Delivers a message of the topic. */
  broadcast(event: string, payload: unknown, meta?: object): void {
    for (const [index, one] of this.events.entries()) {
      if (one === '*' || one === event)
        this.#heard[index]?.({ type: 'broadcast', event, payload, ...(meta && { meta }) })
    }
  }
}

/** The socket of a client. */
interface FakeSocket {
  accessTokenValue?: string | undefined
  apiKey?: string
  accessToken?: (() => Promise<string | null>) | null
  isConnected?: () => boolean
  isDisconnecting?: () => boolean
  setAuth(token?: string | null): Promise<void>
}

/** The part of a supabase-js client that a feed uses, with its traps. */
export class FakeSupabase {
  /** Every channel object there has been. */
  readonly opened: FakeChannel[] = []
  readonly removed: FakeChannel[] = []
  /** What `setAuth` does; by default it finds the user's token. */
  findToken: () => Promise<string | undefined> = () => Promise.resolve('token of the user')
  readonly realtime: FakeSocket = {
    setAuth: async (token) => {
      this.realtime.accessTokenValue = token ?? (await this.findToken())
    },
  }
  readonly #signInListeners = new Set<() => void>()
  readonly auth = {
    onAuthStateChange: (listener: () => void) => {
      this.#signInListeners.add(listener)
      return { data: { subscription: { unsubscribe: () => this.#signInListeners.delete(listener) } } }
    },
  }

  /** Signs in as whoever the token is of, and tells of it. */
  async signIn(token: string): Promise<void> {
    this.findToken = () => Promise.resolve(token)
    await this.realtime.setAuth(token)
    for (const listener of this.#signInListeners) listener()
  }

  /** Called for each channel that is being joined. */
  subscribed: (channel: FakeChannel) => void = () => undefined
  #channels: FakeChannel[] = []

  channel(name: string, options?: { readonly config: object }): FakeChannel {
    const topic = `realtime:${name}`
    const known = this.#channels.find((channel) => channel.topic === topic)
    if (known) return known
    const channel = new FakeChannel(this, topic, options?.config as Record<string, unknown>)
    this.#channels.push(channel)
    this.opened.push(channel)
    return channel
  }

  async removeChannel(channel: FakeChannel): Promise<'ok'> {
    this.removed.push(channel)
    channel.tell('CLOSED')
    return 'ok'
  }

  getChannels(): FakeChannel[] {
    return this.#channels
  }

  drop(topic: string): void {
    this.#channels = this.#channels.filter((channel) => channel.topic !== topic)
  }

  /** The channel object of a name that was opened last. */
  of(name: string): FakeChannel {
    const channel = this.opened.findLast(({ topic }) => topic === `realtime:${name}`)
    if (!channel) throw new Error(`No channel '${name}' has been opened.`)
    return channel
  }

  /** The channel object opened last. */
  get current(): FakeChannel {
    const channel = this.opened.at(-1)
    if (!channel) throw new Error('No channel has been opened.')
    return channel
  }
}
