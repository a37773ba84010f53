import { failType } from '../../actions/validate.ts'
import type { FeedBinding } from '../supabase/client.ts'
import { type TestFeedChannel, createTestChannel } from './testChannel.ts'
import type { TestRow, TestServer, TestWrite } from './testServer.ts'

/** A change as the feed carries it, in the payload shape of supabase-js. */
export interface TestPayload {
  readonly schema: string
  readonly table: string
  readonly eventType: TestWrite['eventType']
  readonly new: TestRow
  readonly old: TestRow
  readonly commit_timestamp: string
  readonly errors: readonly string[] | null
}

/** What a commit of the feed does: a row to insert or update, or the `id` of one to delete. */
export type TestCommit =
  | { readonly table: string; readonly row: TestRow; readonly id?: undefined }
  | { readonly table: string; readonly id: unknown; readonly row?: undefined }

/** How the next change is delivered. */
export interface DeliveryOptions {
  /** How often it comes. @default 1 */
  readonly times?: number | undefined
  /** Whether it is too large, and comes with its primary key only. @default false */
  readonly truncated?: boolean | undefined
}

/** The client the real service runs on: no network, and what the server does is decided by the test. */
export interface TestFeed {
  /** For `createRealtimeService({ supabase })`. */
  readonly supabase: TestFeedClient
  /** Whether joins are let through. While it is `false` they wait for `rejoin()`. */
  isReachable: boolean
  /** Writes a row, and tells every channel that listens to its table. */
  commit(change: TestCommit, delivery?: DeliveryOptions): TestWrite
  /** Writes several rows at one moment of commit, and tells of them in order. */
  transaction(changes: readonly TestCommit[]): readonly TestWrite[]
  /** Brings the last change once more. */
  duplicate(): void
  /** Cuts the connection: what is committed until `rejoin()` is missed. */
  drop(): void
  /** Lets the connection come back. */
  rejoin(): void
  /** Closes every channel, as the server does at the end of a token. */
  expire(): void
}

/** What a realtime service uses of a Supabase client. */
export interface TestFeedClient {
  /** The channel of a name, made if there is none. */
  channel(name: string, options?: { readonly config: object }): object
  /** Leaves a channel. */
  removeChannel(channel: never): Promise<'ok'>
  /** The channels there are. */
  getChannels(): readonly TestFeedChannel[]
  readonly realtime: {
    /** Does nothing: a simulated server asks for no token. */
    setAuth(): Promise<void>
  }
}

const MS_OF_FIRST_COMMIT = Date.UTC(2026, 0, 1)
const tooLarge = 'Error 413: Payload Too Large'

/** Creates a scripted feed over a server. Channels join by themselves, without a timer, while it is reachable. */
export function createTestFeed(server: TestServer): TestFeed {
  let channels: TestFeedChannel[] = []
  let commits = 0
  let last: TestPayload | undefined

  const goLive = (channel: TestFeedChannel): void => {
    if (feed.isReachable && channels.includes(channel) && !channel.isLive) channel.goLive()
  }
  const supabase: TestFeedClient = {
    channel(name, options) {
      const topic = `realtime:${name}`
      const known = channels.find((channel) => channel.topic === topic)
      if (known) return known
      const channel = createTestChannel(topic, options?.config ?? {}, (joined) => {
        void Promise.resolve().then(() => goLive(joined))
      })
      channels.push(channel)
      return channel
    },
    async removeChannel(channel: TestFeedChannel) {
      channels = channels.filter((one) => one !== channel)
      channel.close()
      return 'ok'
    },
    getChannels: () => channels,
    realtime: { setAuth: () => Promise.resolve() },
  }

  const write = (change: TestCommit): TestWrite =>
    change.row === undefined ? server.remove(change.table, change.id) : server.put(change.table, change.row)
  const deliver = (payload: TestPayload): void => {
    last = payload
    for (const channel of channels) channel.deliver(payload, (binding) => isFor(binding, payload))
  }
  const payloadOf = ({ table, eventType, new: after, old }: TestWrite, isTruncated: boolean): TestPayload => ({
    schema: 'public',
    table,
    eventType,
    new: isTruncated && eventType !== 'DELETE' ? { id: after['id'] } : after,
    old: eventType === 'INSERT' ? {} : { id: old['id'] },
    commit_timestamp: new Date(MS_OF_FIRST_COMMIT + commits).toISOString(),
    errors: isTruncated ? [tooLarge] : null,
  })

  const feed: TestFeed = {
    supabase,
    isReachable: true,
    commit(change, { times = 1, truncated = false } = {}) {
      commits += 1
      const done = write(change)
      const payload = payloadOf(done, truncated)
      for (let time = 0; time < times; time += 1) deliver(payload)
      return done
    },
    transaction(changes) {
      commits += 1
      const all = changes.map((change) => write(change))
      for (const done of all) deliver(payloadOf(done, false))
      return all
    },
    duplicate() {
      if (last) deliver(last)
      else failType('duplicate()', 'a change that has been delivered', undefined, 'Call `commit` first.')
    },
    drop() {
      feed.isReachable = false
      for (const channel of [...channels]) channel.drop()
    },
    rejoin() {
      feed.isReachable = true
      for (const channel of [...channels]) if (channel.isSubscribed) goLive(channel)
    },
    expire() {
      const closing = channels
      channels = []
      for (const channel of closing) channel.close()
    },
  }
  return feed
}

const equality = /^(?<column>\w+)=eq\.(?<value>[^,]*)$/

function isFor({ event, schema, table, filter }: FeedBinding, payload: TestPayload): boolean {
  if (schema !== payload.schema || table !== payload.table) return false
  if (event !== '*' && event !== payload.eventType) return false
  if (filter === undefined) return true
  const { column, value } =
    equality.exec(filter)?.groups ??
    failType('filter', "one condition 'column=eq.value'", filter, 'The test feed knows no other filters.')
  const row = payload.eventType === 'DELETE' ? payload.old : payload.new
  return String(row[column ?? '']) === value
}
