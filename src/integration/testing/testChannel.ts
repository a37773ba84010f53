import { failType } from '../../actions/validate.ts'
import type { FeedBinding } from '../supabase/client.ts'

/** What a channel has been told to listen to: row events of a table, or messages of its topic. */
export type TestBinding =
  | { readonly type: 'postgres_changes'; readonly filter: FeedBinding }
  | { readonly type: 'broadcast'; readonly filter: { readonly event: string } }

/** What supabase-js tells of a join. */
export type TestJoinStatus = 'SUBSCRIBED' | 'CHANNEL_ERROR' | 'TIMED_OUT' | 'CLOSED'

/** A channel as supabase-js has it, of which a test decides what happens to it. */
export interface TestFeedChannel {
  readonly topic: string
  readonly params: { readonly config: object }
  /** What it listens to. */
  readonly bindings: readonly TestBinding[]
  readonly isSubscribed: boolean
  /** Whether its changes come. */
  readonly isLive: boolean
  /**
   * Listens, as on a channel of supabase-js.
   *
   * @throws Error once it is subscribed, as supabase-js does.
   */
  on(type: string, filter: object, callback: (payload: unknown) => void): TestFeedChannel
  /**
   * Joins; `callback` hears of each status.
   *
   * @throws Error the second time, as supabase-js does.
   */
  subscribe(callback: (status: TestJoinStatus, error?: Error) => void): TestFeedChannel
  /** Ends its timers, of which it has none. */
  teardown(): void
  /** Lets the join succeed and attaches the feed. */
  goLive(): void
  /** Lets the join succeed, but attaches no feed. */
  refuseFeed(message: string): void
  /** Loses the socket, or is refused. */
  drop(error?: Error): void
  /** Closes it, as the server does. */
  close(): void
  /** Tells of one status by itself, such as `'TIMED_OUT'`; after any but `'SUBSCRIBED'` no changes come. */
  tell(status: TestJoinStatus, error?: Error): void
  /** Tells of one message of the server by itself. */
  system(status: 'ok' | 'error', message?: string, extension?: string): void
  /** Hands on what `payloadFor` has for each binding, if the channel is live. */
  deliver(payloadFor: (binding: TestBinding) => unknown): void
}

/** What a channel tells its client. */
interface ChannelOwner<Channel> {
  subscribed(channel: Channel): void
  drop(topic: string): void
}

export class TestChannel implements TestFeedChannel {
  readonly topic: string
  readonly params: { readonly config: object }
  isSubscribed = false
  isLive = false
  protected readonly listeners: { readonly binding: TestBinding; readonly callback: (payload: unknown) => void }[] = []
  readonly #owner: ChannelOwner<TestChannel>
  #hearSystem: (payload: unknown) => void = () => undefined
  #follow: (status: TestJoinStatus, error?: Error) => void = () => undefined

  constructor(topic: string, config: object, owner: ChannelOwner<TestChannel>) {
    this.topic = topic
    this.params = { config }
    this.#owner = owner
  }

  get bindings(): readonly TestBinding[] {
    return this.listeners.map(({ binding }) => binding)
  }

  on(type: string, filter: object, callback: (payload: unknown) => void): this {
    if (this.isSubscribed) throw new Error(`cannot add \`${type}\` callbacks for ${this.topic} after \`subscribe()\`.`)
    if (type === 'system') this.#hearSystem = callback
    else if (type === 'postgres_changes' || type === 'broadcast') {
      // The filter is that of the type, as supabase-js has it.
      this.listeners.push({ binding: { type, filter } as TestBinding, callback })
    } else failType('on', "'postgres_changes', 'broadcast' or 'system'", type, 'The test feed has no presence.')
    return this
  }

  subscribe(callback: (status: TestJoinStatus, error?: Error) => void): this {
    if (this.isSubscribed) throw new Error(`cannot subscribe to ${this.topic} a second time.`)
    this.isSubscribed = true
    this.#follow = callback
    this.#owner.subscribed(this)
    return this
  }

  teardown(): void {
    this.isLive = false
  }

  goLive(): void {
    this.isLive = true
    this.tell('SUBSCRIBED')
    if (this.bindings.some(({ type }) => type === 'postgres_changes')) this.system('ok')
    else this.system('ok', 'Replication connection established', 'system')
  }

  refuseFeed(message: string): void {
    this.tell('SUBSCRIBED')
    this.system('error', message)
  }

  drop(error = new Error('socket closed: 1006')): void {
    this.tell('CHANNEL_ERROR', error)
  }

  close(): void {
    this.tell('CLOSED')
  }

  tell(status: TestJoinStatus, error?: Error): void {
    if (status !== 'SUBSCRIBED') this.isLive = false
    // The client drops every channel of the topic, whichever of them closes.
    if (status === 'CLOSED') this.#owner.drop(this.topic)
    this.#follow(status, error)
  }

  system(status: 'ok' | 'error', message = 'Subscribed to PostgreSQL', extension = 'postgres_changes'): void {
    this.#hearSystem({ extension, status, message, channel: this.topic.replace(/^realtime:/, '') })
  }

  deliver(payloadFor: (binding: TestBinding) => unknown): void {
    for (const { binding, callback } of this.listeners) {
      const payload = this.isLive ? payloadFor(binding) : undefined
      if (payload !== undefined) callback(payload)
    }
  }
}
