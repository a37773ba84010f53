import { failType } from '../../actions/validate.ts'
import type { FeedBinding } from '../supabase/client.ts'

/** A channel as supabase-js has it, of which the feed of a test decides what happens to it. */
export interface TestFeedChannel {
  readonly topic: string
  readonly params: { readonly config: object }
  readonly isSubscribed: boolean
  /** Whether its changes come. */
  readonly isLive: boolean
  /** Listens, as on a channel of supabase-js. */
  on(type: string, filter: FeedBinding, callback: (payload: unknown) => void): TestFeedChannel
  /** Joins; `callback` hears of each status. */
  subscribe(follow: (status: string, error?: Error) => void): TestFeedChannel
  /** Ends its timers, of which it has none. */
  teardown(): void
  /** Lets the join succeed and attaches the feed. */
  goLive(): void
  /** Loses the socket. */
  drop(): void
  /** Closes it, as the server does. */
  close(): void
  /** Hands a payload to the bindings it is for, if the channel is live. */
  deliver(payload: unknown, isFor: (binding: FeedBinding) => boolean): void
}

/** Creates a channel; `joining` is called when it is subscribed. */
export function createTestChannel(
  topic: string,
  config: object,
  joining: (channel: TestFeedChannel) => void,
): TestFeedChannel {
  const bindings: { readonly binding: FeedBinding; readonly callback: (payload: unknown) => void }[] = []
  let tellSystem: (payload: unknown) => void = () => undefined
  let follow: (status: string, error?: Error) => void = () => undefined
  let isSubscribed = false
  let isLive = false
  const channel: TestFeedChannel = {
    topic,
    params: { config },
    get isSubscribed() {
      return isSubscribed
    },
    get isLive() {
      return isLive
    },
    on(type, binding, callback) {
      if (type === 'system') tellSystem = callback
      else if (type === 'postgres_changes') bindings.push({ binding, callback })
      else failType('on', "'postgres_changes' or 'system'", type, 'The test feed has no broadcast topics.')
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
      tellSystem({ extension: 'postgres_changes', status: 'ok', message: 'Subscribed to PostgreSQL', channel: topic })
    },
    drop() {
      isLive = false
      follow('CHANNEL_ERROR', new Error('socket closed: 1006'))
    },
    close() {
      isLive = false
      follow('CLOSED')
    },
    deliver(payload, isFor) {
      if (!isLive) return
      for (const { binding, callback } of bindings) if (isFor(binding)) callback(payload)
    },
  }
  return channel
}
