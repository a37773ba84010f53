import { type AnyActorRef, type SnapshotFrom, createActor } from 'xstate'
import type { ChannelProgress, ChannelStatus } from '../../actions/feedStatus.ts'
import { connectionMachine } from '../../machines/connection.ts'
import type { ConnectionEvent, ConnectionPort } from '../../machines/connectionSetup.ts'
import type { CoalescerInternals } from '../query/internals.ts'
import { type BoundTable, type ChannelPlan, bindingsOf } from './channelPlan.ts'
import { type ChannelSession, openSession } from './channelSession.ts'
import type { FeedClient, FeedSocket } from './client.ts'
import type { Departures } from './departures.ts'
import { Replay } from './replay.ts'
import type { UserToken } from './userToken.ts'

export interface FeedConnectionPort {
  readonly supabase: FeedClient
  readonly token: UserToken
  readonly departures: Departures
  readonly internals: CoalescerInternals
  /** The channel objects of earlier sessions, of all connections. */
  readonly past: WeakSet<object>
  /** The channel object the app has made for the channel, once. */
  takeOwnChannel(): object | undefined
  /** A change came. Must not throw. */
  changed(payload: unknown, table: BoundTable, isRepeated: boolean): void
  /** A message of a topic came. Must not throw. */
  received(topic: string, message: unknown): void
  report(message: string, error?: unknown): void
  /** The status has been another one until now. */
  progressed(before: ChannelStatus): void
  gapPassed(): void
  attachedLate(): void
  /** Looks at what others do on the same socket. */
  lookAround(): void
  /** The server refuses to attach the feed. Returns the answer to it. */
  refused(message: string): ConnectionEvent
}

/** One channel of a feed, with the actor that keeps it joined. */
export interface FeedConnection extends ChannelProgress {
  /** What it is for; another one from the next join on. */
  plan: ChannelPlan
  send(event: ConnectionEvent): void
  readonly actor: AnyActorRef
  /** Ends the actor, and leaves the channel. */
  end(): void
}

/** Creates the connection of a channel, which joins it at INITIALIZE. */
export function createFeedConnection(firstPlan: ChannelPlan, port: FeedConnectionPort): FeedConnection {
  const { supabase, token, departures, internals } = port
  const socket = supabase.realtime as FeedSocket | undefined
  const replay = firstPlan.replay ? new Replay(internals.now) : undefined
  let session: ChannelSession | undefined
  let joinedWith = token.current()

  const report = (message: string, error: unknown = new Error(message)): void => port.report(message, error)

  function send(event: ConnectionEvent): void {
    if (event.type === 'TIMED_OUT' || event.type === 'CHANNEL_ERROR') port.lookAround()
    actor.send(event.type === 'SYSTEM_ERROR' ? port.refused(event.message) : event)
  }

  function openChannel(): void {
    session?.end()
    session = undefined
    joinedWith = token.current()
    port.lookAround()
    const { name, config, tables, events } = connection.plan
    const bound = tables.map((table) => ({ table, bindings: bindingsOf(table) }))
    const bindings = bound.flatMap((one) => one.bindings)
    const tableOf = bound.flatMap((one) => one.bindings.map(() => one.table))
    try {
      session = openSession({
        supabase,
        name,
        config: replay ? replay.configOf(config) : config,
        ownChannel: port.takeOwnChannel(),
        bindings,
        events,
        past: port.past,
        now: internals.now,
        token: () => token.current(),
        changed(payload, binding, isRepeated) {
          const table = tableOf[binding]
          if (table) port.changed(payload, table, isRepeated)
        },
        received: (message) => port.received(name, message),
        send,
        leaving: departures.note,
        report,
      })
    } catch (error) {
      actor.send({ type: 'CLOSED', error })
    }
  }

  function removeChannel(): void {
    session?.end()
    session = undefined
  }

  const connectionPort: ConnectionPort = {
    mayAttachSilently: firstPlan.kind === 'broadcast',
    async authorize() {
      await Promise.all([departures.over(), token.authorize()])
    },
    refreshToken() {
      token.authorize().catch((error: unknown) => report("The user's token could not be given to the client.", error))
    },
    hasNewToken: () => token.current() !== joinedWith,
    openChannel,
    removeChannel,
    isJoined: () => socket?.isConnected?.() !== false && session?.isJoined() !== false,
    lookAround: () => port.lookAround(),
    gapPassed: () => port.gapPassed(),
    attachedLate: () => port.attachedLate(),
    report,
  }

  const actor = createActor(connectionMachine, {
    // What inspectors call it.
    id: firstPlan.name,
    input: { port: connectionPort },
    ...internals.actorOptions,
  })
  const connection: FeedConnection & { status: ChannelStatus; isSetAside: boolean } = {
    plan: firstPlan,
    actor,
    status: 'idle',
    isSetAside: false,
    send: (event) => actor.send(event),
    end() {
      actor.stop()
      removeChannel()
    },
  }
  actor.subscribe({
    next(snapshot) {
      const before = connection.status
      const status = statusOf(snapshot)
      if (status === before) return
      connection.status = status
      if (status === 'denied') connection.isSetAside = true
      if (status === 'live') connection.isSetAside = false
      if (before === 'live') replay?.lost()
      port.progressed(before)
    },
    error: (error) => internals.report(error, { type: 'actorDied' }),
  })
  actor.start()
  return connection
}

function statusOf({ value }: SnapshotFrom<typeof connectionMachine>): ChannelStatus {
  if (typeof value === 'string') return value
  return (Object.keys(value) as (keyof typeof value)[])[0] ?? 'interrupted'
}
