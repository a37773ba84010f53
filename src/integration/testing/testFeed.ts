import { expectCount, expectFunction, expectOneOf, failType } from '../../actions/validate.ts'
import { Deliveries } from './deliveries.ts'
import { expectByTable, expectOptions } from './expectations.ts'
import { type Commit, splitTable } from './feedPayloads.ts'
import { type TestFeedChannel, TestChannel } from './testChannel.ts'
import { Refusals } from './refusals.ts'
import { Telling } from './telling.ts'
import { TestClient } from './testClient.ts'
import type { TestCommit } from './tableRows.ts'
import type { TestServer, TestWrite } from './testServer.ts'
import { createTransit } from './transit.ts'

/** How the next change is delivered. */
export interface DeliveryOptions {
  /** How often it comes. @default 1 */
  readonly times?: number | undefined
  /**
   * Whether it is too large: `postgres_changes` brings its primary key only, and a broadcast row is not sent, of which
   * nobody tells.
   * @default false
   */
  readonly truncated?: boolean | undefined
}

/** How the database tells of its tables. */
export interface TestFeedOptions {
  /** The topic that each table is broadcast to; those left out come as `postgres_changes`. @default none */
  readonly topics?: Readonly<Record<string, string>> | undefined
  /** Whether triggers of broadcast tables send a message for each row, or one for each statement. @default 'rows' */
  readonly send?: 'rows' | 'statements' | undefined
  /** The schema of tables whose name does not tell. @default 'public' */
  readonly schema?: string | undefined
}

/** The client the real service runs on: no network, and what the server does is decided by the test. */
export interface TestFeed {
  /** For `createRealtimeService({ supabase })`. */
  readonly supabase: TestFeedClient
  /** Whether joins are let through. While it is `false` they wait for `rejoin()`. */
  isReachable: boolean
  /** Whether there has been a commit, which `duplicate` could bring once more. */
  readonly hasTold: boolean
  /** Why a write has not come to the service, in words; `undefined` if it has. */
  obstacleTo(write: TestWrite): string | undefined
  /** Writes a row, and tells every channel that listens to its table. */
  commit(change: TestCommit, delivery?: DeliveryOptions): TestWrite
  /** Writes several rows at one moment of commit, and tells of them in order. */
  transaction(changes: readonly TestCommit[]): readonly TestWrite[]
  /** Brings the last commit once more. */
  duplicate(): void
  /** Keeps what is told from now on under way, so that answers of the server overtake it. */
  hold(): void
  /**
   * Lets everything arrive that is under way. What one channel carries keeps its order; of several channels `pick` says
   * which one's next message comes, from 0 up to how many have one.
   * @default in the order of the commits
   */
  release(pick?: (channels: number) => number): void
  /** Cuts the connection: what is under way, and what is committed until `rejoin()`, is missed. */
  drop(): void
  /** Lets the connection come back. */
  rejoin(): void
  /** Closes every channel, as the server does at the end of a token. */
  expire(): void
  /** Refuses a table of `postgres_changes`, or a topic, at its next join; `allow` lets it in again. */
  refuse(tableOrTopic: string): void
  /** Lets in what was refused. The service tries again after 60 s. */
  allow(tableOrTopic: string): void
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

/** A client whose joins go on without a timer. */
class FeedClient extends TestClient<TestChannel> implements TestFeedClient {
  readonly realtime = { setAuth: () => Promise.resolve() }
  readonly #join: (channel: TestChannel) => void

  constructor(join: (channel: TestChannel) => void) {
    super()
    this.#join = join
  }

  protected create(topic: string, config: object): TestChannel {
    return new TestChannel(topic, config, this)
  }

  subscribed(channel: TestChannel): void {
    void Promise.resolve().then(() => this.#join(channel))
  }
}

/**
 * Creates a scripted feed over a server. Channels join by themselves, without a timer, while it is reachable.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createTestFeed(server: TestServer, options: TestFeedOptions = {}): TestFeed {
  expectOptions('createTestFeed()', options, ['topics', 'send', 'schema'])
  const { topics = {}, schema = 'public' } = options
  const send = expectOneOf('send', options.send ?? 'rows', ['rows', 'statements'])
  if (typeof server?.transaction !== 'function') {
    failType('server', 'a test server', server, 'Pass what createTestServer() returned.')
  }
  expectByTable('topics', topics)
  const untold = Object.keys(topics).find((table) => !server.tables.includes(table))
  if (untold !== undefined) {
    failType('topics', `topics of ${server.tables.join(', ')}`, untold, 'Name a table of the server.')
  }
  if (typeof schema !== 'string') failType('schema', 'a name', schema, "Leave it out for 'public'.")
  let commits = 0
  let last: Commit | undefined
  const refusals = new Refusals([...server.tables, ...Object.values(topics)], schema)
  const transit = createTransit()
  const deliveries = new Deliveries()

  const supabase = new FeedClient((channel) => join(channel))
  const channels = (): readonly TestFeedChannel[] => supabase.getChannels()
  const telling = new Telling({ schema, topics, send, transit, deliveries, channels })

  function join(channel: TestChannel): void {
    if (!feed.isReachable || !supabase.getChannels().includes(channel) || channel.isLive) return
    const name = channel.topic.replace(/^realtime:/, '')
    if (refusals.hasTopic(name)) {
      const reason = `Unauthorized: You do not have permissions to read from this Channel topic: ${name}`
      return channel.drop(new Error(reason))
    }
    const tables = channel.bindings.flatMap(({ type, filter }) => (type === 'postgres_changes' ? [filter] : []))
    const denied = tables.find((table) => refusals.hasTable(table))
    if (denied) {
      return channel.refuseFeed(
        `Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect parameters: [event: *, schema: ${denied.schema}, table: ${denied.table}, filters: [], select: nil]`,
      )
    }
    channel.goLive()
    telling.replay(channel, name)
  }

  function commit(changes: readonly TestCommit[], isTruncated: boolean): Commit {
    const writes = server.transaction(changes)
    commits += 1
    const done = { number: commits, writes, isTruncated }
    last = done
    telling.tell(done)
    return done
  }

  const feed: TestFeed = {
    supabase,
    isReachable: true,
    get hasTold() {
      return last !== undefined
    },
    obstacleTo(write) {
      const topic = topics[write.table]
      const name = topic ?? write.table
      const isRefused = topic === undefined ? refusals.hasTable(splitTable(name, schema)) : refusals.hasTopic(topic)
      return deliveries.obstacleTo(write, isRefused ? name : undefined, transit.isHolding)
    },
    commit(change, delivery = {}) {
      expectOptions('commit()', delivery, ['times', 'truncated'])
      const { truncated = false } = delivery
      const times = expectCount('times', delivery.times ?? 1)
      const done = commit([change], truncated)
      for (let time = 1; time < times; time += 1) telling.tell(done)
      // One change is one write.
      return done.writes[0] as TestWrite
    },
    transaction: (changes) => commit(changes, false).writes,
    duplicate() {
      if (last) telling.tell(last)
      else failType('duplicate()', 'a change that has been delivered', undefined, 'Call `commit` first.')
    },
    hold: () => transit.hold(),
    release(pick) {
      if (pick !== undefined) expectFunction('pick', pick)
      transit.release(pick)
    },
    drop() {
      feed.isReachable = false
      transit.lose()
      for (const channel of [...supabase.getChannels()]) channel.drop()
    },
    rejoin() {
      feed.isReachable = true
      for (const channel of [...supabase.getChannels()]) if (channel.isSubscribed) join(channel)
    },
    expire() {
      transit.lose()
      for (const channel of [...supabase.getChannels()]) channel.close()
    },
    refuse: (name) => refusals.refuse(name),
    allow: (name) => refusals.allow(name),
  }
  return feed
}
