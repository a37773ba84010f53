import {
  type BroadcastOptions,
  type RealtimeService,
  type RealtimeServiceOptions,
  type TableOptions,
  createRealtimeService,
} from 'realtime-coalescer/supabase'
import { onTestFinished } from 'vitest'
import { type ChangePayload, FakeSupabase } from './fakeSupabase.ts'
import { advance, drain } from './simulatedTime.ts'
import { type World, type WorldOptions, createWorld } from './world.ts'

export interface FeedWorldOptions extends WorldOptions {
  readonly tables?: Record<string, TableOptions>
  /** `'default'` leaves it to the service. @default 'markStale', which costs a test no request */
  readonly firstCatchUp?: 'markStale' | 'refetch' | 'off' | 'default'
  readonly backstopMs?: number
  readonly broadcast?: BroadcastOptions
  readonly channelConfig?: object
  readonly replay?: boolean
  readonly messages?: RealtimeServiceOptions['messages']
}

export interface FeedWorld extends World {
  readonly supabase: FakeSupabase
  readonly realtime: RealtimeService
  /** Every status since the start. */
  readonly statuses: string[]
  /** What was reported of the feed. */
  messages(): string[]
  /** Asks for the feed; its channel object is there when this resolves. */
  join(): Promise<void>
  /** Asks for the feed, lets it go live and whatever follows from that end. */
  goLive(): Promise<void>
}

/** A world with a feed from a fake client. Its tables are `goals` and `partners`, with keys of the same name. */
export function createFeedWorld({
  tables = { goals: { keys: () => [['goals']] }, partners: { keys: () => [['partners']] } },
  firstCatchUp = 'markStale',
  backstopMs,
  broadcast,
  channelConfig,
  replay,
  messages,
  ...options
}: FeedWorldOptions = {}): FeedWorld {
  const world = createWorld(options)
  const supabase = new FakeSupabase()
  const realtime = createRealtimeService({
    supabase,
    coalescer: world.coalescer,
    channel: 'db',
    schema: 'public',
    tables,
    firstCatchUp: firstCatchUp === 'default' ? undefined : firstCatchUp,
    backstopMs,
    broadcast,
    channelConfig,
    replay,
    messages,
  })
  onTestFinished(() => realtime.stop())
  const statuses: string[] = []
  realtime.subscribe(() => statuses.push(realtime.getStatus()))
  const join = async (): Promise<void> => {
    realtime.initialize(world.queryClient)
    await drain()
  }
  return {
    ...world,
    supabase,
    realtime,
    statuses,
    messages: () => world.errors.flatMap(({ info }) => (info.type === 'feedFailed' ? [info.message] : [])),
    join,
    async goLive() {
      await join()
      supabase.current.goLive()
      await advance(1_500)
    },
  }
}

let commits = 0

/** A change of `goals`, each of a commit of its own unless `commit_timestamp` says otherwise. */
export function changeOf(eventType: ChangePayload['eventType'], change: Partial<ChangePayload> = {}): ChangePayload {
  commits += 1
  return {
    schema: 'public',
    table: 'goals',
    eventType,
    new: eventType === 'DELETE' ? {} : { id: 1, title: `title ${commits}` },
    old: eventType === 'INSERT' ? {} : { id: 1 },
    commit_timestamp: new Date(commits).toISOString(),
    errors: null,
    ...change,
  }
}
