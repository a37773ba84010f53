import type { FeedBinding } from '../../src/integration/supabase/client.ts'
import type { TestPayload } from '../../src/integration/testing/feedPayloads.ts'
import { TestChannel } from '../../src/integration/testing/testChannel.ts'
import { TestClient } from '../../src/integration/testing/testClient.ts'

/** What the kit's feed carries, and what a server may send besides. */
export interface ChangePayload extends Omit<TestPayload, 'new' | 'old' | 'commit_timestamp'> {
  readonly new: object
  readonly old: object
  readonly commit_timestamp: string | null
}

/** The kit's channel, which also takes what no feed brings: a payload for one binding, at any time and of any shape. */
export class FakeChannel extends TestChannel {
  /** The token the join carried. */
  joinedWith: string | undefined
  isTornDown = false
  readonly #client: FakeSupabase

  constructor(topic: string, config: object, client: FakeSupabase) {
    super(topic, config, client)
    this.#client = client
  }

  /** Its bindings to row events. */
  get tables(): FeedBinding[] {
    return this.bindings.flatMap(({ type, filter }) => (type === 'postgres_changes' ? [filter] : []))
  }

  /** The broadcast events that it listens to. */
  get events(): string[] {
    return this.bindings.flatMap(({ type, filter }) => (type === 'broadcast' ? [filter.event] : []))
  }

  override subscribe(callback: Parameters<TestChannel['subscribe']>[0]): this {
    this.joinedWith = this.#client.realtime.accessTokenValue
    return super.subscribe(callback)
  }

  override teardown(): void {
    this.isTornDown = true
    super.teardown()
  }

  /** Hands a change to one of the bindings to row events. */
  change(payload: unknown, index = 0): void {
    this.listeners.filter(({ binding }) => binding.type === 'postgres_changes')[index]?.callback(payload)
  }

  /** Hands a message to whoever listens to its event. */
  broadcast(event: string, payload: unknown, meta?: object): void {
    for (const { binding, callback } of this.listeners) {
      if (binding.type !== 'broadcast' || !['*', event].includes(binding.filter.event)) continue
      callback({ type: 'broadcast', event, payload, ...(meta && { meta }) })
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

/** The kit's client, with users and their tokens, which remembers its channels. */
export class FakeSupabase extends TestClient<FakeChannel> {
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

  protected create(topic: string, config: object): FakeChannel {
    const channel = new FakeChannel(topic, config, this)
    this.opened.push(channel)
    return channel
  }

  override removeChannel(channel: FakeChannel): Promise<'ok'> {
    this.removed.push(channel)
    return super.removeChannel(channel)
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
