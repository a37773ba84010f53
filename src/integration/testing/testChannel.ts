import { failType } from '../../actions/validate.ts'
import type { FeedBinding } from '../supabase/client.ts'

/** What a channel has been told to listen to: row events of a table, or messages of its topic. */
export type TestBinding =
  | { readonly type: 'postgres_changes'; readonly filter: FeedBinding }
  | { readonly type: 'broadcast'; readonly filter: { readonly event: string } }

/** A channel as supabase-js has it, of which the feed of a test decides what happens to it. */
export interface TestFeedChannel {
  readonly topic: string
  readonly params: { readonly config: object }
  /** What it listens to. */
  readonly bindings: readonly TestBinding[]
  readonly isSubscribed: boolean
  /** Whether its changes come. */
  readonly isLive: boolean
  /** Listens, as on a channel of supabase-js. */
  on(type: string, filter: object, callback: (payload: unknown) => void): TestFeedChannel
  /** Joins; `callback` hears of each status. */
  subscribe(follow: (status: string, error?: Error) => void): TestFeedChannel
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
  /** Hands on what `payloadFor` has for each binding, if the channel is live. */
  deliver(payloadFor: (binding: TestBinding) => unknown): void
}

/** Creates a channel; `joining` is called when it is subscribed. */
export function createTestChannel(
  topic: string,
  config: object,
  joining: (channel: TestFeedChannel) => void,
): TestFeedChannel {
  const listeners: { readonly binding: TestBinding; readonly callback: (payload: unknown) => void }[] = []
  let tellSystem: (payload: unknown) => void = () => undefined
  let follow: (status: string, error?: Error) => void = () => undefined
  let isSubscribed = false
  let isLive = false
  const isOfChanges = (): boolean => listeners.some(({ binding }) => binding.type === 'postgres_changes')
  const system = (extension: string, status: 'ok' | 'error', message: string): void =>
    tellSystem({ extension, status, message, channel: topic })
  const channel: TestFeedChannel = {
    topic,
    params: { config },
    get bindings() {
      return listeners.map(({ binding }) => binding)
    },
    get isSubscribed() {
      return isSubscribed
    },
    get isLive() {
      return isLive
    },
    on(type, filter, callback) {
      if (type === 'system') tellSystem = callback
      else if (type === 'postgres_changes' || type === 'broadcast') {
        // The filter is that of the type, as supabase-js has it.
        listeners.push({ binding: { type, filter } as TestBinding, callback })
      } else failType('on', "'postgres_changes', 'broadcast' or 'system'", type, 'The test feed has no presence.')
      return channel
    },
    subscribe(callback) {
      isSubscribed = true
      follow = callback
      joining(channel)
      return channel
    },
    teardown() {
      isLive = false
    },
    goLive() {
      isLive = true
      follow('SUBSCRIBED')
      if (isOfChanges()) system('postgres_changes', 'ok', 'Subscribed to PostgreSQL')
      else system('system', 'ok', 'Replication connection established')
    },
    refuseFeed(message) {
      follow('SUBSCRIBED')
      system('postgres_changes', 'error', message)
    },
    drop(error = new Error('socket closed: 1006')) {
      isLive = false
      follow('CHANNEL_ERROR', error)
    },
    close() {
      isLive = false
      follow('CLOSED')
    },
    deliver(payloadFor) {
      for (const { binding, callback } of listeners) {
        const payload = isLive ? payloadFor(binding) : undefined
        if (payload !== undefined) callback(payload)
      }
    },
  }
  return channel
}
